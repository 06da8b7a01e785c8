#include "server/http/duration_text.h"

#include <fmt/format.h>

#include <cstdint>
#include <string_view>

namespace embd::http {

std::string DurationText(std::chrono::nanoseconds time) {
  struct Unit {
    std::int64_t nanoseconds;
    int digits;
    std::string_view name;
  };
  constexpr Unit kUnits[] = {{1'000'000'000, 9, "s"}, {1'000'000, 6, "ms"}, {1'000, 3, "µs"}};
  const std::int64_t count = time.count();
  for (const Unit& unit : kUnits) {
    if (count < unit.nanoseconds) continue;
    std::string text =
        fmt::format("{}.{:0{}}", count / unit.nanoseconds, count % unit.nanoseconds, unit.digits);
    text.erase(text.find_last_not_of('0') + 1);
    if (text.back() == '.') text.pop_back();
    return text.append(unit.name);
  }
  return fmt::format("{}ns", count);
}

}  // namespace embd::http
