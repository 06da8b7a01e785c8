#pragma once

#include <ctime>

#include "kernels/cpu/cpu_isa.h"

// The machine's own limits, timed by loops of bare instructions on registers, so that a kernel
// can be quoted in per cent of what the core did in the same moment: a shared machine's speed
// drifts by half.
namespace embd {

// Of this thread alone, in seconds.
inline double ThreadSeconds() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

// 240 times an instruction, or a few, on zeros, over twelve registers in turn so that none waits
// for the one before; \r stands for the register's number. Written out, so that no compiler can
// spill them.
#define EMBD_PEAK_STEP(instructions)                                                        \
  asm volatile(                                                                             \
      "vpxor %%xmm15, %%xmm15, %%xmm15\n"                                                   \
      ".irp r, 0,1,2,3,4,5,6,7,8,9,10,11\n"                                                 \
      "vpxor %%xmm\\r, %%xmm\\r, %%xmm\\r\n"                                                \
      ".endr\n"                                                                             \
      ".rept 20\n"                                                                          \
      ".irp r, 0,1,2,3,4,5,6,7,8,9,10,11\n" instructions                                    \
      ".endr\n"                                                                             \
      ".endr\n"                                                                             \
      "vzeroupper" ::                                                                       \
          : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", \
            "xmm10", "xmm11", "xmm14", "xmm15")

// Operations a second of steps that do `operations` with each of their 240.
template <typename Step>
double PeakRate(double operations, Step step) {
  constexpr int kSteps = 20'000;
  const double start = ThreadSeconds();
  for (int i = 0; i < kSteps; ++i) step();
  return 240.0 * kSteps * operations / (ThreadSeconds() - start);
}

inline double PeakFlopsAvx512() {
  return PeakRate(32, [] { EMBD_PEAK_STEP("vfmadd231ps %%zmm15, %%zmm15, %%zmm\\r\n"); });
}

inline double PeakFlopsAvx2() {
  return PeakRate(16, [] { EMBD_PEAK_STEP("vfmadd231ps %%ymm15, %%ymm15, %%ymm\\r\n"); });
}

inline double PeakOpsAvx512Vnni() {
  return PeakRate(128, [] { EMBD_PEAK_STEP("vpdpbusd %%zmm15, %%zmm15, %%zmm\\r\n"); });
}

inline double PeakOpsAvxVnni() {
  return PeakRate(64, [] { EMBD_PEAK_STEP("%{vex%} vpdpbusd %%ymm15, %%ymm15, %%ymm\\r\n"); });
}

// Products of 16-bit integers and their sums: what 8-bit ones become without an instruction for
// them.
inline double PeakOpsAvx512Int16() {
  return PeakRate(64, [] {
    EMBD_PEAK_STEP(
        "vpmaddwd %%zmm15, %%zmm15, %%zmm14\n"
        "vpaddd %%zmm14, %%zmm\\r, %%zmm\\r\n");
  });
}

inline double PeakOpsAvx2Int16() {
  return PeakRate(32, [] {
    EMBD_PEAK_STEP(
        "vpmaddwd %%ymm15, %%ymm15, %%ymm14\n"
        "vpaddd %%ymm14, %%ymm\\r, %%ymm\\r\n");
  });
}

#undef EMBD_PEAK_STEP

// Operations a second on products of 8-bit integers as `isa` computes them in vectors, and on
// products of 32-bit floats. Zero where no such loop is written. The matrix unit of kAmxInt8 has a
// peak of its own, many times the one that is returned for it.
inline double PeakInt8Ops(CpuIsa isa) {
  switch (isa) {
    case CpuIsa::kAmxInt8:
    case CpuIsa::kAvx512Vnni:
      return PeakOpsAvx512Vnni();
    case CpuIsa::kAvx512:
      return PeakOpsAvx512Int16();
    case CpuIsa::kAvxVnni:
      return PeakOpsAvxVnni();
    case CpuIsa::kAvx2:
      return PeakOpsAvx2Int16();
    default:
      return 0;
  }
}
inline double PeakFlops(CpuIsa isa) {
  if (isa >= CpuIsa::kAvx512) return PeakFlopsAvx512();
  if (isa >= CpuIsa::kAvx2) return PeakFlopsAvx2();
  return 0;
}

}  // namespace embd
