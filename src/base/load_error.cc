#include "base/load_error.h"

#include <utility>

namespace embd {
namespace {

std::string Describe(const LoadError::Parts& parts) {
  std::string line = parts.path;
  if (!parts.expected.empty()) line += ": expected " + parts.expected;
  if (!parts.found.empty()) line += (parts.expected.empty() ? ": " : ", found ") + parts.found;
  if (!parts.hint.empty()) line += " (" + parts.hint + ")";
  return line;
}

}  // namespace

LoadError::LoadError(Parts parts) : parts_(std::move(parts)), message_(Describe(parts_)) {}

}  // namespace embd
