#include "base/cpu_topology.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <ostream>
#include <string>
#include <thread>

#include "base/test_root.h"

namespace embd {

void PrintTo(const CpuPlace& place, std::ostream* out) {
  *out << "cpu " << place.cpu << " on node " << place.node;
}

namespace {

namespace fs = std::filesystem;

using testing::FalseRoot;
using testing::Files;
using Places = std::vector<CpuPlace>;

const fs::path kCpus = "sys/devices/system/cpu";
const fs::path kNodes = "sys/devices/system/node";

Files Machine(const std::string& online, const Files& siblings, const Files& nodes) {
  Files files = {{kCpus / "online", online}};
  for (const auto& [cpu, list] : siblings) {
    files[kCpus / ("cpu" + cpu) / "topology/thread_siblings_list"] = list;
  }
  for (const auto& [node, list] : nodes) files[kNodes / ("node" + node) / "cpulist"] = list;
  return files;
}

Files Quota(Files files, const std::string& cpu_max) {
  files["proc/self/cgroup"] = "0::/";
  files["proc/self/mountinfo"] = "31 23 0:28 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw";
  files["sys/fs/cgroup/cpu.max"] = cpu_max;
  return files;
}

// Two nodes of two cores of two threads, siblings numbered as most servers do.
const Files kTwoNodes = Machine("0-7",
                                {{"0", "0,4"},
                                 {"1", "1,5"},
                                 {"2", "2,6"},
                                 {"3", "3,7"},
                                 {"4", "0,4"},
                                 {"5", "1,5"},
                                 {"6", "2,6"},
                                 {"7", "3,7"}},
                                {{"0", "0-1,4-5"}, {"1", "2-3,6-7"}});
const std::vector<int> kAllEight = {0, 1, 2, 3, 4, 5, 6, 7};

struct CpuTopologyCase {
  const char* name;
  Files files;
  std::vector<int> allowed;
  Places cores;
  bool whole_machine = true;
  int available_cpus = 0;
  int available_cores = 0;
};

void PrintTo(const CpuTopologyCase& c, std::ostream* out) { *out << c.name; }

class CpuGrantTest : public ::testing::TestWithParam<CpuTopologyCase> {};

TEST_P(CpuGrantTest, CountsCoresByNode) {
  const FalseRoot root(GetParam().files);
  const CpuGrant grant = ReadCpuGrant(GetParam().allowed, root.path());
  EXPECT_EQ(grant.cores, GetParam().cores);
  EXPECT_EQ(grant.whole_machine, GetParam().whole_machine);
  EXPECT_EQ(grant.available_cpus(), GetParam().available_cpus);
  EXPECT_EQ(grant.available_cores(), GetParam().available_cores);
}

INSTANTIATE_TEST_SUITE_P(
    All, CpuGrantTest,
    ::testing::Values(
        CpuTopologyCase{"NothingKnown", {}, {0, 1}, {{0, 0}, {1, 0}}, true, 2, 2},
        CpuTopologyCase{"NothingAllowed", {}, {}, {{0, 0}}, true, 1, 1},
        CpuTopologyCase{"SiblingsCountOnce",
                        kTwoNodes,
                        kAllEight,
                        {{0, 0}, {1, 0}, {2, 1}, {3, 1}},
                        true,
                        8,
                        4},
        CpuTopologyCase{
            "NeighbouringSiblings",
            Machine("0-3", {{"0", "0-1"}, {"1", "0-1"}, {"2", "2-3"}, {"3", "2-3"}}, {}),
            {0, 1, 2, 3},
            {{0, 0}, {2, 0}},
            true,
            4,
            2},
        CpuTopologyCase{
            "OneThreadOfEachCoreAllowed", kTwoNodes, {4, 5}, {{4, 0}, {5, 0}}, false, 2, 2},
        CpuTopologyCase{"BothThreadsOfOneCoreAllowed", kTwoNodes, {1, 5}, {{1, 0}}, false, 2, 1},
        CpuTopologyCase{"NodesTogether",
                        Machine("0-3", {}, {{"0", "0,2"}, {"1", "1,3"}}),
                        {0, 1, 2, 3},
                        {{0, 0}, {2, 0}, {1, 1}, {3, 1}},
                        true,
                        4,
                        4},
        CpuTopologyCase{"QuotaBelowCores",
                        Quota(kTwoNodes, "150000 100000"),
                        kAllEight,
                        {{0, 0}, {1, 0}, {2, 1}, {3, 1}},
                        true,
                        2,
                        2},
        CpuTopologyCase{"QuotaBetweenCoresAndThreads",
                        Quota(kTwoNodes, "600000 100000"),
                        kAllEight,
                        {{0, 0}, {1, 0}, {2, 1}, {3, 1}},
                        true,
                        6,
                        4},
        CpuTopologyCase{"TinyQuota",
                        Quota(kTwoNodes, "10000 100000"),
                        kAllEight,
                        {{0, 0}, {1, 0}, {2, 1}, {3, 1}},
                        true,
                        1,
                        1},
        CpuTopologyCase{"NoQuota", Quota(kTwoNodes, "max 100000"), {0, 4}, {{0, 0}}, false, 2, 1},
        CpuTopologyCase{
            "MalformedLists",
            Machine("x", {{"0", "zero"}, {"1", "1-"}}, {{"0", ",,-3,x"}, {"one", "0-1"}}),
            {0, 1},
            {{0, 0}, {1, 0}},
            true,
            2,
            2},
        CpuTopologyCase{"AbsurdRanges",
                        Machine("0-999999999", {{"0", "0-2147483647"}}, {}),
                        {0, 1},
                        {{0, 0}},
                        false,
                        2,
                        1}),
    [](const auto& test) { return test.param.name; });

TEST(CpuGrantTest, TheRealMachineHasACore) {
  const CpuGrant grant = ReadCpuGrant();
  EXPECT_GE(grant.available_cores(), 1);
  EXPECT_EQ(static_cast<std::size_t>(grant.cpus), AllowedCpus().size());
}

TEST(AskForSlicesTest, LeavesThePriorityAsItIs) {
  for (const std::chrono::nanoseconds length : {kComputeSlice, kShortSlice}) {
    std::thread([length] {
      const int before = ::getpriority(PRIO_PROCESS, 0);
      AskForSlices(length);
      EXPECT_EQ(::getpriority(PRIO_PROCESS, 0), before);
      EXPECT_EQ(::sched_getscheduler(0), SCHED_OTHER);
    }).join();
  }
}

TEST(PinThreadTest, PinsToAnAllowedCpuAndToNoOther) {
  const int cpu = AllowedCpus().back();
  std::thread([cpu] {
    EXPECT_TRUE(PinThread(cpu));
    EXPECT_EQ(AllowedCpus(), std::vector<int>{cpu});
    EXPECT_FALSE(PinThread(10'000));
    EXPECT_EQ(AllowedCpus(), std::vector<int>{cpu});
  }).join();
}

}  // namespace
}  // namespace embd
