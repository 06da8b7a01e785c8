#pragma once

#include <cstdint>

namespace embd::cpu {

// to[i] = from[i] * scale for i < count; may be in place. `from` may be read up to a whole
// register.
template <typename V>
[[gnu::always_inline]] inline void ScaleRow(const float* from, float* to, std::int64_t count,
                                            typename V::Reg scale) {
  std::int64_t i = 0;
  for (; i + V::kWidth <= count; i += V::kWidth) V::Store(to + i, V::Mul(V::Load(from + i), scale));
  if (i < count) V::StorePartial(to + i, V::Mul(V::Load(from + i), scale), count - i);
}

}  // namespace embd::cpu
