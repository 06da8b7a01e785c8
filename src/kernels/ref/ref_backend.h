#pragma once

#include <memory>

#include "kernels/backend.h"

namespace embd {

// The operations written as their definitions, with sums in double precision: what every other
// backend is tested against. Slow, runs anywhere.
std::unique_ptr<const Backend> MakeRefBackend();

}  // namespace embd
