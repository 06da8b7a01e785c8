#pragma once

#include <algorithm>
#include <cstdint>

#include "kernels/lane.h"

namespace embd::cpu {

// How lanes stand over a product: side by side over its panels, each reading its own part of the
// weights, and one below the other over its rows. Lanes that do not fit in stand aside.
struct LaneGrid {
  int across = 1;
  int down = 1;
};

// The grid that is done first. A panel takes as long as it has rows, but no less than its weights
// take to come from memory, which is about the time of eight rows.
inline LaneGrid ChooseGrid(int lanes, std::int64_t rows, std::int64_t panels) {
  constexpr std::int64_t kLeastRows = 8;
  const auto each = [](std::int64_t items, std::int64_t parts) {
    return (items + parts - 1) / parts;
  };
  LaneGrid best;
  std::int64_t least = 0;
  for (int down = 1; down <= lanes; ++down) {
    const std::int64_t across = std::clamp<std::int64_t>(panels, 1, lanes / down);
    const std::int64_t rows_each = each(rows, down);
    const std::int64_t cost = each(panels, across) * std::max(rows_each, kLeastRows);
    if (down == 1 || cost < least) {
      best = {.across = static_cast<int>(across), .down = down};
      least = cost;
    }
    if (rows_each <= kLeastRows) break;
  }
  return best;
}

// One lane's part, which may be empty.
struct LinearShare {
  Lane::Range rows;
  Lane::Range panels;
};

inline LinearShare ShareLinear(const Lane& lane, std::int64_t rows, std::int64_t panels) {
  const LaneGrid grid = ChooseGrid(lane.count, rows, panels);
  if (lane.index >= grid.across * grid.down) return {};
  const Lane column{.index = lane.index % grid.across, .count = grid.across};
  const Lane row{.index = lane.index / grid.across, .count = grid.down};
  return {.rows = row.Share(rows), .panels = column.Share(panels)};
}

}  // namespace embd::cpu
