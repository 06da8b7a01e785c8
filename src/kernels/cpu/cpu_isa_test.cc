#include "kernels/cpu/cpu_isa.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/load_error.h"
#include "kernels/cpu/cpu_backend.h"

namespace embd {
namespace {

std::string Refusal(std::string_view choice) {
  try {
    CpuIsaFromChoice(choice, "EMBD_ISA");
  } catch (const LoadError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(CpuIsaTest, NamesGoBothWays) {
  for (const CpuIsa isa :
       {CpuIsa::kPortable, CpuIsa::kNeon, CpuIsa::kNeonDotprod, CpuIsa::kNeonI8mm, CpuIsa::kAvx2,
        CpuIsa::kAvxVnni, CpuIsa::kAvx512, CpuIsa::kAvx512Vnni, CpuIsa::kAmxInt8}) {
    EXPECT_EQ(CpuIsaFromName(CpuIsaName(isa)), isa);
  }
  EXPECT_FALSE(CpuIsaFromName("AVX2").has_value());
}

TEST(CpuIsaTest, PortableIsAlwaysThereAndTheBestIsSupported) {
  EXPECT_TRUE(CpuSupports(CpuIsa::kPortable));
  EXPECT_EQ(SupportedCpuIsas().front(), CpuIsa::kPortable);
  EXPECT_TRUE(CpuSupports(BestCpuIsa()));
  EXPECT_FALSE(CpuSupports(CpuIsa::kNeon) && CpuSupports(CpuIsa::kAvx2));
}

TEST(CpuIsaTest, AChoiceIsHonouredOrRefused) {
  EXPECT_EQ(CpuIsaFromChoice("", "EMBD_ISA"), BestCpuIsa());
  for (const CpuIsa isa : SupportedCpuIsas()) {
    EXPECT_EQ(CpuIsaFromChoice(CpuIsaName(isa), "EMBD_ISA"), isa);
    EXPECT_EQ(MakeCpuBackend(isa)->name(), "cpu-" + std::string(CpuIsaName(isa)));
  }
  EXPECT_THAT(Refusal("sse9"), ::testing::HasSubstr("EMBD_ISA: expected one of"));
  const CpuIsa foreign = CpuSupports(CpuIsa::kNeon) ? CpuIsa::kAvx2 : CpuIsa::kNeon;
  EXPECT_THAT(Refusal(CpuIsaName(foreign)), ::testing::HasSubstr("this machine cannot run it"));
  EXPECT_THROW(MakeCpuBackend(foreign), LoadError);
}

}  // namespace
}  // namespace embd
