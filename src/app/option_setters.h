#pragma once

#include <charconv>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "app/options.h"

namespace embd {

// The setters: each takes the member it fills, so that the table reads as one line a fact.

template <auto Member>
std::string SetText(std::string_view value, Options& options) {
  options.*Member = std::string(value);
  return {};
}

template <typename T>
struct Unwrapped {
  using Type = T;
};
template <typename T>
struct Unwrapped<std::optional<T>> {
  using Type = T;
};

template <auto Member, std::uint64_t kLeast = 0>
std::string SetNumber(std::string_view value, Options& options) {
  using Stored = std::remove_reference_t<decltype(options.*Member)>;
  using Number = typename Unwrapped<Stored>::Type;
  std::string_view digits = value;
  if (digits.starts_with('+')) digits.remove_prefix(1);
  Number number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc{} || end != digits.data() + digits.size() || number < kLeast) {
    return "expected a number from " + std::to_string(kLeast) + " to " +
           std::to_string(std::numeric_limits<Number>::max());
  }
  options.*Member = number;
  return {};
}

template <auto Member>
std::string SetBool(std::string_view value, Options& options) {
  if (value != "true" && value != "false") return "expected true or false";
  options.*Member = value == "true";
  return {};
}

// "1500000", "512M", "2G": bytes, with an optional power of 1024.
template <auto Member>
std::string SetBytes(std::string_view value, Options& options) {
  constexpr std::string_view kExpected = "expected bytes as in 1500000000, 1500M or 2G";
  unsigned shift = 0;
  if (!value.empty()) {
    switch (value.back()) {
      case 'k':
      case 'K':
        shift = 10;
        break;
      case 'm':
      case 'M':
        shift = 20;
        break;
      case 'g':
      case 'G':
        shift = 30;
        break;
      default:
        break;
    }
  }
  if (shift != 0) value.remove_suffix(1);
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc{} || end != value.data() + value.size() || number == 0 ||
      number > (std::numeric_limits<std::uint64_t>::max() >> shift)) {
    return std::string(kExpected);
  }
  options.*Member = number << shift;
  return {};
}

// "0660": permission bits of a file.
template <auto Member>
std::string SetMode(std::string_view value, Options& options) {
  unsigned mode = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), mode, 8);
  if (error != std::errc{} || end != value.data() + value.size() || mode > 0777) {
    return "expected permission bits from 0 to 0777, in octal digits";
  }
  options.*Member = mode;
  return {};
}

}  // namespace embd
