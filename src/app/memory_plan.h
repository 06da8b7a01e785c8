#pragma once

#include <cstdint>
#include <exception>
#include <functional>
#include <string>
#include <vector>

#include "base/system.h"

namespace embd {

struct MemoryPart {
  std::string name;
  std::uint64_t bytes = 0;
};

// What the operator can turn when memory does not suffice. Each part grows with each of them.
struct MemoryKnobs {
  std::uint64_t threads = 1;
  std::uint64_t max_batch_tokens = 1;
  std::uint64_t max_concurrent_requests = 1;
  bool operator==(const MemoryKnobs&) const = default;
};

// The parts of the server's resident memory with the given settings, from headers and
// configuration alone.
using MemoryPartsOf = std::function<std::vector<MemoryPart>(const MemoryKnobs&)>;

// All that will be resident once the server is ready, against what may be.
struct MemoryPlan {
  std::vector<MemoryPart> parts;
  MemoryLimit limit;

  std::uint64_t total() const;
  bool fits() const { return total() <= limit.bytes; }
};

// The plan does not fit. The message is a table of the parts, the limit and who sets it, and the
// options that would make it fit.
class MemoryError : public std::exception {
 public:
  explicit MemoryError(std::string message) : message_(std::move(message)) {}
  const char* what() const noexcept override { return message_.c_str(); }

 private:
  std::string message_;
};

// Throws MemoryError when the parts exceed the limit. `least` holds the smallest value of each knob
// that could still serve this model.
MemoryPlan MakeMemoryPlan(const MemoryPartsOf& parts_of, const MemoryKnobs& knobs,
                          const MemoryKnobs& least, const MemoryLimit& limit);

// "12.3 MiB"
std::string FormatBytes(std::uint64_t bytes);

// For the start log: "152.4 MiB of 23.5 GiB (physical memory): embeddings 47.6 MiB, ..."
std::string FormatLine(const MemoryPlan& plan);

// One part a line, then the total and the limit.
std::string FormatTable(const MemoryPlan& plan);

}  // namespace embd
