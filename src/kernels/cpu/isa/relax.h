#pragma once

namespace embd::cpu {

// Tells the core that this thread waits for another, once per architecture (x86.cc, arm64.cc,
// other.cc): it saves power and leaves the core to a sibling thread for some cycles.
void Relax();

}  // namespace embd::cpu
