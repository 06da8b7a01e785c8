#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace embd {

// What this process may use of the machine. The root folder is a parameter so that tests can lay
// out a false /proc and /sys.

// CPUs' worth of time that the cgroups (v1 or v2) grant, the least that applies; none: no limit.
std::optional<double> CpuQuota(const std::filesystem::path& root = "/");

// Of so many CPUs, the whole ones that a quota of time leaves: rounded up, at least 1.
int WholeCpus(int cpus, std::optional<double> quota);

// Whole cores available for compute: the smaller of the affinity mask and the cgroup (v1 or v2)
// CPU quota rounded up, at least 1.
int AvailableCores(const std::filesystem::path& root = "/");

// The memory that this process may fill, and who says so.
struct MemoryLimit {
  std::uint64_t bytes = 0;
  std::string
      source;  // "physical memory", "cgroup v2 memory.max", "cgroup v1 memory.limit_in_bytes"
};

// The smallest limit that applies: physical memory and each cgroup from the process's own up to the
// root of the hierarchy.
MemoryLimit AvailableMemory(const std::filesystem::path& root = "/");

// Bytes of this process that are in physical memory now; 0 when the kernel does not say.
std::uint64_t ResidentBytes();

// Gives each thread a name that `top -H` and debuggers show (cut to 15 bytes).
void SetThreadName(const char* name);

}  // namespace embd
