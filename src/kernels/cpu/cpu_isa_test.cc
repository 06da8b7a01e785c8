#include "kernels/cpu/cpu_isa.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <sstream>

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

// The other tests run on what the machine has, and would pass unseen if it lost one. Where it is
// known what it has, as of an emulator, EMBD_EXPECT_ISAS names them, with commas between.
TEST(CpuIsaTest, TheMachineRunsWhatTheEnvironmentExpects) {
  std::cout << "Tested instruction sets:";
  for (const CpuIsa isa : SupportedCpuIsas()) std::cout << " " << CpuIsaName(isa);
  std::cout << "\n";
  const char* const expected = std::getenv("EMBD_EXPECT_ISAS");
  std::istringstream names(expected == nullptr ? "" : expected);
  for (std::string name; std::getline(names, name, ',');) {
    const std::optional<CpuIsa> isa = CpuIsaFromName(name);
    ASSERT_TRUE(isa.has_value()) << name;
    EXPECT_TRUE(CpuSupports(*isa)) << name;
  }
}

}  // namespace
}  // namespace embd
