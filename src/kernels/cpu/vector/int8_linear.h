#pragma once

#include "kernels/cpu/kernel_table.h"
#include "kernels/cpu/vector/epilogue.h"
#include "kernels/cpu/vector/int8_quantize.h"
#include "kernels/cpu/vector/int8_tile.h"
#include "kernels/cpu/vector/tile.h"

namespace embd::cpu {

// A block of rows is quantised to scratch, then meets one panel of weights after the other. Sums of
// integers are exact, so neither the cut of k nor the tile shows in a result; what follows them is
// one chain of float operations for each element.
//
// `T` runs the tiles: T::Run(rows, registers, task) up to T::kRows and T::kRegs, inside a
// T::Session. It may read (and compute, of the tile's own sums) rows up to a multiple of
// T::kRowsRead. With T::kWidens, a panel that many tiles meet is widened in scratch first.
template <typename V, typename T = Int8Tiles<V>>
class Int8LinearKernel {
 public:
  static std::size_t ScratchBytes(std::int64_t rows, std::int64_t in_features, int matrices) {
    const std::int64_t row_bytes = Padded(in_features) * V::kActivationBytes;
    const std::int64_t least = kLeastRows * row_bytes;
    const std::int64_t most = least < kBlockBytes ? kBlockBytes : least;
    const std::int64_t all = RowsRoundedUp(rows) * row_bytes;
    return static_cast<std::size_t>((all < most ? all : most) + matrices * WideBytes(in_features) +
                                    kFixedBytes);
  }

  static void Run(const LinearTask& task) {
    [[maybe_unused]] const typename T::Session session;
    const std::int64_t rows_at_once = RowBlock(task.in_features);
    const std::int64_t blocks = TileCount(task.rows, rows_at_once);
    for (std::int64_t block = 0; block < blocks; ++block) {
      const Block part(task, task.rows * block / blocks, task.rows * (block + 1) / blocks);
      for (std::int64_t panel = task.panel_begin; panel < task.panel_end; ++panel) {
        part.RunPanel(panel);
      }
    }
  }

 private:
  using Reg = typename V::Reg;

  static constexpr std::int64_t kPanel = std::int64_t{T::kRegs} * V::kWidth;
  static constexpr std::int64_t kTileInts = T::kRows * kPanel;
  // At 3, widening costs more than it saves; at 22 it pays. Between them nothing was measured.
  static constexpr std::int64_t kTilesToWiden = 6;
  static constexpr std::int64_t kWordCut = 512;  // of k, so that a tile's rows stay in first level
  // Quantised rows of a block: a part of the second level.
  static constexpr std::int64_t kBlockBytes = std::int64_t{512} << 10;
  static constexpr std::int64_t kLeastRows = 64;
  static constexpr std::int64_t kMostRows = 512;
  static constexpr std::int64_t kFixedBytes = (2 * kMostRows + 2 * kTileInts) * 4;

  static std::int64_t Padded(std::int64_t in_features) {
    return TileCount(in_features, V::kInt8KUnit) * V::kInt8KUnit;
  }
  static std::int64_t WideBytes(std::int64_t in_features) {
    return T::kWidens ? V::kInt8Parts * kPanel * Padded(in_features) : 0;
  }
  static std::int64_t RowsRoundedUp(std::int64_t rows) {
    return TileCount(rows, T::kRowsRead) * T::kRowsRead;
  }
  static std::int64_t RowBlock(std::int64_t in_features) {
    const std::int64_t fit =
        kBlockBytes / (Padded(in_features) * V::kActivationBytes) / kLeastRows * kLeastRows;
    if (fit < kLeastRows) return kLeastRows;
    return fit < kMostRows ? fit : kMostRows;
  }

  class Block {
   public:
    Block(const LinearTask& task, std::int64_t begin, std::int64_t end)
        : task_(task),
          begin_(begin),
          rows_(end - begin),
          words_(Padded(task.in_features) / 4),
          row_bytes_(Padded(task.in_features) * V::kActivationBytes),
          scales_(reinterpret_cast<float*>(task.scratch)),
          lows_(scales_ + kMostRows),
          sums_(reinterpret_cast<std::int32_t*>(lows_ + kMostRows)),
          wide_(task.scratch + kFixedBytes),
          quantized_(wide_ + (task.gate.packed == nullptr ? 1 : 2) * WideBytes(task.in_features)) {
      for (std::int64_t r = 0; r < rows_; ++r) {
        const Int8Row row =
            Int8Quantizer<V>::Activations(task.in + (begin + r) * task.in_stride, task.in_features,
                                          words_ * 4, quantized_ + r * row_bytes_);
        scales_[r] = row.scale;
        lows_[r] = row.low;
      }
    }

    void RunPanel(std::int64_t panel) const {
      const std::int64_t left = task_.out_features - panel * kPanel;
      const std::int64_t cols = left < kPanel ? left : kPanel;
      const std::int64_t regs = (cols + V::kWidth - 1) / V::kWidth;
      const std::int64_t first = panel * kPanel * words_ * 4;
      const std::int64_t tiles = TileCount(rows_, T::kRows);
      const bool wide = T::kWidens && tiles >= kTilesToWiden;
      const Weights weights = Panel(task_.weight, first, regs, wide, wide_);
      const Weights gates =
          task_.gate.packed == nullptr
              ? Weights{}
              : Panel(task_.gate, first, regs, wide, wide_ + WideBytes(task_.in_features));
      const std::int64_t units = TileCount(rows_, T::kRowsRead);
      for (std::int64_t tile = 0; tile < tiles; ++tile) {
        const std::int64_t row = units * tile / tiles * T::kRowsRead;
        const std::int64_t row_end = units * (tile + 1) / tiles * T::kRowsRead;
        // The last tiles fetch the next panel, a cache line for each word of k.
        const std::int64_t part = tile - (tiles - kPanel * 4 / kLineBytes);
        const bool fetch = part >= 0 && panel + 1 < task_.panel_end;
        const std::int64_t ahead = fetch ? (kPanel * 4 + part * kLineBytes) * words_ : 0;
        const Place place{.row = begin_ + row,
                          .rows = (row_end < rows_ ? row_end : rows_) - row,
                          .first = panel * kPanel,
                          .cols = cols,
                          .regs = regs};
        Multiply(place, weights, task_.weight.offsets, ahead, sums_);
        const auto value = Result(place, task_.weight, sums_);
        if (task_.gate.packed == nullptr) {
          Epilogue<V, Int8Math<V>>::Run(task_, place, value);
          continue;
        }
        Multiply(place, gates, task_.gate.offsets, ahead, sums_ + kTileInts);
        Epilogue<V, Int8Math<V>>::RunGated(task_, place, value,
                                           Result(place, task_.gate, sums_ + kTileInts));
      }
    }

   private:
    // A panel as it is packed, and as tiles read it.
    struct Weights {
      const std::byte* packed = nullptr;
      const std::byte* words = nullptr;
      bool wide = false;
    };

    Weights Panel(const LinearPanels& panels, std::int64_t first, std::int64_t regs, bool wide,
                  std::byte* room) const {
      const std::byte* const packed = panels.packed + first;
      if constexpr (T::kWidens) {
        if (wide) WidenWords<V>(packed, words_, regs, room);
      }
      return {.packed = packed, .words = wide ? room : packed, .wide = wide};
    }

    void Multiply(const Place& place, const Weights& weights, const std::int32_t* offsets,
                  std::int64_t ahead, std::int32_t* sums) const {
      const std::byte* const prefetch = weights.packed + ahead;
      const std::int64_t width = place.regs * V::kWidth;
      const std::int64_t word_bytes = width * 4 * (weights.wide ? V::kInt8Parts : 1);
      const std::byte* const a = quantized_ + (place.row - begin_) * row_bytes_;
      for (std::int64_t word = 0; word < words_; word += kWordCut) {
        const std::int64_t left = words_ - word;
        T::Run(place.rows, place.regs,
               {.a = a + word * 4 * V::kActivationBytes,
                .a_row = row_bytes_,
                .b = weights.words + word * word_bytes,
                .words = left < kWordCut ? left : kWordCut,
                .wide = weights.wide,
                .start = word == 0 ? offsets + place.first : nullptr,
                .c = sums,
                .c_row = width,
                .prefetch = prefetch + word * kLineBytes});
      }
    }

    auto Result(const Place& place, const LinearPanels& panels, const std::int32_t* sums) const {
      const std::int64_t width = place.regs * V::kWidth;
      const float* const row_scales = scales_ + (place.row - begin_);
      const float* const row_lows = lows_ + (place.row - begin_);
      const float* const scales = panels.scales + place.first;
      const float* const column_sums = panels.sums + place.first;
      const float* const bias = panels.bias + place.first;
      return [=](std::int64_t r, std::int64_t c) {
        const Reg sum = V::FromInts(V::LoadInts(sums + r * width + c));
        const Reg rest = V::Fma(V::Set(row_lows[r]), V::Load(column_sums + c), V::Load(bias + c));
        return V::Fma(V::Mul(sum, V::Load(scales + c)), V::Set(row_scales[r]), rest);
      };
    }

    const LinearTask& task_;
    std::int64_t begin_;
    std::int64_t rows_;
    std::int64_t words_;
    std::int64_t row_bytes_;
    float* scales_;         // [rows]
    float* lows_;           // [rows]
    std::int32_t* sums_;    // of one tile, and of the same of the gate
    std::byte* wide_;       // a panel, and its gate's
    std::byte* quantized_;  // [rows, row_bytes]
  };
};

}  // namespace embd::cpu
