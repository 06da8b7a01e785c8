#include "engine/test_allocations.h"

#include <cstdlib>
#include <new>

namespace {

thread_local std::size_t allocations = 0;

}  // namespace

// The array and nothrow forms end here, too.
// NOLINTBEGIN(cppcoreguidelines-no-malloc): this is where memory comes from
void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
// NOLINTEND(cppcoreguidelines-no-malloc)

namespace embd::testing {

std::size_t ThreadAllocations() { return allocations; }

}  // namespace embd::testing
