#include "app/memory_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>

namespace embd {
namespace {

struct Knob {
  std::string_view flag;
  std::uint64_t MemoryKnobs::*value;
};

// In the order in which they should be turned: what costs the least service first.
constexpr Knob kKnobs[] = {
    {"--max-concurrent-requests", &MemoryKnobs::max_concurrent_requests},
    {"--max-batch-tokens", &MemoryKnobs::max_batch_tokens},
    {"--threads", &MemoryKnobs::threads},
};

class Search {
 public:
  Search(const MemoryPartsOf& parts_of, std::uint64_t limit) : parts_of_(parts_of), limit_(limit) {}

  bool Fits(const MemoryKnobs& knobs) const {
    return MemoryPlan{.parts = parts_of_(knobs), .limit = {}}.total() <= limit_;
  }

  // The largest value of one knob, between `least` and what it is, with which all fits.
  std::optional<std::uint64_t> Largest(MemoryKnobs knobs, const Knob& knob,
                                       std::uint64_t least) const {
    std::uint64_t high = knobs.*knob.value;
    knobs.*knob.value = least;
    if (least >= high || !Fits(knobs)) return std::nullopt;
    std::uint64_t low = least;  // fits; `high` does not
    while (high - low > 1) {
      const std::uint64_t middle = low + (high - low) / 2;
      knobs.*knob.value = middle;
      (Fits(knobs) ? low : high) = middle;
    }
    return low;
  }

 private:
  const MemoryPartsOf& parts_of_;
  std::uint64_t limit_;
};

// Flags that alone make it fit, one a line; if there are none, the flags that do so together.
std::string Advice(const MemoryPartsOf& parts_of, const MemoryKnobs& knobs,
                   const MemoryKnobs& least, std::uint64_t limit) {
  const Search search(parts_of, limit);
  std::string alone;
  for (const Knob& knob : kKnobs) {
    if (const auto value = search.Largest(knobs, knob, least.*knob.value)) {
      alone += fmt::format("  {} {}\n", knob.flag, *value);
    }
  }
  if (!alone.empty()) return "Any of these makes it fit:\n" + alone;

  std::string together;
  MemoryKnobs turned = knobs;
  for (const Knob& knob : kKnobs) {
    if (turned.*knob.value <= least.*knob.value) continue;
    const auto value = search.Largest(turned, knob, least.*knob.value);
    turned.*knob.value = value.value_or(least.*knob.value);
    together += fmt::format(" {} {}", knob.flag, turned.*knob.value);
    if (value) return fmt::format("These together make it fit:\n {}\n", together);
  }
  const std::uint64_t smallest = MemoryPlan{.parts = parts_of(least), .limit = {}}.total();
  return fmt::format("No option makes it fit: even with{} {} are needed.\n", together,
                     FormatBytes(smallest));
}

}  // namespace

std::uint64_t MemoryPlan::total() const {
  std::uint64_t sum = 0;
  for (const MemoryPart& part : parts) sum += part.bytes;
  return sum;
}

MemoryPlan MakeMemoryPlan(const MemoryPartsOf& parts_of, const MemoryKnobs& knobs,
                          const MemoryKnobs& least, const MemoryLimit& limit) {
  MemoryPlan plan = {.parts = parts_of(knobs), .limit = limit};
  if (plan.fits()) return plan;
  throw MemoryError(fmt::format("the model does not fit into memory\n{}{}", FormatTable(plan),
                                Advice(parts_of, knobs, least, limit.bytes)));
}

std::string FormatBytes(std::uint64_t bytes) {
  constexpr std::uint64_t kGiB = std::uint64_t{1} << 30U;
  const bool large = bytes >= 10 * kGiB;
  const double unit = static_cast<double>(large ? kGiB : std::uint64_t{1} << 20U);
  return fmt::format("{:.1f} {}", static_cast<double>(bytes) / unit, large ? "GiB" : "MiB");
}

std::string FormatLine(const MemoryPlan& plan) {
  std::string line = fmt::format("{} of {} ({}):", FormatBytes(plan.total()),
                                 FormatBytes(plan.limit.bytes), plan.limit.source);
  for (const MemoryPart& part : plan.parts) {
    line +=
        fmt::format("{} {} {}", line.back() == ':' ? "" : ",", part.name, FormatBytes(part.bytes));
  }
  return line;
}

std::string FormatTable(const MemoryPlan& plan) {
  const std::string limit = fmt::format("limit ({})", plan.limit.source);
  std::size_t width = limit.size();
  for (const MemoryPart& part : plan.parts) width = std::max(width, part.name.size());
  std::string table;
  const auto row = [&](std::string_view name, std::uint64_t bytes) {
    table += fmt::format("  {:<{}}  {:>12}\n", name, width, FormatBytes(bytes));
  };
  for (const MemoryPart& part : plan.parts) row(part.name, part.bytes);
  row("total", plan.total());
  row(limit, plan.limit.bytes);
  return table;
}

}  // namespace embd
