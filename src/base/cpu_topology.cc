#include "base/cpu_topology.h"

#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/system.h"

namespace embd {
namespace {

namespace fs = std::filesystem;

// No kernel is built for more.
constexpr int kMostCpus = 1 << 14;

std::string FirstLine(const fs::path& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

// "0-3,8,10-11" -> those numbers. What is not of this form is left out.
std::vector<int> ParseCpuList(std::string_view list) {
  std::vector<int> cpus;
  while (!list.empty()) {
    const std::string_view item = list.substr(0, list.find(','));
    list.remove_prefix(std::min(item.size() + 1, list.size()));
    int first = 0;
    const char* const end = item.data() + item.size();
    auto parsed = std::from_chars(item.data(), end, first);
    if (parsed.ec != std::errc{}) continue;
    int last = first;
    if (parsed.ptr != end && *parsed.ptr == '-') {
      parsed = std::from_chars(parsed.ptr + 1, end, last);
      if (parsed.ec != std::errc{}) continue;
    }
    for (int cpu = std::max(first, 0); cpu <= std::min(last, kMostCpus); ++cpu) cpus.push_back(cpu);
  }
  return cpus;
}

// The node of each CPU that a node lists.
std::map<int, int> ReadNodes(const fs::path& root) {
  std::map<int, int> nodes;
  std::error_code ec;
  for (const auto& entry : fs::directory_iterator(root / "sys/devices/system/node", ec)) {
    const std::string name = entry.path().filename().string();
    constexpr std::string_view kPrefix = "node";
    if (!name.starts_with(kPrefix)) continue;
    int node = 0;
    const char* const end = name.data() + name.size();
    const auto parsed = std::from_chars(name.data() + kPrefix.size(), end, node);
    if (parsed.ec != std::errc{} || parsed.ptr != end) continue;
    for (const int cpu : ParseCpuList(FirstLine(entry.path() / "cpulist"))) nodes[cpu] = node;
  }
  return nodes;
}

// The CPUs that share a physical core with this one, itself included.
std::vector<int> Siblings(const fs::path& root, int cpu) {
  const fs::path topology =
      root / "sys/devices/system/cpu" / ("cpu" + std::to_string(cpu)) / "topology";
  std::vector<int> siblings = ParseCpuList(FirstLine(topology / "thread_siblings_list"));
  if (siblings.empty()) siblings = {cpu};
  return siblings;
}

}  // namespace

int CpuGrant::available_cpus() const { return WholeCpus(cpus, quota); }

int CpuGrant::available_cores() const {
  return std::min(available_cpus(), static_cast<int>(cores.size()));
}

CpuGrant ReadCpuGrant(const fs::path& root) { return ReadCpuGrant(AllowedCpus(), root); }

CpuGrant ReadCpuGrant(std::span<const int> allowed, const fs::path& root) {
  CpuGrant grant;
  const std::map<int, int> nodes = ReadNodes(root);
  std::set<int> taken;
  for (const int cpu : allowed) {
    const bool first_of_core = taken.insert(cpu).second;
    for (const int sibling : Siblings(root, cpu)) taken.insert(sibling);
    if (!first_of_core) continue;
    const auto node = nodes.find(cpu);
    grant.cores.push_back({.cpu = cpu, .node = node == nodes.end() ? 0 : node->second});
  }
  if (grant.cores.empty()) grant.cores.push_back({});
  std::stable_sort(grant.cores.begin(), grant.cores.end(),
                   [](const CpuPlace& a, const CpuPlace& b) { return a.node < b.node; });
  grant.cpus = std::max(1, static_cast<int>(allowed.size()));
  const std::vector<int> online = ParseCpuList(FirstLine(root / "sys/devices/system/cpu/online"));
  grant.whole_machine = std::all_of(online.begin(), online.end(), [&](int cpu) {
    return std::find(allowed.begin(), allowed.end(), cpu) != allowed.end();
  });
  grant.quota = CpuQuota(root);
  return grant;
}

std::vector<int> AllowedCpus() {
  // The mask's size is not known beforehand; the kernel refuses one that is too small.
  for (int most = 1024; most <= (1 << 20); most *= 2) {
    cpu_set_t* const set = CPU_ALLOC(most);
    const std::size_t size = CPU_ALLOC_SIZE(most);
    std::vector<int> cpus;
    const bool filled = ::sched_getaffinity(0, size, set) == 0;
    for (int cpu = 0; filled && cpu < most; ++cpu) {
      if (CPU_ISSET_S(cpu, size, set)) cpus.push_back(cpu);
    }
    CPU_FREE(set);
    if (filled) return cpus;
  }
  return {};
}

bool AskForSlices(std::chrono::nanoseconds length) {
#if defined(SYS_sched_getattr) && defined(SYS_sched_setattr)
  // As the kernel defines it; glibc 2.36 does not.
  struct Attributes {
    std::uint32_t size = sizeof(Attributes);
    std::uint32_t policy = 0;
    std::uint64_t flags = 0;
    std::int32_t nice = 0;
    std::uint32_t priority = 0;
    std::uint64_t runtime = 0;  // for ordinary threads: the length of a slice, in nanoseconds
    std::uint64_t deadline = 0;
    std::uint64_t period = 0;
  };
  Attributes attributes;
  if (::syscall(SYS_sched_getattr, 0, &attributes, sizeof(attributes), 0) != 0) return false;
  if (attributes.policy != SCHED_OTHER) return false;  // somebody has decided otherwise
  attributes.runtime = static_cast<std::uint64_t>(length.count());
  if (::syscall(SYS_sched_setattr, 0, &attributes, 0) != 0) return false;
  Attributes now;
  return ::syscall(SYS_sched_getattr, 0, &now, sizeof(now), 0) == 0 &&
         now.runtime == attributes.runtime;
#else
  return false;
#endif
}

bool PinThread(int cpu) {
  cpu_set_t* const set = CPU_ALLOC(cpu + 1);
  const std::size_t size = CPU_ALLOC_SIZE(cpu + 1);
  CPU_ZERO_S(size, set);
  CPU_SET_S(cpu, size, set);
  const bool done = ::pthread_setaffinity_np(::pthread_self(), size, set) == 0;
  CPU_FREE(set);
  return done;
}

}  // namespace embd
