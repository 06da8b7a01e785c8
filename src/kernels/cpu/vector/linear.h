#pragma once

#include "kernels/cpu/kernel_table.h"
#include "kernels/cpu/vector/math.h"
#include "kernels/cpu/vector/tile.h"

namespace embd::cpu {

// The loops around the tile. A block of panels that fits the second-level cache is multiplied with
// every tile of rows before the next block begins; k is cut so that a tile's rows stay in the first
// level while the panels stream past. Sums of one tile over the cuts of k gather in scratch, from
// where the epilogue takes them to `out`.
template <typename V>
class LinearKernel {
 public:
  static constexpr std::int64_t kPanel = std::int64_t{V::kPanelRegs} * V::kWidth;
  static constexpr std::int64_t kMaxBlockPanels = 8;
  static constexpr std::size_t kScratchFloats =
      static_cast<std::size_t>(V::kTileRows * kMaxBlockPanels * kPanel);

  static void Run(const LinearTask& task) {
    const std::int64_t block_panels = BlockPanels(task);
    for (std::int64_t row = 0; row < task.rows; row += kRowBlock) {
      const std::int64_t rows = task.rows - row < kRowBlock ? task.rows - row : kRowBlock;
      for (std::int64_t panel = task.panel_begin; panel < task.panel_end; panel += block_panels) {
        const std::int64_t end =
            task.panel_end - panel < block_panels ? task.panel_end : panel + block_panels;
        RunBlock(task, {.row = row, .rows = rows, .panel_begin = panel, .panel_end = end});
      }
    }
  }

 private:
  using Reg = typename V::Reg;

  static constexpr std::int64_t kKBlock = 384;
  static constexpr std::int64_t kRowBlock = 1024;
  static constexpr std::int64_t kBlockFloats = 128 * 1024;  // 512 KiB of weights

  struct Block {
    std::int64_t row, rows, panel_begin, panel_end;
  };
  struct TileRows {
    std::int64_t row, rows;
    bool prefetch;
    std::int64_t slice;  // which third of the next block's lines
  };

  static std::int64_t BlockPanels(const LinearTask& task) {
    std::int64_t most = kBlockFloats / (kPanel * task.in_features);
    if (most < 1) most = 1;
    if (most > kMaxBlockPanels) most = kMaxBlockPanels;
    const std::int64_t panels = task.panel_end - task.panel_begin;
    const std::int64_t blocks = (panels + most - 1) / most;
    return blocks == 0 ? 1 : (panels + blocks - 1) / blocks;
  }

  static std::int64_t PanelRegs(const LinearTask& task, std::int64_t panel) {
    const std::int64_t left = task.out_features - panel * kPanel;
    return left >= kPanel ? V::kPanelRegs : (left + V::kWidth - 1) / V::kWidth;
  }

  // Rows are dealt out evenly, so that there is no tile of one or two rows at the end.
  static void RunBlock(const LinearTask& task, const Block& block) {
    const std::int64_t tiles = TileCount(block.rows, V::kTileRows);
    for (std::int64_t tile = 0; tile < tiles; ++tile) {
      const std::int64_t begin = block.rows * tile / tiles;
      const std::int64_t end = block.rows * (tile + 1) / tiles;
      const TileRows rows{.row = block.row + begin,
                          .rows = end - begin,
                          .prefetch = tile >= tiles - 3,
                          .slice = tile - (tiles - 3)};
      for (std::int64_t k = 0; k < task.in_features; k += kKBlock) {
        MultiplyPanels(task, block, rows, k);
      }
      Finish(task, block, rows);
    }
  }

  static void MultiplyPanels(const LinearTask& task, const Block& block, const TileRows& rows,
                             std::int64_t k) {
    const std::int64_t panels = block.panel_end - block.panel_begin;
    for (std::int64_t i = 0; i < panels; ++i) {
      const std::int64_t panel = block.panel_begin + i;
      const std::int64_t regs = PanelRegs(task, panel);
      const std::int64_t width = regs * V::kWidth;
      const std::int64_t k_count = task.in_features - k < kKBlock ? task.in_features - k : kKBlock;
      const float* const b = task.packed + panel * kPanel * task.in_features + k * width;
      // The last three tiles fetch the panel that follows this one in the next block.
      const float* next = b;
      if (rows.prefetch && panel + panels < task.panel_end) {
        next = b + (panels * kPanel) * task.in_features + rows.slice * k_count * 16;
      }
      Tiles<V, ALayout::kRows>::Run(rows.rows, regs,
                                    {.a = task.in + rows.row * task.in_stride + k,
                                     .a_row = task.in_stride,
                                     .a_k = 1,
                                     .b = b,
                                     .b_k = width,
                                     .k = k_count,
                                     .c = task.scratch + i * kPanel,
                                     .c_row = panels * kPanel,
                                     .accumulate = k > 0,
                                     .prefetch = next});
    }
  }

  static void Finish(const LinearTask& task, const Block& block, const TileRows& rows) {
    switch (task.activation) {
      case Activation::kNone:
        return FinishWith([](Reg x) { return x; }, task, block, rows);
      case Activation::kGelu:
        return FinishWith([](Reg x) { return Math<V>::Gelu(x); }, task, block, rows);
      case Activation::kGeluTanh:
        return FinishWith([](Reg x) { return Math<V>::GeluTanh(x); }, task, block, rows);
      case Activation::kRelu:
        return FinishWith([](Reg x) { return Math<V>::Relu(x); }, task, block, rows);
      case Activation::kSilu:
        return FinishWith([](Reg x) { return Math<V>::Silu(x); }, task, block, rows);
      case Activation::kTanh:
        return FinishWith([](Reg x) { return Math<V>::Tanh(x); }, task, block, rows);
    }
  }

  template <typename F>
  static void FinishWith(F activate, const LinearTask& task, const Block& block,
                         const TileRows& rows) {
    const std::int64_t first = block.panel_begin * kPanel;
    const std::int64_t stride = (block.panel_end - block.panel_begin) * kPanel;
    const std::int64_t left = task.out_features - first;
    const std::int64_t cols = left < stride ? left : stride;
    for (std::int64_t r = 0; r < rows.rows; ++r) {
      const float* const sums = task.scratch + r * stride;
      const float* const bias = task.bias + first;
      const float* const residual =
          task.residual == nullptr ? nullptr
                                   : task.residual + (rows.row + r) * task.residual_stride + first;
      float* const out = task.out + (rows.row + r) * task.out_stride + first;
      std::int64_t c = 0;
      for (; c + V::kWidth <= cols; c += V::kWidth) {
        Reg x = activate(V::Add(V::Load(sums + c), V::Load(bias + c)));
        if (residual != nullptr) x = V::Add(x, V::Load(residual + c));
        V::Store(out + c, x);
      }
      if (c < cols) {
        Reg x = activate(V::Add(V::Load(sums + c), V::Load(bias + c)));
        if (residual != nullptr) x = V::Add(x, V::LoadPartial(residual + c, cols - c));
        V::StorePartial(out + c, x, cols - c);
      }
    }
  }
};

}  // namespace embd::cpu
