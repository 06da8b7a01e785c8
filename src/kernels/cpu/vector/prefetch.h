#pragma once

#include <cstdint>

namespace embd::cpu {

// How far ahead of its use a row of what a tile multiplies by is asked for from the second-level
// cache: 16 rows where V does not say, 0 for cores that see rows coming that lie one behind the
// other, where asking only takes room in the queue of loads.
template <typename V>
inline constexpr std::int64_t kPrefetchRows = 16;
template <typename V>
requires(V::kPrefetchRows >= 0) inline constexpr std::int64_t kPrefetchRows<V> = V::kPrefetchRows;

}  // namespace embd::cpu
