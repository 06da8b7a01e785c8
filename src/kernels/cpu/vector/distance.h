#pragma once

#include "kernels/cpu/kernel_table.h"

namespace embd::cpu {

// What a DistanceTask means for a block of queries: the keys that it looks at, and what the scores
// of a chunk of them are added. That depends on the distance alone, so one strip of values, an
// element for each distance, serves all rows of a chunk, each from one element later on.
template <typename V>
class DistanceStrip {
 public:
  // Far below any score, and not infinite: a chunk in which a query sees no key then gives weights
  // that the next chunk scales to zero, in place of NaN.
  static constexpr float kHidden = -1e30F;

  DistanceStrip(const DistanceTask& task, float* strip) : task_(task), strip_(strip) {}

  // The keys that some of the queries [begin, end) see.
  std::int64_t FirstKey(std::int64_t begin) const {
    return begin > task_.window ? begin - task_.window : 0;
  }
  std::int64_t EndKey(std::int64_t end, std::int64_t tokens) const {
    if (task_.causal) return end;
    return task_.window < tokens - end ? end + task_.window : tokens;
  }

  // Adds to scores [keys, stride] of the queries from `query` on and the keys from `key` on.
  void AddTo(float* scores, std::int64_t query, std::int64_t key, std::int64_t keys,
             std::int64_t stride) const {
    const std::int64_t nearest = query - key - (keys - 1);  // query - key, the least of them
    const std::int64_t count = keys - 1 + stride;
    if (!has_bias() && SeesAll(nearest, count)) return;
    for (std::int64_t i = 0; i < count; ++i) strip_[i] = At(nearest + i);
    for (std::int64_t row = 0; row < keys; ++row) {
      const float* const add = strip_ + (keys - 1 - row);
      float* const to = scores + row * stride;
      for (std::int64_t q = 0; q < stride; q += V::kWidth) {
        V::Store(to + q, V::Add(V::Load(to + q), V::Load(add + q)));
      }
    }
  }

 private:
  bool has_bias() const { return task_.slope != 0.0F || task_.table != nullptr; }

  // Whether nothing is hidden at `count` values of query - key from `nearest` on.
  bool SeesAll(std::int64_t nearest, std::int64_t count) const {
    const std::int64_t farthest = nearest + count - 1;
    return !(task_.causal && nearest < 0) && -nearest <= task_.window && farthest <= task_.window;
  }

  // For powers of two, as the scores are.
  float At(std::int64_t behind) const {
    const std::int64_t distance = behind < 0 ? -behind : behind;
    if ((task_.causal && behind < 0) || distance > task_.window) return kHidden;
    float bias = -task_.slope * static_cast<float>(distance);
    if (task_.table != nullptr) {
      const std::int64_t reached = distance < task_.reach ? distance : task_.reach;
      bias += task_.table[task_.reach + (behind < 0 ? reached : -reached)];
    }
    return bias * 1.4426950408889634F;
  }

  DistanceTask task_;
  float* strip_;
};

}  // namespace embd::cpu
