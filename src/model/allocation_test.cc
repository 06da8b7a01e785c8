// A binary of its own, since it replaces the global allocation functions.

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

#include "kernels/cpu/cpu_backend.h"
#include "kernels/ref/ref_backend.h"
#include "model/test_support.h"

namespace {

constexpr std::size_t kAlignment = alignof(std::max_align_t);
std::atomic<int> allocations = 0;

void* Allocate(std::size_t size, std::size_t alignment) {
  ++allocations;
  const std::size_t rounded = (size + alignment - 1) / alignment * alignment;
  void* const memory = std::aligned_alloc(alignment, rounded == 0 ? alignment : rounded);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

// NOLINTNEXTLINE(cppcoreguidelines-no-malloc): this is where memory goes
__attribute__((noinline)) void Free(void* memory) { std::free(memory); }

}  // namespace

// All forms, since a sanitizer's own would take the place of those left out. Freeing is out of
// line: inlined, the compiler takes it for a mistake.
void* operator new(std::size_t size) { return Allocate(size, kAlignment); }
void* operator new[](std::size_t size) { return Allocate(size, kAlignment); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return Allocate(size, kAlignment);
}
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
  return Allocate(size, kAlignment);
}
void* operator new(std::size_t size, std::align_val_t alignment) {
  return Allocate(size, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t size, std::align_val_t alignment) {
  return Allocate(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept { Free(memory); }
void operator delete[](void* memory) noexcept { Free(memory); }
void operator delete(void* memory, std::size_t) noexcept { Free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { Free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { Free(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { Free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { Free(memory); }
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept { Free(memory); }

namespace embd {
namespace {

int AllocationsOfAStep(std::unique_ptr<const Backend> backend,
                       WeightPrecision precision = WeightPrecision::kFloat32) {
  const test::LoadedModel loaded(test::GoldenModel("f32"), std::move(backend), precision);
  const test::OwnedBatch batch = test::ReadExpected(test::GoldenModel("f32")).batch;
  const PageBuffer memory(loaded.model.ActivationBytes(batch.limits()));
  const PageBuffer scratch_memory(loaded.model.ScratchBytes(batch.limits()));
  Arena arena(memory.bytes());
  Arena scratch(scratch_memory.bytes());
  const Lane lane{.index = 0, .count = 1, .barrier = nullptr, .scratch = &scratch};
  const int before = allocations;
  loaded.model.Run(batch.view(), arena, lane);
  return allocations - before;
}

TEST(Allocations, AreCounted) {
  const int before = allocations;
  delete new int;
  delete[] new double[100];
  EXPECT_EQ(allocations - before, 2);
}

TEST(Allocations, AStepMakesNone) {
  EXPECT_EQ(AllocationsOfAStep(MakeRefBackend()), 0);
  for (const CpuIsa isa : SupportedCpuIsas()) {
    for (const WeightPrecision precision :
         {WeightPrecision::kFloat32, WeightPrecision::kBFloat16, WeightPrecision::kInt8}) {
      EXPECT_EQ(AllocationsOfAStep(MakeCpuBackend(isa), precision), 0) << CpuIsaName(isa);
    }
  }
}

}  // namespace
}  // namespace embd
