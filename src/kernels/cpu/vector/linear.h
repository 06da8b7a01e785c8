#pragma once

#include "kernels/cpu/kernel_table.h"
#include "kernels/cpu/vector/epilogue.h"
#include "kernels/cpu/vector/tile.h"

namespace embd::cpu {

// The loops around the tile. One panel of weights at a time meets all rows, so it comes from memory
// once and stays in the second-level cache meanwhile; k is cut so that a tile's rows stay in the
// first level while the panel streams past. Wider blocks of panels, which read the rows fewer
// times, measured slower up to 512 rows. The sums of one tile over the cuts of k gather in scratch,
// from where the epilogue takes them to `out`. A panel of 16-bit floats is widened in scratch
// first, so the sums have the bits that the same values as 32-bit floats would give. With a gate,
// both panels meet a tile's rows before its epilogue, so only the gated result is ever written.
template <typename V>
class LinearKernel {
 public:
  static std::size_t ScratchBytes(std::int64_t in_features, int matrices) {
    return static_cast<std::size_t>(2 * kTileFloats + matrices * kPanel * in_features) *
           sizeof(float);
  }

  static void Run(const LinearTask& task) {
    for (std::int64_t row = 0; row < task.rows; row += kRowBlock) {
      const std::int64_t rows = task.rows - row < kRowBlock ? task.rows - row : kRowBlock;
      const Deal deal(rows, task.in_features);
      for (std::int64_t panel = task.panel_begin; panel < task.panel_end; ++panel) {
        RunPanel(task, panel, row, deal);
      }
    }
  }

 private:
  using Reg = typename V::Reg;

  static constexpr std::int64_t kPanel = std::int64_t{V::kPanelRegs} * V::kWidth;
  static constexpr std::int64_t kTileFloats = V::kTileRows * kPanel;
  static constexpr std::int64_t kKCut = 384;
  static constexpr std::int64_t kRowBlock = 512;  // more rows would not stay in the second level

  // What a tile asks for while it multiplies: from where, in floats from its panel, and how far
  // apart from turn to turn.
  struct Ahead {
    std::int64_t first = 0;
    std::int64_t step = 0;
  };

  // How the rows of a block and the fetching of the next panel are dealt out to its tiles, the same
  // for every panel. Divided once, since few rows leave little work beside it.
  struct Deal {
    // Rows evenly, so that there is no tile of one or two rows at the end. The last tiles fetch the
    // next panel, each a part of it: as many of them as there are, since a core can only wait for
    // so many lines at once, but not fewer than fetch a whole line a turn.
    Deal(std::int64_t rows, std::int64_t in_features)
        : tiles(TileCount(rows, V::kTileRows)),
          rows_each(rows / tiles),
          larger(rows % tiles),
          panel_floats(kPanel * in_features) {
      constexpr std::int64_t kTurnFloats = kPanel * kRequestTurn<V>;
      constexpr std::int64_t kFewest = kTurnFloats > kLine ? kTurnFloats / kLine : 1;
      constexpr std::int64_t kMost = std::int64_t{V::kPanelRegs} * kRequestTurn<V>;
      const std::int64_t parts = tiles < kFewest ? kFewest : tiles < kMost ? tiles : kMost;
      first_to_fetch = tiles - parts;
      part_floats = (panel_floats + parts - 1) / parts;
      step = (kTurnFloats + parts - 1) / parts;
    }

    std::int64_t RowsOf(std::int64_t tile) const { return rows_each + (tile < larger ? 1 : 0); }
    Ahead AheadOf(std::int64_t tile) const {
      const std::int64_t part = tile - first_to_fetch;
      if (part < 0) return {};
      return {.first = panel_floats + part_floats * part, .step = step};
    }

    std::int64_t tiles, rows_each, larger, panel_floats;
    std::int64_t first_to_fetch = 0, part_floats = 0, step = 0;
  };

  static void RunPanel(const LinearTask& task, std::int64_t panel, std::int64_t row,
                       const Deal& deal) {
    const std::int64_t left = task.out_features - panel * kPanel;
    const std::int64_t cols = left < kPanel ? left : kPanel;
    const std::int64_t regs = (cols + V::kWidth - 1) / V::kWidth;
    float* const sums = reinterpret_cast<float*>(task.scratch);
    float* const wide = sums + 2 * kTileFloats;
    const float* const b = Panel(task, task.weight, panel, regs, wide);
    const float* const gate = task.gate.packed == nullptr ? nullptr
                                                          : Panel(task, task.gate, panel, regs,
                                                                  wide + kPanel * task.in_features);
    const bool fetch = task.dtype == DType::kF32 && panel + 1 < task.panel_end;
    for (std::int64_t tile = 0; tile < deal.tiles; ++tile) {
      const Ahead ahead = fetch ? deal.AheadOf(tile) : Ahead{};
      const Place place{.row = row,
                        .rows = deal.RowsOf(tile),
                        .first = panel * kPanel,
                        .cols = cols,
                        .regs = regs};
      row += place.rows;
      Multiply(task, place, b, ahead, sums);
      const auto value = Result(sums, task.weight.bias + place.first, regs);
      if (gate == nullptr) {
        Epilogue<V>::Run(task, place, value);
        continue;
      }
      Multiply(task, place, gate, ahead, sums + kTileFloats);
      Epilogue<V>::RunGated(task, place, value,
                            Result(sums + kTileFloats, task.gate.bias + place.first, regs));
    }
  }

  static auto Result(const float* sums, const float* bias, std::int64_t regs) {
    return [=](std::int64_t r, std::int64_t c) {
      return V::Add(V::Load(sums + r * regs * V::kWidth + c), V::Load(bias + c));
    };
  }

  static const float* Panel(const LinearTask& task, const LinearPanels& panels, std::int64_t panel,
                            std::int64_t regs, float* wide) {
    const std::int64_t first = panel * kPanel * task.in_features;
    if (task.dtype == DType::kF32) return reinterpret_cast<const float*>(panels.packed) + first;
    const std::byte* const from = panels.packed + first * 2;
    const std::int64_t count = regs * V::kWidth * task.in_features;
    for (std::int64_t i = 0; i < count; i += V::kWidth) {
      __builtin_prefetch(from + 2 * i + kWidenAhead, 0, 3);
      V::Store(wide + i, V::LoadAs(from, i, task.dtype));
    }
    return wide;
  }

  static constexpr std::int64_t kWidenAhead = 1024;  // bytes

  static void Multiply(const LinearTask& task, const Place& place, const float* b,
                       const Ahead& ahead, float* sums) {
    const std::int64_t width = place.regs * V::kWidth;
    for (std::int64_t k = 0; k < task.in_features; k += kKCut) {
      const std::int64_t left = task.in_features - k;
      Tiles<V, ALayout::kRows>::Run(place.rows, place.regs,
                                    {.a = task.in + place.row * task.in_stride + k,
                                     .a_row = task.in_stride,
                                     .b = b + k * width,
                                     .k = left < kKCut ? left : kKCut,
                                     .c = sums,
                                     .c_row = width,
                                     .accumulate = k > 0,
                                     .prefetch = b + ahead.first + k / kRequestTurn<V> * ahead.step,
                                     .prefetch_step = ahead.step});
    }
  }
};

}  // namespace embd::cpu
