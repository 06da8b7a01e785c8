#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/cpu/vector/prefetch.h"
#include "kernels/cpu/vector/unroll.h"

namespace embd::cpu {

// c[r][..] = start + sum over k of a(r, k) * b(k)[..] in 32-bit integers, for a few rows and
// registers of columns. b holds words of four k (see Int8PackTask), a the row's activations in the
// form that the instruction set multiplies: V::kInt8Parts words for each word of b.
struct Int8TileTask {
  const std::byte* a = nullptr;
  std::int64_t a_row = 0;  // bytes between rows
  const std::byte* b = nullptr;
  std::int64_t words = 0;
  const std::int32_t* start = nullptr;  // [columns]; null: what c holds
  std::int32_t* c = nullptr;
  std::int64_t c_row = 0;               // integers
  const std::byte* prefetch = nullptr;  // `words` cache lines that will be wanted soon
};

inline constexpr std::int64_t kLineBytes = 64;

template <typename V, int kRows, int kRegs>
void Int8Tile(const Int8TileTask& task) {
  using Ints = typename V::Ints;
  constexpr std::int64_t kRegBytes = sizeof(Ints);
  constexpr std::int64_t kIntsPerReg = kRegBytes / 4;
  constexpr std::int64_t kAhead = kPrefetchRows<V>;  // words
  Ints acc[kRows][kRegs];
  Unroll<kRows>([&]<int kRow>() __attribute__((always_inline)) {
    Unroll<kRegs>([&]<int kReg>() __attribute__((always_inline)) {
      const std::int32_t* const from =
          task.start != nullptr ? task.start : task.c + kRow * task.c_row;
      acc[kRow][kReg] = V::LoadInts(from + kReg * kIntsPerReg);
    });
  });
  // One pointer for three rows, as in Tile.
  const std::int64_t a_row = task.a_row;
  const std::byte* a[(kRows + 2) / 3];
  Unroll<(kRows + 2) / 3>([&]<int kThree>() __attribute__((always_inline)) {
    a[kThree] = task.a + kThree * 3 * a_row;
  });
  const std::byte* b = task.b;
  const std::byte* prefetch = task.prefetch;
  for (std::int64_t word = 0; word < task.words; ++word) {
    __builtin_prefetch(prefetch, 0, 2);
    prefetch += kLineBytes;
    Unroll<V::kInt8Parts>([&]<int kPart>() __attribute__((always_inline)) {
      Ints columns[kRegs];
      Unroll<kRegs>([&]<int kReg>() __attribute__((always_inline)) {
        columns[kReg] = V::template LoadWeights<kPart>(b + kReg * kRegBytes);
        if constexpr (kPart == 0 && kAhead > 0) {
          __builtin_prefetch(b + (kAhead * kRegs + kReg) * kRegBytes, 0, 3);
        }
      });
      Unroll<kRows>([&]<int kRow>() __attribute__((always_inline)) {
        const Ints value = V::Broadcast(a[kRow / 3] + kRow % 3 * a_row + kPart * 4);
        Unroll<kRegs>([&]<int kReg>() __attribute__((always_inline)) {
          acc[kRow][kReg] = V::Dot(acc[kRow][kReg], value, columns[kReg]);
        });
      });
    });
    Unroll<(kRows + 2) / 3>([&]<int kThree>()
                                __attribute__((always_inline)) { a[kThree] += V::kInt8Parts * 4; });
    b += kRegs * kRegBytes;
  }
  Unroll<kRows>([&]<int kRow>() __attribute__((always_inline)) {
    Unroll<kRegs>([&]<int kReg>() __attribute__((always_inline)) {
      V::StoreInts(task.c + kRow * task.c_row + kReg * kIntsPerReg, acc[kRow][kReg]);
    });
  });
}

// Every tile size, chosen at run time by rows (1 to V::kInt8TileRows) and registers (1 to
// V::kInt8PanelRegs).
template <typename V>
class Int8Tiles {
 public:
  static constexpr int kRows = V::kInt8TileRows;
  static constexpr int kRegs = V::kInt8PanelRegs;
  // Rows of a tile are read as they are asked for: dealing them out evenly leaves no tile of one or
  // two rows at the end.
  static constexpr int kRowsRead = 1;

  // What a thread needs while it runs tiles.
  struct Session {};

  static void Run(std::int64_t rows, std::int64_t regs, const Int8TileTask& task) {
    kTable.run[rows - 1][regs - 1](task);
  }

 private:
  struct Table {
    void (*run[V::kInt8TileRows][V::kInt8PanelRegs])(const Int8TileTask&) = {};
  };

  static constexpr Table MakeTable() {
    Table table;
    Unroll<V::kInt8TileRows>([&]<int kRow>() {
      Unroll<V::kInt8PanelRegs>(
          [&]<int kReg>() { table.run[kRow][kReg] = &Int8Tile<V, kRow + 1, kReg + 1>; });
    });
    return table;
  }

  static constexpr Table kTable = MakeTable();
};

}  // namespace embd::cpu
