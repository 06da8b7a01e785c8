#include "base/page_allocator.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

namespace embd {
namespace {

using Numbers = std::vector<std::uint64_t, PageAllocator<std::uint64_t>>;

TEST(PageAllocator, KeepsWhatGrowsFromTheHeapIntoMappings) {
  Numbers numbers;
  for (std::uint64_t i = 0; i < 1'000'000; ++i) numbers.push_back(i);
  EXPECT_EQ(std::accumulate(numbers.begin(), numbers.end(), std::uint64_t{0}), 499'999'500'000u);
  const Numbers copy = numbers;
  numbers = Numbers(10, 7);
  EXPECT_EQ(copy[999'999], 999'999u);
  EXPECT_EQ(numbers, Numbers(10, 7));
}

TEST(PageAllocator, RefusesWhatNoMachineHas) {
  PageAllocator<std::uint64_t> allocator;
  const std::size_t most = std::numeric_limits<std::size_t>::max();
  EXPECT_THROW(static_cast<void>(allocator.allocate(most)), std::bad_alloc);
  EXPECT_THROW(static_cast<void>(allocator.allocate(most / 2 / sizeof(std::uint64_t))),
               std::bad_alloc);
}

}  // namespace
}  // namespace embd
