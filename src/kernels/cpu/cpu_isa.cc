#include "kernels/cpu/cpu_isa.h"

#include <algorithm>
#include <array>

#include "base/load_error.h"
#include "kernels/cpu/isa/find_kernels.h"

namespace embd {
namespace {

struct Row {
  CpuIsa isa;
  std::string_view name;
};

// Slowest first.
constexpr std::array<Row, 9> kRows = {{{CpuIsa::kPortable, "portable"},
                                       {CpuIsa::kNeon, "neon"},
                                       {CpuIsa::kNeonDotprod, "neon-dotprod"},
                                       {CpuIsa::kNeonI8mm, "neon-i8mm"},
                                       {CpuIsa::kAvx2, "avx2"},
                                       {CpuIsa::kAvxVnni, "avx-vnni"},
                                       {CpuIsa::kAvx512, "avx512"},
                                       {CpuIsa::kAvx512Vnni, "avx512-vnni"},
                                       {CpuIsa::kAmxInt8, "amx-int8"}}};

std::string SupportedNames() {
  std::string names;
  for (const CpuIsa isa : SupportedCpuIsas()) {
    if (!names.empty()) names += ", ";
    names += CpuIsaName(isa);
  }
  return names;
}

}  // namespace

std::string_view CpuIsaName(CpuIsa isa) {
  const auto* const row =
      std::find_if(kRows.begin(), kRows.end(), [&](const Row& r) { return r.isa == isa; });
  return row->name;
}

std::optional<CpuIsa> CpuIsaFromName(std::string_view name) {
  const auto* const row =
      std::find_if(kRows.begin(), kRows.end(), [&](const Row& r) { return r.name == name; });
  if (row == kRows.end()) return std::nullopt;
  return row->isa;
}

bool CpuSupports(CpuIsa isa) { return cpu::FindKernels(isa) != nullptr; }

std::vector<CpuIsa> SupportedCpuIsas() {
  std::vector<CpuIsa> supported;
  for (const Row& row : kRows) {
    if (CpuSupports(row.isa)) supported.push_back(row.isa);
  }
  return supported;
}

CpuIsa BestCpuIsa() { return SupportedCpuIsas().back(); }

CpuIsa CpuIsaFromChoice(std::string_view choice, const std::string& origin) {
  if (choice.empty()) return BestCpuIsa();
  const std::optional<CpuIsa> isa = CpuIsaFromName(choice);
  if (!isa || !CpuSupports(*isa)) {
    throw LoadError({.path = origin,
                     .expected = "one of the instruction sets " + SupportedNames(),
                     .found = std::string(choice),
                     .hint = isa ? "this machine cannot run it" : ""});
  }
  return *isa;
}

}  // namespace embd
