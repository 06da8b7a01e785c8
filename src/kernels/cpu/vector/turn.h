#pragma once

#include <cstdint>

#include "kernels/cpu/vector/unroll.h"

// How the inner loops of tiles go round.
namespace embd::cpu {

// How many k one turn of the loop takes, and how many of them go to one request of what will be
// wanted: 1 where V does not say.
template <typename V>
inline constexpr int kTurn = 1;
template <typename V>
requires(V::kTurn > 0) inline constexpr int kTurn<V> = V::kTurn;
template <typename V>
inline constexpr int kRequestTurn = 1;
template <typename V>
requires(V::kRequestTurn > 0) inline constexpr int kRequestTurn<V> = V::kRequestTurn;

// The compiler takes `value` for another one from now on.
template <typename T>
[[gnu::always_inline]] inline void Hide(T& value) {
  asm("" : "+r"(value));
}

// The compiler moves no load across. g++ 12 gathers those of a long turn at its beginning, for
// which there are no registers.
[[gnu::always_inline]] inline void KeepLoadsInOrder() { asm volatile("" : : : "memory"); }

// Rows of `a`, `distance` elements apart, that a loop goes along together. A core that two threads
// share begins half as many instructions for each, and every product needs a broadcast value and
// its share of the columns beside it: what is left, moving pointers, decides. So with kIndexed
// every row has a pointer that stays where it is, and an index moves. Otherwise one pointer serves
// kShare rows: two more than its own are reached by adding the distance once or twice, which
// addressing does for free, and nine pointers would not fit the general registers.
template <typename T, int kRows, int kShare, bool kIndexed>
class RowPointers {
 public:
  [[gnu::always_inline]] RowPointers(const T* a, std::int64_t distance) : distance_(distance) {
    Unroll<kPointers>([&]<int kPointer>() __attribute__((always_inline)) {
      a_[kPointer] = a + kPointer * kShare * distance;
      if constexpr (kIndexed) Hide(a_[kPointer]);
    });
  }

  // What lies so many elements further in a row.
  template <int kRow>
  [[gnu::always_inline]] const T& At(std::int64_t further) const {
    return a_[kRow / kShare][kRow % kShare * distance_ + index_ + further];
  }

  [[gnu::always_inline]] void Advance(std::int64_t by) {
    if constexpr (kIndexed) {
      index_ += by;
      Hide(index_);  // or every row would get a moving pointer
    } else {
      Unroll<kPointers>([&]<int kPointer>() __attribute__((always_inline)) { a_[kPointer] += by; });
    }
  }

  // See Hide.
  [[gnu::always_inline]] void HidePointers() {
    Unroll<kPointers>([&]<int kPointer>() __attribute__((always_inline)) { Hide(a_[kPointer]); });
  }

 private:
  static constexpr int kPointers = (kRows + kShare - 1) / kShare;

  const T* a_[kPointers];
  const std::int64_t distance_;
  std::int64_t index_ = 0;
};

}  // namespace embd::cpu
