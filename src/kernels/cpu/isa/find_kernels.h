#pragma once

#include "kernels/cpu/cpu_isa.h"
#include "kernels/cpu/kernel_table.h"

namespace embd::cpu {

// The kernels for `isa`, or null when this binary has none or this machine cannot run them. Written
// once per architecture: x86.cc, arm64.cc, other.cc.
const CpuKernels* FindKernels(CpuIsa isa);

// Each in the file of its instruction set; call only those that the architecture has.
const CpuKernels& PortableKernels();
const CpuKernels& Avx2Kernels();
const CpuKernels& Avx512Kernels();
const CpuKernels& NeonKernels();

// What replaces the integer products of AVX2, AVX-512 and NEON on newer machines.
const Int8Kernels& AvxVnniKernels();
const Int8Kernels& Avx512VnniKernels();
const Int8Kernels& AmxInt8Kernels();
const Int8Kernels& NeonDotprodKernels();
const Int8Kernels& NeonI8mmKernels();

// The kernels of one instruction set with the integer products of another.
inline CpuKernels WithInt8(CpuKernels kernels, const Int8Kernels& int8) {
  kernels.int8 = int8;
  return kernels;
}

}  // namespace embd::cpu
