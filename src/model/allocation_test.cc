// A binary of its own, since it replaces the global allocation functions.

#include <gtest/gtest.h>

#include "base/test_allocations.h"
#include "kernels/cpu/cpu_backend.h"
#include "kernels/ref/ref_backend.h"
#include "model/test_support.h"

namespace embd {
namespace {

int AllocationsOfAStep(std::unique_ptr<const Backend> backend,
                       WeightPrecision precision = WeightPrecision::kFloat32,
                       const char* golden = "f32") {
  const test::LoadedModel loaded(test::GoldenModel(golden), std::move(backend), precision);
  const test::OwnedBatch batch = test::ReadExpected(test::GoldenModel(golden)).batch;
  const PageBuffer memory(loaded.model.ActivationBytes(batch.limits()));
  const PageBuffer scratch_memory(loaded.model.ScratchBytes(batch.limits()));
  Arena arena(memory.bytes());
  Arena scratch(scratch_memory.bytes());
  const Lane lane{.index = 0, .count = 1, .barrier = nullptr, .scratch = &scratch};
  const int before = testing::ThreadAllocations();
  loaded.model.Run(batch.view(), arena, lane);
  return testing::ThreadAllocations() - before;
}

TEST(Allocations, AreCounted) {
  const int before = testing::ThreadAllocations();
  delete new int;
  delete[] new double[100];
  EXPECT_EQ(testing::ThreadAllocations() - before, 2);
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

TEST(Allocations, NoHeadMakesAny) {
  for (const char* golden : {"classifier", "no_pooler", "roberta_reranker", "splade"}) {
    EXPECT_EQ(AllocationsOfAStep(MakeRefBackend(), WeightPrecision::kFloat32, golden), 0) << golden;
    for (const CpuIsa isa : SupportedCpuIsas()) {
      EXPECT_EQ(AllocationsOfAStep(MakeCpuBackend(isa), WeightPrecision::kInt8, golden), 0)
          << golden << CpuIsaName(isa);
    }
  }
}

}  // namespace
}  // namespace embd
