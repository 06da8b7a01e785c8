#pragma once

#include <cstdint>

namespace embd {

// Settings of the allocator for a process whose memory is planned. Called once, first in main.
void TuneHeap();

// Makes the process as large as its memory plan now: takes what is missing from the system, touches
// it and gives it to the allocator, which keeps it. So a request neither waits for pages nor finds
// that the machine has none left, and the resident size does not move afterwards.
void ReserveHeap(std::uint64_t planned_bytes);

}  // namespace embd
