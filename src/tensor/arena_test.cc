#include "tensor/arena.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <limits>

namespace embd {
namespace {

struct alignas(64) Block {
  std::array<std::byte, 4096> bytes;
};

bool IsAligned(const void* pointer) { return reinterpret_cast<std::uintptr_t>(pointer) % 64 == 0; }

TEST(ArenaTest, PiecesAreAlignedAndApart) {
  Block block;
  Arena arena(block.bytes);
  std::byte* const a = arena.Bytes(1);
  float* const b = arena.Floats(17);
  float* const c = arena.Floats(16);
  EXPECT_EQ(a, block.bytes.data());
  EXPECT_EQ(reinterpret_cast<std::byte*>(b), a + 64);
  EXPECT_EQ(c, b + 32);
  EXPECT_TRUE(IsAligned(a) && IsAligned(b) && IsAligned(c));
}

TEST(ArenaTest, MatrixRowsAreAligned) {
  Block block;
  Arena arena(block.bytes);
  const MatrixView matrix = arena.Matrix(3, 17);
  EXPECT_EQ(matrix.rows, 3);
  EXPECT_EQ(matrix.cols, 17);
  EXPECT_EQ(matrix.stride, 32);
  EXPECT_TRUE(IsAligned(matrix.row(2)));
  EXPECT_EQ(arena.mark(), Arena::MatrixBytes(3, 17));
}

TEST(ArenaTest, DeclaredBytesAreTheBytesTaken) {
  Block block;
  for (const std::size_t count : {0, 1, 15, 16, 17, 100}) {
    Arena arena(block.bytes);
    arena.Floats(count);
    EXPECT_EQ(arena.mark(), Arena::FloatsBytes(count)) << count;
  }
}

TEST(ArenaTest, RewindTakesBackAndHighWaterStays) {
  Block block;
  Arena arena(block.bytes);
  float* const first = arena.Floats(16);
  const std::size_t mark = arena.mark();
  float* const second = arena.Floats(100);
  arena.Rewind(mark);
  EXPECT_EQ(arena.Floats(1), second);
  EXPECT_EQ(arena.high_water(), 64 + Arena::FloatsBytes(100));
  arena.Rewind(0);
  EXPECT_EQ(arena.Floats(1), first);
}

TEST(ArenaTest, TheWholeBlockCanBeHandedOut) {
  Block block;
  Arena arena(block.bytes);
  arena.Bytes(4000);
  arena.Bytes(64);
  EXPECT_EQ(arena.mark(), arena.size());
  arena.Bytes(0);
}

TEST(ArenaDeathTest, AskingForMoreThanIsLeftAborts) {
  Block block;
  Arena arena(block.bytes);
  arena.Bytes(4000);
  EXPECT_DEATH(arena.Floats(17), "68 asked for|128 asked for");
  EXPECT_DEATH(arena.Bytes(std::numeric_limits<std::size_t>::max() - 10), "asked for");
}

}  // namespace
}  // namespace embd
