#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/cpu/vector/prefetch.h"
#include "kernels/cpu/vector/turn.h"
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

// Words of a panel of so many registers in the form that is multiplied, for when many tiles meet
// them: V::kInt8Parts times as many bytes.
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

// As TileLoop, for words.
template <typename V, int kRows, int kRegs, bool kWide>
class Int8TileLoop {
 public:
  [[gnu::always_inline]] explicit Int8TileLoop(const Int8TileTask& task)
      : a_(task.a, task.a_row), b_(task.b), prefetch_(task.prefetch) {
    Unroll<kRows>([&]<int kRow>() __attribute__((always_inline)) {
      Unroll<kRegs>([&]<int kReg>() __attribute__((always_inline)) {
        const std::int32_t* const from =
            task.start != nullptr ? task.start : task.c + kRow * task.c_row;
        sums_[kRow][kReg] = V::LoadInts(from + kReg * kIntsPerReg);
      });
    });
  }

  [[gnu::always_inline]] void Run(std::int64_t words) {
    const std::byte* const end = b_ + words * kWordBytes;
    while (b_ != end) {
      __builtin_prefetch(prefetch_, 0, 2);
      prefetch_ += kLineBytes;
      Unroll<V::kInt8Parts>([&]<int kPart>() __attribute__((always_inline)) { Multiply<kPart>(); });
      b_ += kWordBytes;
      a_.Advance(V::kInt8Parts * 4);
    }
  }

  [[gnu::always_inline]] void Store(std::int32_t* c, std::int64_t c_row) const {
    Unroll<kRows>([&]<int kRow>() __attribute__((always_inline)) {
      Unroll<kRegs>([&]<int kReg>() __attribute__((always_inline)) {
        V::StoreInts(c + kRow * c_row + kReg * kIntsPerReg, sums_[kRow][kReg]);
      });
    });
  }

 private:
  using Ints = typename V::Ints;

  static constexpr std::int64_t kRegBytes = sizeof(Ints);
  static constexpr std::int64_t kIntsPerReg = kRegBytes / 4;
  static constexpr std::int64_t kWordBytes = kRegs * kRegBytes * (kWide ? V::kInt8Parts : 1);
  static constexpr bool kIndexed = kTurn<V> > 1;
  static constexpr int kShare = kIndexed ? 1 : 3;

  template <int kPart>
  [[gnu::always_inline]] void Multiply() {
    constexpr std::int64_t kAhead = kWide ? 0 : kPrefetchRows<V>;  // words
    Ints columns[kRegs];
    Unroll<kRegs>([&]<int kReg>() __attribute__((always_inline)) {
      if constexpr (kWide) {
        columns[kReg] = V::LoadInts(
            reinterpret_cast<const std::int32_t*>(b_ + (kPart * kRegs + kReg) * kRegBytes));
      } else {
        columns[kReg] = V::template LoadWeights<kPart>(b_ + kReg * kRegBytes);
      }
      if constexpr (kPart == 0 && kAhead > 0) {
        __builtin_prefetch(b_ + kAhead * kWordBytes + kReg * kRegBytes, 0, 3);
      }
    });
    Unroll<kRows>([&]<int kRow>() __attribute__((always_inline)) {
      const Ints value = V::Broadcast(&a_.template At<kRow>(kPart * 4));
      Unroll<kRegs>([&]<int kReg>() __attribute__((always_inline)) {
        sums_[kRow][kReg] = V::Dot(sums_[kRow][kReg], value, columns[kReg]);
      });
    });
    if constexpr (kIndexed) KeepLoadsInOrder();
  }

  Ints sums_[kRows][kRegs];
  RowPointers<std::byte, kRows, kShare, kIndexed> a_;
  const std::byte* b_;
  const std::byte* prefetch_;
};

template <typename V, int kRows, int kRegs, bool kWide>
void Int8Tile(const Int8TileTask& task) {
  Int8TileLoop<V, kRows, kRegs, kWide> loop(task);
  loop.Run(task.words);
  loop.Store(task.c, task.c_row);
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

  // Whether words are widened where many tiles meet them.
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
