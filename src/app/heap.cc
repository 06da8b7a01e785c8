#include "app/heap.h"

#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <thread>
#include <vector>

#include "base/system.h"

namespace embd {
namespace {

// Below the size from which the allocator asks the system for each block alone.
constexpr std::size_t kBlock = std::size_t{1} << 20U;

// All pages of the block, in one call where the kernel has it (since 5.14).
void Touch(std::byte* block) {
#ifdef MADV_POPULATE_WRITE
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  const std::uintptr_t address = reinterpret_cast<std::uintptr_t>(block);
  const std::uintptr_t first = address / page * page;
  if (::madvise(block - (address - first), address + kBlock - first, MADV_POPULATE_WRITE) == 0)
    return;
#endif
  std::memset(block, 1, kBlock);
}

using Block = std::unique_ptr<std::byte[]>;

// On two threads, since the system takes its time to clear pages, and the start waits for it.
void TouchAll(std::span<Block> blocks) {
  const auto touch = [](std::span<Block> part) {
    for (const Block& block : part) Touch(block.get());
  };
  const std::size_t half = blocks.size() / 2;
  const std::jthread other(touch, blocks.subspan(half));
  touch(blocks.first(half));
}

}  // namespace

// One arena, since what is reserved in one is of no use to a thread that allocates from another. A
// request's few large buffers are all that pass by the threads' own caches. Bodies and answers,
// too, come from what is reserved, and nothing is given back, so the thresholds are out of their
// way.
void TuneHeap() {
  ::mallopt(M_ARENA_MAX, 1);
  ::mallopt(M_MMAP_THRESHOLD, 8 << 20);
  ::mallopt(M_TRIM_THRESHOLD, INT_MAX);
}

void ReserveHeap(std::uint64_t planned_bytes) {
  // The allocator gives first what start-up has left it, which is resident already: so what is
  // missing shows only afterwards.
  std::vector<Block> blocks;
  const std::uint64_t most = planned_bytes / kBlock;
  for (;;) {
    const std::uint64_t resident = ResidentBytes();
    if (resident == 0 || resident + kBlock > planned_bytes || blocks.size() >= most) return;
    const std::size_t before = blocks.size();
    const std::uint64_t missing = (planned_bytes - resident) / kBlock;
    while (blocks.size() < std::min(before + missing, most)) {
      blocks.push_back(std::make_unique_for_overwrite<std::byte[]>(kBlock));
    }
    TouchAll(std::span(blocks).subspan(before));
  }
}

}  // namespace embd
