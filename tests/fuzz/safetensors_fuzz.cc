// Any bytes at all as a safetensors file: either a LoadError, or entries that lie inside the file,
// end to end, and are as large as shape and dtype say.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/load_error.h"
#include "tensor/safetensors.h"

namespace {

void Require(bool condition) {
  if (!condition) std::abort();
}

void CheckEntries(std::string_view file) {
  std::uint64_t end = 0;
  bool first = true;
  for (const embd::TensorEntry& entry : embd::ParseSafetensorsHeader(file, "fuzz")) {
    Require(first || entry.begin == end);
    Require(entry.begin <= entry.end && entry.end <= file.size());
    const embd::TensorView view{.data = nullptr, .dtype = entry.dtype, .shape = entry.shape};
    Require(entry.end - entry.begin == view.bytes());
    end = entry.end;
    first = false;
  }
  Require(first || end == file.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    CheckEntries({reinterpret_cast<const char*>(data), size});
  } catch (const embd::LoadError&) {
    return 0;
  }
  return 0;
}
