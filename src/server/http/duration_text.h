#pragma once

#include <chrono>
#include <string>

namespace embd::http {

// A time as logs show it, with all its digits: "950ns", "12.5µs", "1.234567ms", "2s".
std::string DurationText(std::chrono::nanoseconds time);

}  // namespace embd::http
