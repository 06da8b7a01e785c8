#pragma once

namespace embd::testing {

// How often the calling thread has allocated so far. A test binary that links test_allocations.cc
// counts every form of operator new.
int ThreadAllocations();

}  // namespace embd::testing
