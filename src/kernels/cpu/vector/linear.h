#pragma once

#include "kernels/cpu/kernel_table.h"
#include "kernels/cpu/vector/math.h"
#include "kernels/cpu/vector/tile.h"

namespace embd::cpu {

// The loops around the tile. One panel of weights at a time meets all rows, so it comes from memory
// once and stays in the second-level cache meanwhile; k is cut so that a tile's rows stay in the
// first level while the panel streams past. Wider blocks of panels, which read the rows fewer
// times, measured slower up to 512 rows. The sums of one tile over the cuts of k gather in scratch,
// from where the epilogue takes them to `out`.
template <typename V>
class LinearKernel {
 public:
  static constexpr std::int64_t kPanel = std::int64_t{V::kPanelRegs} * V::kWidth;
  static constexpr std::size_t kScratchFloats = static_cast<std::size_t>(V::kTileRows * kPanel);

  static void Run(const LinearTask& task) {
    for (std::int64_t row = 0; row < task.rows; row += kRowBlock) {
      const std::int64_t rows = task.rows - row < kRowBlock ? task.rows - row : kRowBlock;
      for (std::int64_t panel = task.panel_begin; panel < task.panel_end; ++panel) {
        RunPanel(task, panel, row, rows);
      }
    }
  }

 private:
  using Reg = typename V::Reg;

  static constexpr std::int64_t kKCut = 384;
  static constexpr std::int64_t kRowBlock = 512;  // more rows would not stay in the second level

  // The rows and columns of one tile.
  struct Place {
    std::int64_t row, rows, first, cols, regs;
  };

  // Rows are dealt out evenly, so that there is no tile of one or two rows at the end.
  static void RunPanel(const LinearTask& task, std::int64_t panel, std::int64_t row,
                       std::int64_t rows) {
    const std::int64_t left = task.out_features - panel * kPanel;
    const std::int64_t cols = left < kPanel ? left : kPanel;
    const float* const b = task.packed + panel * kPanel * task.in_features;
    const std::int64_t tiles = TileCount(rows, V::kTileRows);
    for (std::int64_t tile = 0; tile < tiles; ++tile) {
      const std::int64_t begin = rows * tile / tiles;
      const std::int64_t end = rows * (tile + 1) / tiles;
      // The last tiles fetch the next panel, one cache line for each k: three do for a whole panel.
      const std::int64_t part = tile - (tiles - V::kPanelRegs);
      const bool fetch = part >= 0 && panel + 1 < task.panel_end;
      const Place place{.row = row + begin,
                        .rows = end - begin,
                        .first = panel * kPanel,
                        .cols = cols,
                        .regs = (cols + V::kWidth - 1) / V::kWidth};
      Multiply(task, place, b, fetch ? b + (kPanel + part * kLine) * task.in_features : b);
      Finish(task, place);
    }
  }

  static void Multiply(const LinearTask& task, const Place& place, const float* b,
                       const float* prefetch) {
    const std::int64_t width = place.regs * V::kWidth;
    for (std::int64_t k = 0; k < task.in_features; k += kKCut) {
      const std::int64_t left = task.in_features - k;
      Tiles<V, ALayout::kRows>::Run(place.rows, place.regs,
                                    {.a = task.in + place.row * task.in_stride + k,
                                     .a_row = task.in_stride,
                                     .b = b + k * width,
                                     .k = left < kKCut ? left : kKCut,
                                     .c = task.scratch,
                                     .c_row = width,
                                     .accumulate = k > 0,
                                     .prefetch = prefetch + k * kLine});
    }
  }

  static void Finish(const LinearTask& task, const Place& place) {
    switch (task.activation) {
      case Activation::kNone:
        return FinishWith([](Reg x) { return x; }, task, place);
      case Activation::kGelu:
        return FinishWith([](Reg x) { return Math<V>::Gelu(x); }, task, place);
      case Activation::kGeluTanh:
        return FinishWith([](Reg x) { return Math<V>::GeluTanh(x); }, task, place);
      case Activation::kRelu:
        return FinishWith([](Reg x) { return Math<V>::Relu(x); }, task, place);
      case Activation::kSilu:
        return FinishWith([](Reg x) { return Math<V>::Silu(x); }, task, place);
      case Activation::kTanh:
        return FinishWith([](Reg x) { return Math<V>::Tanh(x); }, task, place);
    }
  }

  template <typename F>
  static void FinishWith(F activate, const LinearTask& task, const Place& place) {
    const float* const bias = task.bias + place.first;
    for (std::int64_t r = 0; r < place.rows; ++r) {
      const std::int64_t row = place.row + r;
      const float* const sums = task.scratch + r * place.regs * V::kWidth;
      const float* const residual = task.residual == nullptr
                                        ? nullptr
                                        : task.residual + row * task.residual_stride + place.first;
      float* const out = task.out + row * task.out_stride + place.first;
      std::int64_t c = 0;
      for (; c + V::kWidth <= place.cols; c += V::kWidth) {
        Reg x = activate(V::Add(V::Load(sums + c), V::Load(bias + c)));
        if (residual != nullptr) x = V::Add(x, V::Load(residual + c));
        V::Store(out + c, x);
      }
      if (const std::int64_t left = place.cols - c; left > 0) {
        Reg x = activate(V::Add(V::Load(sums + c), V::Load(bias + c)));
        if (residual != nullptr) x = V::Add(x, V::LoadPartial(residual + c, left));
        V::StorePartial(out + c, x, left);
      }
    }
  }
};

}  // namespace embd::cpu
