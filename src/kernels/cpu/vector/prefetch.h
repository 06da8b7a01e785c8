#pragma once

#include <cstdint>

namespace embd::cpu {

// How far ahead of its use a row of what a tile multiplies by is asked for from the second-level
// cache.
inline constexpr std::int64_t kPrefetchRows = 16;

// The same for rows that lie one behind the other, as those of a panel do: kPrefetchRows where V
// does not say, 0 for cores that see them coming, where asking only takes room in the queue of
// loads.
template <typename V>
inline constexpr std::int64_t kPanelPrefetchRows = kPrefetchRows;
template <typename V>
requires(V::kPanelPrefetchRows >=
         0) inline constexpr std::int64_t kPanelPrefetchRows<V> = V::kPanelPrefetchRows;

}  // namespace embd::cpu
