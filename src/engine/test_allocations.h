#pragma once

#include <cstddef>

namespace embd::testing {

// How often the calling thread has allocated so far. A test binary that links test_allocations.cc
// counts every operator new.
std::size_t ThreadAllocations();

}  // namespace embd::testing
