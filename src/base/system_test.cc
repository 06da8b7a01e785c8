#include "base/system.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "base/test_root.h"

namespace embd {
namespace {

using testing::FalseRoot;
using testing::Files;

const std::string kMemInfo = "MemTotal:       16384 kB\nMemFree:        1 kB\n";
const std::string kV2Mount =
    "31 23 0:28 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw\n";
const std::string kV1Mounts =
    "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n"
    "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
    "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n";
const std::string kV1Groups = "9:name=systemd:/\n4:memory:/job\n3:cpu,cpuacct:/job\n0::/\n";

struct MemoryCase {
  const char* name;
  Files files;
  std::uint64_t bytes;
  const char* source;
};

class MemoryOf : public ::testing::TestWithParam<MemoryCase> {};

TEST_P(MemoryOf, IsTheSmallestLimit) {
  const FalseRoot root(GetParam().files);
  const MemoryLimit limit = AvailableMemory(root.path());
  EXPECT_EQ(limit.bytes, GetParam().bytes);
  EXPECT_EQ(limit.source, GetParam().source);
}

const MemoryCase kMemoryCases[] = {
    {"physical_only", {{"proc/meminfo", kMemInfo}}, 16384ULL * 1024, "physical memory"},
    {"v2_own_group",
     {{"proc/meminfo", kMemInfo},
      {"proc/self/cgroup", "0::/pod/app\n"},
      {"proc/self/mountinfo", kV2Mount},
      {"sys/fs/cgroup/pod/app/memory.max", "1048576\n"}},
     1048576,
     "cgroup v2 memory.max"},
    {"v2_parent_is_tighter",
     {{"proc/meminfo", kMemInfo},
      {"proc/self/cgroup", "0::/pod/app\n"},
      {"proc/self/mountinfo", kV2Mount},
      {"sys/fs/cgroup/pod/app/memory.max", "max\n"},
      {"sys/fs/cgroup/pod/memory.max", "2097152\n"}},
     2097152,
     "cgroup v2 memory.max"},
    {"v2_namespaced",  // a container that sees itself as the root
     {{"proc/meminfo", kMemInfo},
      {"proc/self/cgroup", "0::/\n"},
      {"proc/self/mountinfo", kV2Mount},
      {"sys/fs/cgroup/memory.max", "3145728\n"}},
     3145728,
     "cgroup v2 memory.max"},
    {"v2_unlimited",
     {{"proc/meminfo", kMemInfo},
      {"proc/self/cgroup", "0::/a\n"},
      {"proc/self/mountinfo", kV2Mount},
      {"sys/fs/cgroup/a/memory.max", "max\n"}},
     16384ULL * 1024,
     "physical memory"},
    {"v2_above_physical",
     {{"proc/meminfo", kMemInfo},
      {"proc/self/cgroup", "0::/a\n"},
      {"proc/self/mountinfo", kV2Mount},
      {"sys/fs/cgroup/a/memory.max", "99999999999\n"}},
     16384ULL * 1024,
     "physical memory"},
    {"v1_own_group",
     {{"proc/meminfo", kMemInfo},
      {"proc/self/cgroup", kV1Groups},
      {"proc/self/mountinfo", kV1Mounts},
      {"sys/fs/cgroup/memory/job/memory.limit_in_bytes", "4194304\n"},
      {"sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n"}},
     4194304,
     "cgroup v1 memory.limit_in_bytes"},
    {"v1_container_without_namespace",  // the mount's root is the group itself
     {{"proc/meminfo", kMemInfo},
      {"proc/self/cgroup", "4:memory:/docker/abc\n"},
      {"proc/self/mountinfo",
       "35 31 0:32 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n"},
      {"sys/fs/cgroup/memory/memory.limit_in_bytes", "5242880\n"}},
     5242880,
     "cgroup v1 memory.limit_in_bytes"},
    {"garbage_is_no_limit",
     {{"proc/meminfo", kMemInfo},
      {"proc/self/cgroup", "no colons\n0::/../../etc\n"},
      {"proc/self/mountinfo", "short line\n31 - cgroup2\n" + kV2Mount},
      {"sys/fs/cgroup/etc/memory.max", "-5\n"}},
     16384ULL * 1024,
     "physical memory"},
};

INSTANTIATE_TEST_SUITE_P(Machines, MemoryOf, ::testing::ValuesIn(kMemoryCases),
                         [](const auto& row) { return std::string(row.param.name); });

struct CoresCase {
  const char* name;
  Files files;
  int quota_cores;  // 0: the files set no quota
};

class CoresOf : public ::testing::TestWithParam<CoresCase> {};

// The affinity mask is the real one, so the expectation is the smaller of it and the quota.
TEST_P(CoresOf, IsTheQuotaRoundedUp) {
  const FalseRoot none({});
  const int affinity = AvailableCores(none.path());
  ASSERT_GE(affinity, 1);
  const FalseRoot root(GetParam().files);
  const int quota = GetParam().quota_cores;
  EXPECT_EQ(AvailableCores(root.path()), quota == 0 ? affinity : std::min(affinity, quota));
}

const CoresCase kCoresCases[] = {
    {"v2_one",
     {{"proc/self/cgroup", "0::/a\n"},
      {"proc/self/mountinfo", kV2Mount},
      {"sys/fs/cgroup/a/cpu.max", "100000 100000\n"}},
     1},
    {"v2_fraction_is_one",
     {{"proc/self/cgroup", "0::/a\n"},
      {"proc/self/mountinfo", kV2Mount},
      {"sys/fs/cgroup/a/cpu.max", "5000 100000\n"}},
     1},
    {"v2_rounds_up",
     {{"proc/self/cgroup", "0::/a\n"},
      {"proc/self/mountinfo", kV2Mount},
      {"sys/fs/cgroup/a/cpu.max", "100001 100000\n"}},
     2},
    {"v2_max",
     {{"proc/self/cgroup", "0::/a\n"},
      {"proc/self/mountinfo", kV2Mount},
      {"sys/fs/cgroup/a/cpu.max", "max 100000\n"}},
     0},
    {"v2_parent",
     {{"proc/self/cgroup", "0::/a/b\n"},
      {"proc/self/mountinfo", kV2Mount},
      {"sys/fs/cgroup/a/b/cpu.max", "max 100000\n"},
      {"sys/fs/cgroup/a/cpu.max", "50000 100000\n"}},
     1},
    {"v1_quota",
     {{"proc/self/cgroup", kV1Groups},
      {"proc/self/mountinfo", kV1Mounts},
      {"sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_quota_us", "30000\n"},
      {"sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_period_us", "100000\n"}},
     1},
    {"v1_unlimited",
     {{"proc/self/cgroup", kV1Groups},
      {"proc/self/mountinfo", kV1Mounts},
      {"sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_quota_us", "-1\n"},
      {"sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_period_us", "100000\n"}},
     0},
    {"zero_period",
     {{"proc/self/cgroup", "0::/a\n"},
      {"proc/self/mountinfo", kV2Mount},
      {"sys/fs/cgroup/a/cpu.max", "5000 0\n"}},
     0},
};

INSTANTIATE_TEST_SUITE_P(Machines, CoresOf, ::testing::ValuesIn(kCoresCases),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(System, ThisMachineHasLimits) {
  EXPECT_GE(AvailableCores(), 1);
  EXPECT_GT(AvailableMemory().bytes, 0U);
  EXPECT_NE(AvailableMemory().source, "no limit found");
}

TEST(System, ResidentBytesGrowsWithTouchedMemory) {
  const std::uint64_t before = ResidentBytes();
  ASSERT_GT(before, 0U);
  const std::vector<char> touched(std::size_t{64} << 20U, 'x');
  EXPECT_GE(ResidentBytes(), before + touched.size() / 2);
}

TEST(System, ThreadNameIsCut) {
  std::jthread([] {
    SetThreadName("a-name-longer-than-fifteen-bytes");
    char name[16] = {};
    ASSERT_EQ(::pthread_getname_np(::pthread_self(), name, sizeof(name)), 0);
    EXPECT_STREQ(name, "a-name-longer-t");
  }).join();
}

}  // namespace
}  // namespace embd
