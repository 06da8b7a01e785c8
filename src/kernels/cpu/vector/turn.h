#pragma once

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

}  // namespace embd::cpu
