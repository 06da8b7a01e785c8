#pragma once

#include <memory>

#include "kernels/backend.h"
#include "kernels/cpu/cpu_isa.h"

namespace embd {

// The operations with vector instructions, all in 32-bit floats. Weights are packed to floats
// whatever the checkpoint holds. Throws LoadError when this machine lacks `isa`.
std::unique_ptr<const Backend> MakeCpuBackend(CpuIsa isa);

}  // namespace embd
