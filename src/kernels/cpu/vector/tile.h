#pragma once

#include <cstdint>

#include "kernels/cpu/vector/prefetch.h"
#include "kernels/cpu/vector/unroll.h"

namespace embd::cpu {

// c[r][..] (+)= sum over k of a(r, k) * b[k][..], for a few rows and registers of columns. Every
// element is one chain of fused multiply-adds over k in order, whatever the tile's size, so a value
// does not depend on which tile computed it.
struct TileTask {
  const float* a = nullptr;
  std::int64_t a_row = 0;  // floats between rows of a ...
  std::int64_t a_k = 1;    // ... and between consecutive k
  const float* b = nullptr;
  std::int64_t b_k = 0;  // floats between consecutive k; with rows of a, b is dense
  std::int64_t k = 0;
  float* c = nullptr;
  std::int64_t c_row = 0;
  bool accumulate = false;  // add to what c holds
  // What will be wanted soon, with rows of a: its cache line, kRequestTurn k later the one so many
  // floats further, and so on.
  const float* prefetch = nullptr;
  std::int64_t prefetch_step = 0;
};

inline constexpr std::int64_t kLine = 16;  // floats of a cache line

[[gnu::always_inline]] constexpr std::int64_t TileCount(std::int64_t rows, std::int64_t tile_rows) {
  return (rows + tile_rows - 1) / tile_rows;
}

enum class ALayout { kRows, kColumns };  // the distance that is 1: a_k or a_row

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

template <typename V>
[[gnu::always_inline]] inline void AddProduct(typename V::Reg& sum, typename V::Reg x,
                                              typename V::Reg y) {
  if constexpr (requires { V::AddProduct(sum, x, y); }) {
    V::AddProduct(sum, x, y);
  } else {
    sum = V::Fma(x, y, sum);
  }
}

// A core that two threads share begins half as many instructions for each, and every product needs
// a broadcast value and its share of the columns beside it: what is left, moving pointers, decides.
// So long turns over rows of a leave the pointers, one for each row, where they are and move an
// index. Otherwise one pointer serves three rows: two more are reached by adding the distance once
// or twice, which addressing does for free, and nine would not fit the general registers.
template <typename V, int kRows, int kRegs, ALayout kLayout>
void Tile(const TileTask& task) {
  using Reg = typename V::Reg;
  Reg acc[kRows][kRegs];
  Unroll<kRows>([&]<int kRow>() __attribute__((always_inline)) {
    Unroll<kRegs>([&]<int kReg>() __attribute__((always_inline)) { acc[kRow][kReg] = V::Zero(); });
  });
  constexpr bool kByRows = kLayout == ALayout::kRows;
  constexpr bool kIndexed = kByRows && kTurn < V >> 1;
  constexpr int kShare = kIndexed ? 1 : kByRows ? 3 : kRows;
  constexpr std::int64_t kAhead = kPrefetchRows<V>;
  const std::int64_t a_row = kByRows ? task.a_row : 1;
  const std::int64_t a_k = kByRows ? 1 : task.a_k;
  const std::int64_t b_k = kByRows ? kRegs * V::kWidth : task.b_k;
  const float* a[TileCount(kRows, kShare)];
  Unroll<TileCount(kRows, kShare)>([&]<int kPointer>() __attribute__((always_inline)) {
    a[kPointer] = task.a + kPointer * kShare * a_row;
    if constexpr (kIndexed) Hide(a[kPointer]);
  });
  std::int64_t index = 0;
  const float* b = task.b;
  const float* prefetch = task.prefetch;
  const std::int64_t prefetch_step = task.prefetch_step;
  const auto step = [&]<int kStep>() __attribute__((always_inline)) {
    constexpr int kOn = kIndexed ? kStep : 0;
    Reg columns[kRegs];
    Unroll<kRegs>([&]<int kReg>() __attribute__((always_inline)) {
      columns[kReg] = V::Load(b + kOn * b_k + kReg * V::kWidth);
      if constexpr (kAhead > 0 && kReg * V::kWidth % kLine == 0) {
        __builtin_prefetch(b + (kAhead + kOn) * b_k + kReg * V::kWidth, 0, 3);
      }
    });
    if constexpr (kByRows && kStep % kRequestTurn<V> == 0) {
      __builtin_prefetch(prefetch, 0, 2);
      prefetch += prefetch_step;
    }
    Unroll<kRows>([&]<int kRow>() __attribute__((always_inline)) {
      const Reg value = V::Set(a[kRow / kShare][kRow % kShare * a_row + index + kOn]);
      Unroll<kRegs>([&]<int kReg>() __attribute__((always_inline)) {
        AddProduct<V>(acc[kRow][kReg], value, columns[kReg]);
      });
    });
    if constexpr (kTurn < V >> 1) KeepLoadsInOrder();
    if constexpr (!kIndexed) {
      b += b_k;
      Unroll<TileCount(kRows, kShare)>([&]<int kPointer>()
                                           __attribute__((always_inline)) { a[kPointer] += a_k; });
    }
    if constexpr (kTurn < V >> 1 && !kByRows) {
      Hide(b);  // or every step would get distances of its own, in more registers than there are
      Hide(a[0]);
    }
  };
  const auto move = [&](int steps) __attribute__((always_inline)) {
    b += steps * b_k;
    index += steps;
    Hide(index);  // or every row would get a moving pointer
  };
  const float* const whole = b + task.k / kTurn<V> * kTurn<V> * b_k;
  const float* const end = b + task.k * b_k;
  while (b != whole) {
    Unroll<kTurn<V>>(step);
    if constexpr (kIndexed) move(kTurn<V>);
  }
  while (kTurn < V >> 1 && b != end) {
    Unroll<1>(step);
    if constexpr (kIndexed) move(1);
  }
  float* const to = task.c;
  const std::int64_t c_row = task.c_row;
  const bool accumulate = task.accumulate;
  Unroll<kRows>([&]<int kRow>() __attribute__((always_inline)) {
    float* const c = to + kRow * c_row;
    Unroll<kRegs>([&]<int kReg>() __attribute__((always_inline)) {
      Reg sum = acc[kRow][kReg];
      if (accumulate) sum = V::Add(V::Load(c + kReg * V::kWidth), sum);
      V::Store(c + kReg * V::kWidth, sum);
    });
  });
}

// Every tile size, chosen at run time by rows (1 to V::kTileRows) and registers (1 to
// V::kPanelRegs).
template <typename V, ALayout kLayout>
class Tiles {
 public:
  static void Run(std::int64_t rows, std::int64_t regs, const TileTask& task) {
    kTable.run[rows - 1][regs - 1](task);
  }

 private:
  struct Table {
    void (*run[V::kTileRows][V::kPanelRegs])(const TileTask&) = {};
  };

  static constexpr Table MakeTable() {
    Table table;
    Unroll<V::kTileRows>([&]<int kRow>() {
      Unroll<V::kPanelRegs>(
          [&]<int kReg>() { table.run[kRow][kReg] = &Tile<V, kRow + 1, kReg + 1, kLayout>; });
    });
    return table;
  }

  static constexpr Table kTable = MakeTable();
};

}  // namespace embd::cpu
