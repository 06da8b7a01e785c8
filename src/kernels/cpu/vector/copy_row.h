#pragma once

#include <cstdint>

namespace embd::cpu {

// to[i] = from[i] for i < count, and zeros up to a whole register.
template <typename V>
[[gnu::always_inline]] inline void CopyRow(const float* from, std::int64_t count, float* to) {
  std::int64_t i = 0;
  for (; i + V::kWidth <= count; i += V::kWidth) V::Store(to + i, V::Load(from + i));
  if (i < count) V::Store(to + i, V::LoadPartial(from + i, count - i));
}

// Asks for the cache lines of from[i], i < count, which will be wanted soon. May point anywhere.
[[gnu::always_inline]] inline void FetchRow(const float* from, std::int64_t count) {
  for (std::int64_t i = 0; i < count; i += 64 / 4) __builtin_prefetch(from + i, 0, 3);
}

}  // namespace embd::cpu
