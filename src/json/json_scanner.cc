#include "json/json_scanner.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstring>
#include <limits>

namespace embd {
namespace {

// Whether one more digit would not fit, as the significand of a number that is read digit by digit.
bool Overflows(std::uint64_t digits, std::uint64_t digit) {
  constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();
  return digits >= kMax / 10 && (digits > kMax / 10 || digit > kMax % 10);
}

constexpr std::uint64_t kBytesOf0F = 0x0F0F0F0F0F0F0F0F;

// Whether all eight bytes are digits: 0x30 to 0x39, where adding 6 must not reach 0x40.
bool AreDigits(std::uint64_t bytes) {
  constexpr std::uint64_t kBytesOf06 = 0x0606060606060606;
  constexpr std::uint64_t kBytesOf30 = 0x3030303030303030;
  return (bytes & ~kBytesOf0F) == kBytesOf30 && ((bytes + kBytesOf06) & ~kBytesOf0F) == kBytesOf30;
}

// The number that eight digits are, the first in the lowest byte: pairs, then fours, then all.
std::uint32_t EightDigits(std::uint64_t bytes) {
  constexpr std::uint64_t kPairs = 0x00FF00FF00FF00FF;
  constexpr std::uint64_t kFours = 0x0000FFFF0000FFFF;
  bytes &= kBytesOf0F;
  bytes = (bytes * 10 + (bytes >> 8)) & kPairs;
  bytes = (bytes * 100 + (bytes >> 16)) & kFours;
  return static_cast<std::uint32_t>(bytes * 10000 + (bytes >> 32));
}

void AppendUtf8(std::uint32_t c, std::string& out) {
  const auto put = [&out](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (c < 0x80) return put(c);
  if (c < 0x800) {
    put(0xC0 | c >> 6);
  } else if (c < 0x10000) {
    put(0xE0 | c >> 12);
    put(0x80 | (c >> 6 & 0x3F));
  } else {
    put(0xF0 | c >> 18);
    put(0x80 | (c >> 12 & 0x3F));
    put(0x80 | (c >> 6 & 0x3F));
  }
  put(0x80 | (c & 0x3F));
}

// Of each byte the top bit, if the byte is a quote, a backslash or below a space.
std::uint64_t SpecialBytes(std::uint64_t word) {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  constexpr std::uint64_t kTops = 0x8080808080808080;
  const auto zero = [](std::uint64_t x) { return (x - kOnes) & ~x & kTops; };
  return zero(word ^ kOnes * '"') | zero(word ^ kOnes * '\\') |
         ((word - kOnes * ' ') & ~word & kTops);
}

}  // namespace

const char* JsonScanner::FindSpecial() const {
  const char* p = at_;
  for (; end_ - p >= 8; p += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, p, sizeof(word));
    const std::uint64_t special = SpecialBytes(word);
    // Of the bits the lowest is right, whichever follow from it.
    if (special != 0) return p + std::countr_zero(special) / 8;
  }
  while (p != end_ && *p != '"' && *p != '\\' && static_cast<unsigned char>(*p) >= ' ') ++p;
  return p;
}

bool JsonScanner::ReadString(std::string& out) {
  if (!Take('"')) return false;
  while (true) {
    const char* const special = FindSpecial();
    out.append(at_, special);
    at_ = special;
    if (at_ == end_) return false;
    const char c = *at_++;
    if (c == '"') return true;
    if (c != '\\' || !ReadEscape(out)) return false;
  }
}

bool JsonScanner::ReadEscape(std::string& out) {
  constexpr std::string_view kEscapes = "\"\\/bfnrt";
  constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
  if (at_ == end_) return false;
  const char c = *at_++;
  if (const std::size_t i = kEscapes.find(c); i != std::string_view::npos) {
    out.push_back(kMeanings[i]);
    return true;
  }
  std::uint32_t unit = 0;
  if (c != 'u' || !ReadHex4(unit)) return false;
  if (unit >= 0xD800 && unit < 0xDC00) {
    std::uint32_t low = 0;
    if (end_ - at_ < 2 || at_[0] != '\\' || at_[1] != 'u') return false;
    at_ += 2;
    if (!ReadHex4(low) || low < 0xDC00 || low > 0xDFFF) return false;
    unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
  } else if (unit >= 0xDC00 && unit <= 0xDFFF) {
    return false;
  }
  AppendUtf8(unit, out);
  return true;
}

bool JsonScanner::ReadHex4(std::uint32_t& out) {
  if (end_ - at_ < 4) return false;
  for (int i = 0; i < 4; ++i) {
    const char c = *at_++;
    const char lower = static_cast<char>(c | 0x20);
    if (IsDigit(c)) {
      out = out << 4 | static_cast<std::uint32_t>(c - '0');
    } else if (lower >= 'a' && lower <= 'f') {
      out = out << 4 | static_cast<std::uint32_t>(lower - 'a' + 10);
    } else {
      return false;
    }
  }
  return true;
}

bool JsonScanner::ReadDecimal(JsonDecimal& out) {
  out = {};
  out.negative = Take('-');
  if (!out.negative) SkipSpaces();
  const char* const begin = at_;
  bool full = false;
  for (; at_ != end_ && IsDigit(*at_); ++at_) {
    const auto digit = static_cast<std::uint64_t>(*at_ - '0');
    full = full || Overflows(out.digits, digit);
    if (full) {
      ++out.exponent;
    } else {
      out.digits = out.digits * 10 + digit;
    }
  }
  if (at_ == begin || (*begin == '0' && at_ - begin > 1)) return false;
  if (at_ != end_ && *at_ == '.') {
    ++at_;
    if (!ReadFraction(out)) return false;
  }
  if (at_ == end_ || (*at_ | 0x20) != 'e') return true;
  ++at_;
  return ReadExponent(out.exponent);
}

bool JsonScanner::ReadUnsigned(std::uint32_t& out) {
  constexpr std::ptrdiff_t kMaxDigits = 9;
  SkipSpaces();
  const char* const begin = at_;
  out = 0;
  for (; at_ != end_ && IsDigit(*at_) && at_ - begin < kMaxDigits; ++at_) {
    out = out * 10 + static_cast<std::uint32_t>(*at_ - '0');
  }
  const bool leading_zero = at_ - begin > 1 && *begin == '0';
  const bool goes_on = at_ != end_ && (IsDigit(*at_) || *at_ == '.' || (*at_ | 0x20) == 'e');
  return at_ != begin && !leading_zero && !goes_on;
}

bool JsonScanner::ReadFraction(JsonDecimal& out) {
  const char* const begin = at_;
  constexpr std::uint64_t kRoomForEight = std::numeric_limits<std::uint64_t>::max() / 100'000'000;
  for (std::uint64_t word = 0; end_ - at_ >= 8 && out.digits < kRoomForEight; at_ += 8) {
    std::memcpy(&word, at_, sizeof(word));
    if (!AreDigits(word)) break;
    out.digits = out.digits * 100'000'000 + EightDigits(word);
    out.exponent -= 8;
  }
  bool full = false;
  for (; at_ != end_ && IsDigit(*at_); ++at_) {
    const auto digit = static_cast<std::uint64_t>(*at_ - '0');
    full = full || Overflows(out.digits, digit);
    if (full) continue;
    out.digits = out.digits * 10 + digit;
    --out.exponent;
  }
  return at_ != begin;
}

bool JsonScanner::ReadExponent(int& exponent) {
  constexpr int kMax = 1 << 24;  // beyond what any number with digits in memory could make up for
  const bool negative = at_ != end_ && *at_ == '-';
  if (at_ != end_ && (*at_ == '-' || *at_ == '+')) ++at_;
  if (at_ == end_ || !IsDigit(*at_)) return false;
  int value = 0;
  for (; at_ != end_ && IsDigit(*at_); ++at_) value = std::min(value * 10 + (*at_ - '0'), kMax);
  exponent += negative ? -value : value;
  return true;
}

bool JsonScanner::SkipString() {
  if (!Take('"')) return false;
  while (true) {
    at_ = FindSpecial();
    if (at_ == end_) return false;
    const char c = *at_++;
    if (c == '"') return true;
    if (c != '\\' || at_ == end_) return false;
    ++at_;
  }
}

bool JsonScanner::SkipValue() {
  std::size_t depth = 0;
  do {
    SkipSpaces();
    if (at_ == end_) return false;
    const char c = *at_;
    if (c == '"') {
      if (!SkipString()) return false;
      continue;
    }
    if (c == '[' || c == '{') ++depth;
    if (c == ']' || c == '}') {
      if (depth == 0) return false;
      --depth;
    }
    ++at_;
    // The rest of a number or of a word.
    if (depth == 0 && c != ']' && c != '}') {
      while (at_ != end_ && *at_ != ',' && *at_ != ']' && *at_ != '}' && !IsSpace(*at_)) ++at_;
    }
  } while (depth != 0);
  return true;
}

bool JsonScanner::EnterMember(std::string_view key) {
  if (!Take('{')) return false;
  std::string name;
  do {
    name.clear();
    if (!ReadString(name) || !Take(':')) return false;
    if (name == key) return true;
    if (!SkipValue()) return false;
  } while (Take(','));
  return false;
}

}  // namespace embd
