#include "base/system.h"

#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>
#include <limits>
#include <sstream>
#include <string_view>
#include <vector>

#include "base/cpu_topology.h"

namespace embd {
namespace {

namespace fs = std::filesystem;

std::optional<std::string> ReadFile(const fs::path& path) {
  std::ifstream file(path);
  if (!file) return std::nullopt;
  std::ostringstream content;
  content << file.rdbuf();
  return std::move(content).str();
}

std::vector<std::string> Words(const std::string& line) {
  std::istringstream stream(line);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

bool HasItem(const std::string& comma_list, std::string_view item) {
  std::istringstream stream(comma_list);
  for (std::string part; std::getline(stream, part, ',');) {
    if (part == item) return true;
  }
  return false;
}

// The number at the start of a file; nothing for "max", a negative number or an absent file.
std::optional<std::uint64_t> ReadNumber(const fs::path& path) {
  const std::optional<std::string> text = ReadFile(path);
  if (!text) return std::nullopt;
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc{}) return std::nullopt;
  return value;
}

enum class CgroupVersion { kV1, kV2 };

// A cgroup hierarchy as this process sees it: from its own group up to the top of the mount.
struct Hierarchy {
  CgroupVersion version = CgroupVersion::kV2;
  std::vector<fs::path> folders;
};

// The path of this process in the hierarchy of `controller` (v1) or the unified one (v2).
std::optional<std::string> OwnGroup(const fs::path& root, CgroupVersion version,
                                    std::string_view controller) {
  std::istringstream lines(ReadFile(root / "proc/self/cgroup").value_or(""));
  for (std::string line; std::getline(lines, line);) {
    const std::size_t first = line.find(':');
    if (first == std::string::npos) continue;
    const std::size_t second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const bool found =
        version == CgroupVersion::kV2 ? line.starts_with("0::") : HasItem(controllers, controller);
    if (found) return line.substr(second + 1);
  }
  return std::nullopt;
}

// Every folder from the process's own group to the mount point. A container without a cgroup
// namespace sees a group path that starts with the mount's own root, which is cut off.
std::vector<fs::path> FoldersUpwards(const fs::path& root, const std::string& mount_point,
                                     const std::string& mount_root, std::string group) {
  if ((group + "/").starts_with(mount_root + "/")) group.erase(0, mount_root.size());
  const fs::path top = root / fs::path(mount_point).relative_path();
  const fs::path relative = fs::path(group).relative_path().lexically_normal();
  std::vector<fs::path> folders = {top};
  for (const fs::path& part : relative) {
    if (part == ".." || part == "." || part.empty()) continue;
    folders.push_back(folders.back() / part);
  }
  std::reverse(folders.begin(), folders.end());
  return folders;
}

// The hierarchies that can limit `controller` ("memory" or "cpu"), by /proc/self/mountinfo:
// "id parent major:minor root mount_point options [fields] - type source super_options".
std::vector<Hierarchy> FindHierarchies(const fs::path& root, std::string_view controller) {
  std::vector<Hierarchy> hierarchies;
  std::istringstream lines(ReadFile(root / "proc/self/mountinfo").value_or(""));
  for (std::string line; std::getline(lines, line);) {
    const std::size_t dash = line.find(" - ");
    if (dash == std::string::npos) continue;
    const std::vector<std::string> mount = Words(line.substr(0, dash));
    const std::vector<std::string> kind = Words(line.substr(dash + 3));
    if (mount.size() < 6 || kind.size() < 3) continue;
    CgroupVersion version{};
    if (kind[0] == "cgroup2") {
      version = CgroupVersion::kV2;
    } else if (kind[0] == "cgroup" && HasItem(kind[2], controller)) {
      version = CgroupVersion::kV1;
    } else {
      continue;
    }
    const std::optional<std::string> group = OwnGroup(root, version, controller);
    if (!group) continue;
    hierarchies.push_back({version, FoldersUpwards(root, mount[4], mount[3], *group)});
  }
  return hierarchies;
}

// Cores by the CFS quota of one group; nothing when it has no quota.
std::optional<double> QuotaCores(const fs::path& folder, CgroupVersion version) {
  std::optional<std::uint64_t> quota;
  std::optional<std::uint64_t> period;
  if (version == CgroupVersion::kV2) {
    const std::vector<std::string> words = Words(ReadFile(folder / "cpu.max").value_or(""));
    if (words.size() != 2) return std::nullopt;
    quota = ReadNumber(folder / "cpu.max");
    std::uint64_t value = 0;
    std::from_chars(words[1].data(), words[1].data() + words[1].size(), value);
    period = value;
  } else {
    quota = ReadNumber(folder / "cpu.cfs_quota_us");
    period = ReadNumber(folder / "cpu.cfs_period_us");
  }
  if (!quota || !period || *period == 0) return std::nullopt;
  return static_cast<double>(*quota) / static_cast<double>(*period);
}

}  // namespace

std::optional<double> CpuQuota(const fs::path& root) {
  std::optional<double> least;
  for (const Hierarchy& hierarchy : FindHierarchies(root, "cpu")) {
    for (const fs::path& folder : hierarchy.folders) {
      const std::optional<double> quota = QuotaCores(folder, hierarchy.version);
      if (quota && (!least || *quota < *least)) least = quota;
    }
  }
  return least;
}

int WholeCpus(int cpus, std::optional<double> quota) {
  // Compared before it is rounded: a quota may be larger than an int.
  if (!quota || *quota >= cpus) return std::max(cpus, 1);
  return std::max(static_cast<int>(std::ceil(*quota)), 1);
}

int AvailableCores(const fs::path& root) {
  return WholeCpus(static_cast<int>(AllowedCpus().size()), CpuQuota(root));
}

MemoryLimit AvailableMemory(const fs::path& root) {
  MemoryLimit limit = {std::numeric_limits<std::uint64_t>::max(), "no limit found"};
  const auto consider = [&limit](std::optional<std::uint64_t> bytes, const char* source) {
    if (bytes && *bytes < limit.bytes) limit = {*bytes, source};
  };
  std::istringstream lines(ReadFile(root / "proc/meminfo").value_or(""));
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("MemTotal:")) continue;
    const std::vector<std::string> words = Words(line);
    std::uint64_t kib = 0;
    if (words.size() < 2) continue;
    const auto parsed = std::from_chars(words[1].data(), words[1].data() + words[1].size(), kib);
    if (parsed.ec == std::errc{}) consider(kib * 1024, "physical memory");
  }
  for (const Hierarchy& hierarchy : FindHierarchies(root, "memory")) {
    const bool v2 = hierarchy.version == CgroupVersion::kV2;
    for (const fs::path& folder : hierarchy.folders) {
      consider(ReadNumber(folder / (v2 ? "memory.max" : "memory.limit_in_bytes")),
               v2 ? "cgroup v2 memory.max" : "cgroup v1 memory.limit_in_bytes");
    }
  }
  return limit;
}

std::uint64_t ResidentBytes() {
  const std::vector<std::string> words = Words(ReadFile("/proc/self/statm").value_or(""));
  if (words.size() < 2) return 0;
  std::uint64_t pages = 0;
  std::from_chars(words[1].data(), words[1].data() + words[1].size(), pages);
  return pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

void SetThreadName(const char* name) {
  const std::string cut = std::string(name).substr(0, 15);
  ::pthread_setname_np(::pthread_self(), cut.c_str());
}

}  // namespace embd
