#pragma once

#include <cstdint>

#include "kernels/cpu/vector/prefetch.h"
#include "kernels/cpu/vector/turn.h"
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

template <typename V>
[[gnu::always_inline]] inline void AddProduct(typename V::Reg& sum, typename V::Reg x,
                                              typename V::Reg y) {
  if constexpr (requires { V::AddProduct(sum, x, y); }) {
    V::AddProduct(sum, x, y);
  } else {
    sum = V::Fma(x, y, sum);
  }
}

// What a tile keeps in registers, and its loop over k.
template <typename V, int kRows, int kRegs, ALayout kLayout>
class TileLoop {
 public:
  [[gnu::always_inline]] explicit TileLoop(const TileTask& task)
      : a_(task.a, kByRows ? task.a_row : 1),
        a_k_(kByRows ? 1 : task.a_k),
        b_k_(kByRows ? kRegs * V::kWidth : task.b_k),
        b_(task.b),
        prefetch_(task.prefetch),
        prefetch_step_(task.prefetch_step) {
    Unroll<kRows>([&]<int kRow>() __attribute__((always_inline)) {
      Unroll<kRegs>([&]<int kReg>()
                        __attribute__((always_inline)) { sums_[kRow][kReg] = V::Zero(); });
    });
  }

  [[gnu::always_inline]] void Run(std::int64_t k) {
    const float* const whole = b_ + k / kTurn<V> * kTurn<V> * b_k_;
    const float* const end = b_ + k * b_k_;
    while (b_ != whole) Turn<kTurn<V>>();
    while (kLong && b_ != end) Turn<1>();
  }

  [[gnu::always_inline]] void Store(float* c, std::int64_t c_row, bool accumulate) const {
    Unroll<kRows>([&]<int kRow>() __attribute__((always_inline)) {
      Unroll<kRegs>([&]<int kReg>() __attribute__((always_inline)) {
        float* const to = c + kRow * c_row + kReg * V::kWidth;
        Reg sum = sums_[kRow][kReg];
        if (accumulate) sum = V::Add(V::Load(to), sum);
        V::Store(to, sum);
      });
    });
  }

 private:
  using Reg = typename V::Reg;

  static constexpr bool kByRows = kLayout == ALayout::kRows;
  static constexpr bool kLong = kTurn<V> > 1;
  static constexpr bool kIndexed = kByRows && kLong;
  static constexpr int kShare = kIndexed ? 1 : kByRows ? 3 : kRows;

  template <int kSteps>
  [[gnu::always_inline]] void Turn() {
    Unroll<kSteps>([&]<int kStep>() __attribute__((always_inline)) { Step<kStep>(); });
    if constexpr (kIndexed) {
      b_ += kSteps * b_k_;
      a_.Advance(kSteps);
    }
  }

  template <int kStep>
  [[gnu::always_inline]] void Step() {
    constexpr int kOn = kIndexed ? kStep : 0;
    constexpr std::int64_t kAhead = kPrefetchRows<V>;
    Reg columns[kRegs];
    Unroll<kRegs>([&]<int kReg>() __attribute__((always_inline)) {
      columns[kReg] = V::Load(b_ + kOn * b_k_ + kReg * V::kWidth);
      if constexpr (kAhead > 0 && kReg * V::kWidth % kLine == 0) {
        __builtin_prefetch(b_ + (kAhead + kOn) * b_k_ + kReg * V::kWidth, 0, 3);
      }
    });
    if constexpr (kByRows && kStep % kRequestTurn<V> == 0) {
      __builtin_prefetch(prefetch_, 0, 2);
      prefetch_ += prefetch_step_;
    }
    Unroll<kRows>([&]<int kRow>() __attribute__((always_inline)) {
      const Reg value = V::Set(a_.template At<kRow>(kOn));
      Unroll<kRegs>([&]<int kReg>() __attribute__((always_inline)) {
        AddProduct<V>(sums_[kRow][kReg], value, columns[kReg]);
      });
    });
    if constexpr (kLong) KeepLoadsInOrder();
    if constexpr (!kIndexed) {
      b_ += b_k_;
      a_.Advance(a_k_);
    }
    if constexpr (kLong && !kByRows) {
      Hide(b_);  // or every step would get distances of its own, in more registers than there are
      a_.HidePointers();
    }
  }

  Reg sums_[kRows][kRegs];
  RowPointers<float, kRows, kShare, kIndexed> a_;
  const std::int64_t a_k_;
  const std::int64_t b_k_;
  const float* b_;
  const float* prefetch_;
  const std::int64_t prefetch_step_;
};

template <typename V, int kRows, int kRegs, ALayout kLayout>
void Tile(const TileTask& task) {
  TileLoop<V, kRows, kRegs, kLayout> loop(task);
  loop.Run(task.k);
  loop.Store(task.c, task.c_row, task.accumulate);
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
