// Times bare products of 32-bit floats on several threads at once, in elapsed time: what the
// machine gave each of its cores in that moment, whoever else ran. The comparisons in this folder
// sample it beside every measurement.
//
//   embd_peak [threads] [milliseconds] [isa]
//
// Prints the operations that a thread did a second, on average; exits with 1 where no loop is
// written for the instruction set.

#include <algorithm>
#include <barrier>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <thread>
#include <vector>

#include "bench/register_peak.h"

namespace embd {
namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

// Of one thread, operations a second of the time that passed; `start` is met by all threads.
double Rate(CpuIsa isa, Seconds length, std::barrier<>& start) {
  PeakFlops(isa);
  start.arrive_and_wait();
  const Clock::time_point begin = Clock::now();
  double operations = 0;
  Seconds passed{};
  do {
    // PeakFlops goes by the thread's own time, which stands still while others have the core.
    const double before = ThreadSeconds();
    const double rate = PeakFlops(isa);
    operations += rate * (ThreadSeconds() - before);
    passed = Clock::now() - begin;
  } while (passed < length);
  return operations / passed.count();
}

int Main(int argc, char** argv) {
  const auto number = [&](int i, long otherwise) {
    return argc > i ? std::max(1L, std::strtol(argv[i], nullptr, 10)) : otherwise;
  };
  const long threads = number(1, 1);
  const Seconds length(1e-3 * static_cast<double>(number(2, 50)));
  const CpuIsa isa = CpuIsaFromChoice(argc > 3 ? argv[3] : "", "third argument");
  if (PeakFlops(isa) == 0) {
    std::fprintf(stderr, "embd_peak: no loop is written for %s\n", CpuIsaName(isa).data());
    return 1;
  }
  std::barrier<> start(threads);
  std::vector<double> rates(static_cast<std::size_t>(threads));
  {
    std::vector<std::jthread> workers;
    workers.reserve(rates.size());
    for (double& rate : rates) {
      workers.emplace_back([&] { rate = Rate(isa, length, start); });
    }
  }
  const double mean =
      std::accumulate(rates.begin(), rates.end(), 0.0) / static_cast<double>(threads);
  std::printf("%.2f GFLOP/s a core, %ld threads, %s\n", 1e-9 * mean, threads,
              CpuIsaName(isa).data());
  return 0;
}

}  // namespace
}  // namespace embd

int main(int argc, char** argv) { return embd::Main(argc, argv); }
