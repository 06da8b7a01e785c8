#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <span>
#include <vector>

namespace embd {

// A CPU as the kernel numbers them, and the memory that is near to it.
struct CpuPlace {
  int cpu = 0;
  int node = 0;

  bool operator==(const CpuPlace&) const = default;
};

// The CPUs of this machine that the process may run on. The root folder is a parameter so that
// tests can lay out a false /sys.
struct CpuGrant {
  // The first allowed CPU of each physical core, by node: two threads that share a core's
  // arithmetic units are no faster than one. Never empty.
  std::vector<CpuPlace> cores;
  int cpus = 1;                 // allowed ones, siblings counted
  bool whole_machine = true;    // all that are online; else somebody chose a part for this process
  std::optional<double> quota;  // CPUs' worth of time that the cgroup grants; none: unlimited

  // Whole CPUs that can be busy at once: by affinity and by quota, rounded up.
  int available_cpus() const;
  // Of those, the ones that can compute at full speed: siblings count once.
  int available_cores() const;
};

CpuGrant ReadCpuGrant(const std::filesystem::path& root = "/");
// The same for the given affinity mask.
CpuGrant ReadCpuGrant(std::span<const int> allowed, const std::filesystem::path& root);

// The CPUs of the process's affinity mask, ascending.
std::vector<int> AllowedCpus();

// In what pieces the calling thread wants its share of a CPU, between 0.1 and 100 ms. The share
// does not change. A thread that wakes takes the CPU at once from one that asked for longer pieces,
// and one that has had more than its share is kept waiting for some twenty of them. Linux 6.12 and
// later; nothing changes elsewhere, or where somebody has chosen a policy for the thread, and then
// this is false.
bool AskForSlices(std::chrono::nanoseconds length);
// What threads ask for that compute at length, and those that are soon done: that bring them their
// work, and that answer clients.
inline constexpr std::chrono::microseconds kComputeSlice{200};
inline constexpr std::chrono::microseconds kShortSlice{100};

// Keeps the calling thread on one CPU. False when the system refuses.
bool PinThread(int cpu);

}  // namespace embd
