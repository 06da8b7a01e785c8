#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <future>
#include <optional>
#include <utility>
#include <vector>

#include "base/system.h"

namespace embd {

// The results of make(0) to make(count - 1), computed by as many threads as there are cores and in
// no particular order: for start-up work whose pieces do not depend on each other. The first
// exception of a thread is thrown once all have ended.
template <typename Make>
auto ParallelMap(std::size_t count, const Make& make) {
  using T = decltype(make(std::size_t{0}));
  std::vector<std::optional<T>> slots(count);
  std::atomic<std::size_t> next = 0;
  const auto work = [&] {
    for (std::size_t i = next++; i < count; i = next++) slots[i].emplace(make(i));
  };
  const auto cores = static_cast<std::size_t>(AvailableCores());
  std::vector<std::future<void>> helpers;
  for (std::size_t i = 1; i < std::min(cores, count); ++i) {
    helpers.push_back(std::async(std::launch::async, work));
  }
  work();
  for (std::future<void>& helper : helpers) helper.get();
  std::vector<T> results;
  results.reserve(count);
  for (std::optional<T>& slot : slots) results.push_back(*std::move(slot));
  return results;
}

}  // namespace embd
