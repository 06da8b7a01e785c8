#pragma once

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

// Tells the system that the calling thread computes at length: others that wake and are soon done
// may take its CPU at once, and it asks for as much time in longer pieces. Linux 6.12 and later;
// nothing changes elsewhere, and then this is false.
bool ExpectInterruptions();

// Keeps the calling thread on one CPU. False when the system refuses.
bool PinThread(int cpu);

}  // namespace embd
