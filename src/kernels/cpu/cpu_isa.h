#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace embd {

// Instruction sets that the vectorised backend is written for. kPortable is compiled for the
// binary's own baseline (x86-64-v2 on x86) and always there.
enum class CpuIsa : std::uint8_t {
  kPortable,
  kNeon,
  kNeonDotprod,
  kNeonI8mm,
  kAvx2,
  kAvxVnni,  // AVX2 and the products of integers that came after AVX-512
  kAvx512,
  kAvx512Vnni,
  kAmxInt8,  // AVX-512 and products of integers in the matrix unit
};

// "portable", "neon", "neon-dotprod", "neon-i8mm", "avx2", "avx-vnni", "avx512", "avx512-vnni",
// "amx-int8" and back.
std::string_view CpuIsaName(CpuIsa isa);
std::optional<CpuIsa> CpuIsaFromName(std::string_view name);

// Whether this binary holds code for it and this machine (and its kernel) can run it.
bool CpuSupports(CpuIsa isa);
// The supported ones, slowest first.
std::vector<CpuIsa> SupportedCpuIsas();
// The fastest supported one.
CpuIsa BestCpuIsa();

// What an operator's choice means here: empty is the best. Throws LoadError, naming `origin` (the
// option or variable), for an unknown name and for a set that this machine lacks.
CpuIsa CpuIsaFromChoice(std::string_view choice, const std::string& origin);

}  // namespace embd
