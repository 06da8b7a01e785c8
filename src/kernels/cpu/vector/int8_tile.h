#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/cpu/vector/prefetch.h"
#include "kernels/cpu/vector/tile.h"
#include "kernels/cpu/vector/unroll.h"

namespace embd::cpu {

// c[r][..] = start + sum over k of a(r, k) * b(k)[..] in 32-bit integers, for a few rows and
// registers of columns. b holds words of four k (see Int8PackTask) or what WidenWords makes of
// them, a the row's activations in the form that the instruction set multiplies: V::kInt8Parts
// words for each word of b.
struct Int8TileTask {
  const std::byte* a = nullptr;
  std::int64_t a_row = 0;  // bytes between rows
  const std::byte* b = nullptr;
  std::int64_t words = 0;
  bool wide = false;                    // of b: made by WidenWords
  const std::int32_t* start = nullptr;  // [columns]; null: what c holds
  std::int32_t* c = nullptr;
  std::int64_t c_row = 0;               // integers
  const std::byte* prefetch = nullptr;  // `words` cache lines that will be wanted soon
};

inline constexpr std::int64_t kLineBytes = 64;

// Words of a panel of so many registers in the form that is multiplied, for when more tiles meet
// them than one or two: V::kInt8Parts times as many bytes.
template <typename V>
void WidenWords(const std::byte* from, std::int64_t words, std::int64_t regs, std::byte* to) {
  constexpr std::int64_t kRegBytes = sizeof(typename V::Ints);
  for (std::int64_t word = 0; word < words; ++word) {
    for (std::int64_t reg = 0; reg < regs; ++reg, from += kRegBytes) {
      Unroll<V::kInt8Parts>([&]<int kPart>() __attribute__((always_inline)) {
        V::StoreInts(reinterpret_cast<std::int32_t*>(to + (kPart * regs + reg) * kRegBytes),
                     V::template LoadWeights<kPart>(from));
      });
    }
    to += V::kInt8Parts * regs * kRegBytes;
  }
}

template <typename V, int kRows, int kRegs, bool kWide>
void Int8Tile(const Int8TileTask& task) {
  using Ints = typename V::Ints;
  constexpr std::int64_t kRegBytes = sizeof(Ints);
  constexpr std::int64_t kIntsPerReg = kRegBytes / 4;
  constexpr std::int64_t kWordBytes = kRegs * kRegBytes * (kWide ? V::kInt8Parts : 1);
  constexpr std::int64_t kAhead = kWide ? 0 : kPrefetchRows<V>;  // words
  Ints acc[kRows][kRegs];
  Unroll<kRows>([&]<int kRow>() __attribute__((always_inline)) {
    Unroll<kRegs>([&]<int kReg>() __attribute__((always_inline)) {
      const std::int32_t* const from =
          task.start != nullptr ? task.start : task.c + kRow * task.c_row;
      acc[kRow][kReg] = V::LoadInts(from + kReg * kIntsPerReg);
    });
  });
  // As in Tile.
  constexpr bool kIndexed = kTurn < V >> 1;
  constexpr int kShare = kIndexed ? 1 : 3;
  const std::int64_t a_row = task.a_row;
  const std::byte* a[TileCount(kRows, kShare)];
  Unroll<TileCount(kRows, kShare)>([&]<int kPointer>() __attribute__((always_inline)) {
    a[kPointer] = task.a + kPointer * kShare * a_row;
    if constexpr (kIndexed) Hide(a[kPointer]);
  });
  std::int64_t index = 0;
  const std::byte* b = task.b;
  const std::byte* const end = b + task.words * kWordBytes;
  const std::byte* prefetch = task.prefetch;
  while (b != end) {
    __builtin_prefetch(prefetch, 0, 2);
    prefetch += kLineBytes;
    Unroll<V::kInt8Parts>([&]<int kPart>() __attribute__((always_inline)) {
      Ints columns[kRegs];
      Unroll<kRegs>([&]<int kReg>() __attribute__((always_inline)) {
        if constexpr (kWide) {
          columns[kReg] = V::LoadInts(
              reinterpret_cast<const std::int32_t*>(b + (kPart * kRegs + kReg) * kRegBytes));
        } else {
          columns[kReg] = V::template LoadWeights<kPart>(b + kReg * kRegBytes);
        }
        if constexpr (kPart == 0 && kAhead > 0) {
          __builtin_prefetch(b + kAhead * kWordBytes + kReg * kRegBytes, 0, 3);
        }
      });
      Unroll<kRows>([&]<int kRow>() __attribute__((always_inline)) {
        const Ints value =
            V::Broadcast(a[kRow / kShare] + kRow % kShare * a_row + index + kPart * 4);
        Unroll<kRegs>([&]<int kReg>() __attribute__((always_inline)) {
          acc[kRow][kReg] = V::Dot(acc[kRow][kReg], value, columns[kReg]);
        });
      });
      if constexpr (kIndexed) KeepLoadsInOrder();
    });
    b += kWordBytes;
    if constexpr (kIndexed) {
      index += V::kInt8Parts * 4;
      Hide(index);
    } else {
      Unroll<TileCount(kRows, kShare)>([&]<int kPointer>() __attribute__((always_inline)) {
        a[kPointer] += V::kInt8Parts * 4;
      });
    }
  }
  std::int32_t* const to = task.c;
  const std::int64_t c_row = task.c_row;
  Unroll<kRows>([&]<int kRow>() __attribute__((always_inline)) {
    Unroll<kRegs>([&]<int kReg>() __attribute__((always_inline)) {
      V::StoreInts(to + kRow * c_row + kReg * kIntsPerReg, acc[kRow][kReg]);
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

  // Whether words are widened where several tiles meet them.
  static constexpr bool kWidens = V::kInt8Parts > 1;

  static void Run(std::int64_t rows, std::int64_t regs, const Int8TileTask& task) {
    const Table& table = kWidens && task.wide ? kWideTable : kTable;
    table.run[rows - 1][regs - 1](task);
  }

 private:
  struct Table {
    void (*run[V::kInt8TileRows][V::kInt8PanelRegs])(const Int8TileTask&) = {};
  };

  template <bool kWide>
  static constexpr Table MakeTable() {
    Table table;
    Unroll<V::kInt8TileRows>([&]<int kRow>() {
      Unroll<V::kInt8PanelRegs>(
          [&]<int kReg>() { table.run[kRow][kReg] = &Int8Tile<V, kRow + 1, kReg + 1, kWide>; });
    });
    return table;
  }

  static constexpr Table kTable = MakeTable<false>();
  static constexpr Table kWideTable = MakeTable<kWidens>();
};

}  // namespace embd::cpu
