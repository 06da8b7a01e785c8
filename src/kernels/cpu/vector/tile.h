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
  bool accumulate = false;          // add to what c holds
  const float* prefetch = nullptr;  // what will be wanted soon: its cache line, ...
  std::int64_t prefetch_step = 0;   // ... the one so many floats further a turn later, and so on
};

inline constexpr std::int64_t kLine = 16;  // floats of a cache line

enum class ALayout { kRows, kColumns };  // the distance that is 1: a_k or a_row

// How many k one turn of the loop over rows of a takes: 1 where V does not say.
template <typename V>
inline constexpr int kTurn = 1;
template <typename V>
requires(V::kTurn > 0) inline constexpr int kTurn<V> = V::kTurn;

template <typename V, int kRows, int kRegs, ALayout kLayout>
void Tile(const TileTask& task) {
  using Reg = typename V::Reg;
  Reg acc[kRows][kRegs];
  Unroll<kRows>([&]<int kRow>() __attribute__((always_inline)) {
    Unroll<kRegs>([&]<int kReg>() __attribute__((always_inline)) { acc[kRow][kReg] = V::Zero(); });
  });
  const std::int64_t a_row = kLayout == ALayout::kRows ? task.a_row : 1;
  const std::int64_t a_k = kLayout == ALayout::kRows ? 1 : task.a_k;
  const std::int64_t b_k = kLayout == ALayout::kRows ? kRegs * V::kWidth : task.b_k;
  // One pointer for three rows: two more are reached by adding the distance once or twice, which
  // addressing does for free, and nine pointers would not fit the general registers.
  const float* a[(kRows + 2) / 3];
  Unroll<(kRows + 2) / 3>([&]<int kThree>() __attribute__((always_inline)) {
    a[kThree] = task.a + kThree * 3 * a_row;
  });
  constexpr std::int64_t kAhead = kLayout == ALayout::kRows ? kPanelPrefetchRows<V> : kPrefetchRows;
  const float* b = task.b;
  const float* prefetch = task.prefetch;
  const auto multiply = [&]<int kStep>() __attribute__((always_inline)) {
    Reg columns[kRegs];
    Unroll<kRegs>([&]<int kReg>() __attribute__((always_inline)) {
      columns[kReg] = V::Load(b + kStep * b_k + kReg * V::kWidth);
      if constexpr (kAhead > 0 && kReg * V::kWidth % kLine == 0) {
        __builtin_prefetch(b + (kAhead + kStep) * b_k + kReg * V::kWidth, 0, 3);
      }
    });
    if constexpr (kLayout == ALayout::kRows && kStep == 0) __builtin_prefetch(prefetch, 0, 2);
    Unroll<kRows>([&]<int kRow>() __attribute__((always_inline)) {
      const Reg value = V::Set(a[kRow / 3][kRow % 3 * a_row + kStep * a_k]);
      Unroll<kRegs>([&]<int kReg>() __attribute__((always_inline)) {
        acc[kRow][kReg] = V::Fma(value, columns[kReg], acc[kRow][kReg]);
      });
    });
  };
  const auto turn = [&]<int kSteps>() __attribute__((always_inline)) {
    Unroll<kSteps>(multiply);
    Unroll<(kRows + 2) / 3>([&]<int kThree>()
                                __attribute__((always_inline)) { a[kThree] += kSteps * a_k; });
    b += kSteps * b_k;
    prefetch += task.prefetch_step;
  };
  constexpr int kSteps = kLayout == ALayout::kRows ? kTurn<V> : 1;
  std::int64_t k = 0;
  for (; k + kSteps <= task.k; k += kSteps) turn.template operator()<kSteps>();
  for (; k < task.k; ++k) turn.template operator()<1>();
  Unroll<kRows>([&]<int kRow>() __attribute__((always_inline)) {
    float* const c = task.c + kRow * task.c_row;
    Unroll<kRegs>([&]<int kReg>() __attribute__((always_inline)) {
      Reg sum = acc[kRow][kReg];
      if (task.accumulate) sum = V::Add(V::Load(c + kReg * V::kWidth), sum);
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

[[gnu::always_inline]] constexpr std::int64_t TileCount(std::int64_t rows, std::int64_t tile_rows) {
  return (rows + tile_rows - 1) / tile_rows;
}

}  // namespace embd::cpu
