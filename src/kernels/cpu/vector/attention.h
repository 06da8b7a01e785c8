#pragma once

#include "kernels/cpu/kernel_table.h"
#include "kernels/cpu/vector/copy_row.h"
#include "kernels/cpu/vector/distance.h"
#include "kernels/cpu/vector/scale_row.h"
#include "kernels/cpu/vector/softmax.h"
#include "kernels/cpu/vector/tile.h"

namespace embd::cpu {

// One head of one sequence. Scores are computed transposed, [keys, queries], so that the softmax
// runs down columns, one query per element of a register, and its result is at once the left
// factor of the product with the values. Keys are taken in chunks whose scores stay in the first
// level of cache; when a chunk brings a larger maximum, what was gathered so far is scaled down.
// The chunks follow from the sequence's length and the query's block alone, so a query's result
// does not depend on which others are computed with it.
template <typename V>
class AttentionKernel {
 public:
  static constexpr std::int64_t kQueries = std::int64_t{V::kPanelRegs} * V::kWidth;

  static std::size_t ScratchFloats(std::int64_t tokens, std::int64_t head_size) {
    const std::int64_t padded = TileCount(head_size, V::kWidth) * V::kWidth;
    return static_cast<std::size_t>(2 * tokens * padded + padded * kQueries + kKeys * kQueries +
                                    kQueries * padded + 3 * kQueries + kKeys + kQueries);
  }

  static void Run(const AttentionTask& task) {
    const Head head(task);
    head.PackKeysAndValues();
    for (std::int64_t query = task.query_begin; query < task.query_end; query += kQueries) {
      const std::int64_t left = task.tokens - query;
      head.Attend(query, left < kQueries ? left : kQueries);
    }
  }

 private:
  using Reg = typename V::Reg;

  static constexpr std::int64_t kKeys = 128;       // at most, in a chunk
  static constexpr std::int64_t kTokensAhead = 8;  // how far ahead of their copy rows are fetched

  class Head {
   public:
    explicit Head(const AttentionTask& task)
        : task_(task),
          padded_(TileCount(task.head_size, V::kWidth) * V::kWidth),
          keys_(task.scratch),
          values_(keys_ + task.tokens * padded_),
          queries_(values_ + task.tokens * padded_),
          scores_(queries_ + padded_ * kQueries),
          mixed_(scores_ + kKeys * kQueries),
          largest_(mixed_ + kQueries * padded_),
          sums_(largest_ + kQueries),
          shrink_(sums_ + kQueries),
          distance_(task.distance, shrink_ + kQueries) {}

    // In the QKV rows, thousands of bytes apart, consecutive tokens share a few sets of the cache,
    // and hardware does not foresee the next one.
    void PackKeysAndValues() const {
      const std::int64_t end = distance_.EndKey(task_.query_end, task_.tokens);
      for (std::int64_t token = distance_.FirstKey(task_.query_begin); token < end; ++token) {
        const std::int64_t at = token * task_.stride;
        const std::int64_t ahead = at + kTokensAhead * task_.stride;
        FetchRow(task_.key + ahead, task_.head_size);
        FetchRow(task_.value + ahead, task_.head_size);
        FetchRow(task_.query + at, task_.head_size);
        CopyRow<V>(task_.key + at, task_.head_size, keys_ + token * padded_);
        CopyRow<V>(task_.value + at, task_.head_size, values_ + token * padded_);
      }
    }

    void Attend(std::int64_t query, std::int64_t count) const {
      const std::int64_t regs = (count + V::kWidth - 1) / V::kWidth;
      PackQueries(query, count, regs);
      const std::int64_t first_key = distance_.FirstKey(query);
      const std::int64_t all_keys = distance_.EndKey(query + count, task_.tokens) - first_key;
      const std::int64_t chunks = TileCount(all_keys, kKeys);
      for (std::int64_t chunk = 0; chunk < chunks; ++chunk) {
        const std::int64_t key = first_key + all_keys * chunk / chunks;
        const std::int64_t keys = first_key + all_keys * (chunk + 1) / chunks - key;
        Score(key, keys, regs);
        distance_.AddTo(scores_, query, key, keys, regs * V::kWidth);
        Softmax<V>::Run(regs, {.scores = scores_,
                               .keys = keys,
                               .first = chunk == 0,
                               .largest = largest_,
                               .sums = sums_,
                               .shrink = shrink_});
        if (chunk > 0) Shrink(count);
        Mix(key, keys, count, chunk > 0);
      }
      Finish(query, count);
    }

   private:
    // queries_[d][query], scaled so that the softmax can use powers of two.
    void PackQueries(std::int64_t query, std::int64_t count, std::int64_t regs) const {
      const std::int64_t stride = regs * V::kWidth;
      const Reg scale = V::Set(task_.scale * 1.4426950408889634F);
      for (std::int64_t q = 0; q < stride; q += V::kWidth) {
        for (std::int64_t d = 0; d < task_.head_size; d += V::kWidth) {
          Reg square[V::kWidth];
          for (int i = 0; i < V::kWidth; ++i) {
            square[i] = q + i < count ? LoadHead(query + q + i, d) : V::Zero();
          }
          V::Transpose(square);
          float* to = queries_ + d * stride + q;
          for (int i = 0; i < V::kWidth; ++i, to += stride) {
            V::Store(to, V::Mul(square[i], scale));
          }
        }
      }
    }

    [[gnu::always_inline]] Reg LoadHead(std::int64_t query, std::int64_t d) const {
      const float* const from = task_.query + query * task_.stride + d;
      const std::int64_t left = task_.head_size - d;
      return left >= V::kWidth ? V::Load(from) : V::LoadPartial(from, left);
    }

    // scores_[key][query]
    void Score(std::int64_t key, std::int64_t keys, std::int64_t regs) const {
      const std::int64_t stride = regs * V::kWidth;
      const std::int64_t tiles = TileCount(keys, V::kTileRows);
      for (std::int64_t tile = 0; tile < tiles; ++tile) {
        const std::int64_t begin = keys * tile / tiles;
        const std::int64_t end = keys * (tile + 1) / tiles;
        Tiles<V, ALayout::kRows>::Run(end - begin, regs,
                                      {.a = keys_ + (key + begin) * padded_,
                                       .a_row = padded_,
                                       .a_k = 1,
                                       .b = queries_,
                                       .k = task_.head_size,
                                       .c = scores_ + begin * stride,
                                       .c_row = stride,
                                       .accumulate = false,
                                       .prefetch = queries_});
      }
    }

    void Shrink(std::int64_t count) const {
      for (std::int64_t query = 0; query < count; ++query) {
        if (shrink_[query] == 1.0F) continue;
        float* const row = mixed_ + query * padded_;
        ScaleRow<V>(row, row, padded_, V::Set(shrink_[query]));
      }
    }

    // mixed_[query][d] (+)= sum over keys of scores_[key][query] * values_[key][d]
    void Mix(std::int64_t key, std::int64_t keys, std::int64_t count, bool accumulate) const {
      const std::int64_t stride = TileCount(count, V::kWidth) * V::kWidth;
      const std::int64_t regs = padded_ / V::kWidth;
      const std::int64_t parts = TileCount(regs, V::kPanelRegs);
      const std::int64_t tiles = TileCount(count, V::kTileRows);
      for (std::int64_t part = 0; part < parts; ++part) {
        const std::int64_t reg = regs * part / parts;
        const std::int64_t reg_end = regs * (part + 1) / parts;
        for (std::int64_t tile = 0; tile < tiles; ++tile) {
          const std::int64_t begin = count * tile / tiles;
          const std::int64_t end = count * (tile + 1) / tiles;
          Tiles<V, ALayout::kColumns>::Run(end - begin, reg_end - reg,
                                           {.a = scores_ + begin,
                                            .a_row = 1,
                                            .a_k = stride,
                                            .b = values_ + key * padded_ + reg * V::kWidth,
                                            .b_k = padded_,
                                            .k = keys,
                                            .c = mixed_ + begin * padded_ + reg * V::kWidth,
                                            .c_row = padded_,
                                            .accumulate = accumulate,
                                            .prefetch = values_});
        }
      }
    }

    void Finish(std::int64_t query, std::int64_t count) const {
      for (std::int64_t i = 0; i < count; ++i) {
        ScaleRow<V>(mixed_ + i * padded_, task_.out + (query + i) * task_.out_stride,
                    task_.head_size, V::Set(1.0F / sums_[i]));
      }
    }

    const AttentionTask& task_;
    std::int64_t padded_;
    float* keys_;     // [tokens, padded]
    float* values_;   // [tokens, padded]
    float* queries_;  // [padded, queries]
    float* scores_;   // [keys of a chunk, queries]
    float* mixed_;    // [queries, padded]
    float* largest_;  // [queries], as are the two below
    float* sums_;
    float* shrink_;
    DistanceStrip<V> distance_;
  };
};

}  // namespace embd::cpu
