#pragma once

#include <memory>

#include "kernels/backend.h"
#include "kernels/cpu/cpu_isa.h"

namespace embd {

// The operations with vector instructions, in 32-bit floats but for products with weights that were
// prepared as 8-bit integers. Throws LoadError when this machine lacks `isa`.
std::unique_ptr<const Backend> MakeCpuBackend(CpuIsa isa);

}  // namespace embd
