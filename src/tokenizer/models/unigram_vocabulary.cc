#include "tokenizer/models/unigram_vocabulary.h"

#include <fmt/core.h>

#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <string>

namespace embd {
namespace {

constexpr int kLargestPower = 308;
using PowersOfTen = std::array<double, kLargestPower + 1>;

PowersOfTen MakePowersOfTen() {
  PowersOfTen powers{};
  for (std::size_t i = 0; i < powers.size(); ++i) {
    const std::string text = fmt::format("1e{}", i);
    std::from_chars(text.data(), text.data() + text.size(), powers[i]);
  }
  return powers;
}

// Not finite when the reference refuses the number.
double AsReferenceReads(JsonDecimal decimal, const PowersOfTen& powers) {
  auto value = static_cast<double>(decimal.digits);
  // Not at once, since the power alone may be too large where the result is not.
  for (; decimal.exponent < -kLargestPower && value != 0; decimal.exponent += kLargestPower) {
    value /= powers[kLargestPower];
  }
  if (value != 0 && decimal.exponent > kLargestPower) return HUGE_VAL;
  if (value != 0) {
    const double power = powers[static_cast<std::size_t>(std::abs(decimal.exponent))];
    value = decimal.exponent < 0 ? value / power : value * power;
  }
  return decimal.negative ? -value : value;
}

}  // namespace

bool UnigramVocabulary::Read(JsonScanner& scanner) {
  const PowersOfTen powers = MakePowersOfTen();
  JsonDecimal decimal;
  if (!scanner.Take('[')) return false;
  // About what a compact file has; untouched memory costs nothing, and growing would copy.
  constexpr std::size_t kBytesPerToken = 32;
  tokens.Reserve(scanner.bytes_left() / kBytesPerToken, scanner.bytes_left() / 3);
  scores.reserve(scanner.bytes_left() / kBytesPerToken);
  if (scanner.Take(']')) return true;
  do {
    if (scores.size() > kMaxTokenId || !scanner.Take('[') || !tokens.Append(scanner) ||
        !scanner.Take(',') || !scanner.ReadDecimal(decimal) || !scanner.Take(']')) {
      return false;
    }
    const double score = AsReferenceReads(decimal, powers);
    if (!std::isfinite(score)) return false;
    scores.push_back(score);
  } while (scanner.Take(','));
  tokens.ShrinkToFit();
  scores.shrink_to_fit();
  return scanner.Take(']');
}

}  // namespace embd
