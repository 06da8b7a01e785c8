#include "base/page_buffer.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <new>
#include <utility>
#include <vector>

namespace embd {
namespace {

constexpr std::size_t kHuge = std::size_t{2} << 20U;

class PageBufferSize : public ::testing::TestWithParam<std::size_t> {};

TEST_P(PageBufferSize, IsAlignedZeroedResidentAndWritable) {
  const std::size_t size = GetParam();
  PageBuffer buffer(size);
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  ASSERT_EQ(buffer.size(), size);
  ASSERT_NE(buffer.data(), nullptr);
  const std::size_t alignment = size >= kHuge ? kHuge : page;
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(buffer.data()) % alignment, 0U);

  std::vector<unsigned char> pages((size + page - 1) / page);
  ASSERT_EQ(::mincore(buffer.data(), size, pages.data()), 0);
  EXPECT_TRUE(
      std::all_of(pages.begin(), pages.end(), [](unsigned char p) { return (p & 1U) != 0; }));

  const auto bytes = buffer.bytes();
  EXPECT_TRUE(
      std::all_of(bytes.begin(), bytes.end(), [](std::byte b) { return b == std::byte{0}; }));
  std::fill(bytes.begin(), bytes.end(), std::byte{0xAB});
  EXPECT_EQ(bytes.back(), std::byte{0xAB});
  EXPECT_GE(PageBuffer::ResidentBytes(size), size);
  EXPECT_LT(PageBuffer::ResidentBytes(size), size + page);
}

INSTANTIATE_TEST_SUITE_P(Sizes, PageBufferSize,
                         ::testing::Values(1, 4095, 4096, 4097, kHuge - 1, kHuge, kHuge + 1,
                                           3 * kHuge + 12'345));

TEST(PageBuffer, EmptyOwnsNothing) {
  const PageBuffer none;
  const PageBuffer zero(0);
  EXPECT_EQ(none.data(), nullptr);
  EXPECT_EQ(zero.data(), nullptr);
  EXPECT_EQ(zero.bytes().size(), 0U);
}

TEST(PageBuffer, Moves) {
  PageBuffer first(100);
  std::byte* const data = first.data();
  PageBuffer second(std::move(first));
  EXPECT_EQ(second.data(), data);
  PageBuffer third(5000);
  third = std::move(second);
  EXPECT_EQ(third.data(), data);
  EXPECT_EQ(third.size(), 100U);
}

TEST(PageBuffer, RefusalIsBadAlloc) {
  EXPECT_THROW(PageBuffer(std::size_t{1} << 60U), std::bad_alloc);
}

}  // namespace
}  // namespace embd
