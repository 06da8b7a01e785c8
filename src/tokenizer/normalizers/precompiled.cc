#include "tokenizer/normalizers/precompiled.h"

#include <fmt/core.h>

#include <cstddef>

#include "tokenizer/normalizers/canonical_order.h"
#include "unicode/grapheme.h"
#include "unicode/utf8.h"

namespace embd {
namespace {

constexpr std::size_t kLongestCluster = 5;  // bytes

// The parts of a unit of the double array.
bool HasValue(std::uint32_t unit) { return (unit >> 8 & 1) != 0; }
std::uint32_t Value(std::uint32_t unit) { return unit & 0x7FFFFFFF; }
std::uint32_t Label(std::uint32_t unit) { return unit & (1u << 31 | 0xFF); }
std::uint32_t Offset(std::uint32_t unit) { return unit >> 10 << ((unit & 1u << 9) >> 6); }

int Base64Digit(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+') return 62;
  return c == '/' ? 63 : -1;
}

// Standard base64 with padding; nothing when it is not.
std::optional<std::string> DecodeBase64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::size_t padding = 0;
  while (padding < 2 && text.ends_with('=')) {
    text.remove_suffix(1);
    ++padding;
  }
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3 + 3);
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const int digit = Base64Digit(c);
    if (digit < 0) return std::nullopt;
    bits = bits << 6 | static_cast<std::uint32_t>(digit);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes += static_cast<char>(bits >> count & 0xFF);
  }
  if ((bits & ((1u << count) - 1)) != 0) return std::nullopt;
  return bytes;
}

std::uint32_t LittleEndian(std::string_view bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 4; i-- > 0;) value = value << 8 | static_cast<std::uint8_t>(bytes[at + i]);
  return value;
}

}  // namespace

std::unique_ptr<Normalizer> Precompiled::FromJson(const JsonValue& json) {
  const JsonValue place = json.Get("precompiled_charsmap");
  const std::optional<std::string> map = DecodeBase64(place.String());
  if (!map) place.Fail("base64", "something else");
  return std::unique_ptr<Normalizer>(new Precompiled(place, *map));
}

Precompiled::Precompiled(const JsonValue& place, std::string_view map) {
  const std::size_t bytes = map.size() < 4 ? 0 : LittleEndian(map, 0);
  if (bytes < 4 || bytes / 4 > (map.size() - 4) / 4) {
    place.Fail("a double array inside the map",
               fmt::format("one of {} bytes in {}", bytes, map.size()));
  }
  units_.resize(bytes / 4);
  for (std::size_t i = 0; i < units_.size(); ++i) units_[i] = LittleEndian(map, 4 + 4 * i);
  replacements_ = map.substr(4 + 4 * units_.size());
  if (!unicode::IsValid(replacements_)) place.Fail("replacements in UTF-8", "something else");
  for (char c = ' '; c < 0x7F; ++c) maps_ascii_ = maps_ascii_ || Find({&c, 1}).has_value();
}

// Follows only units that exist and gives only replacements that start where a character does:
// whatever the map says, nothing outside it is read.
std::optional<std::string_view> Precompiled::Find(std::string_view text) const {
  std::uint32_t node = Offset(units_[0]);
  for (const char c : text) {
    const auto byte = static_cast<std::uint8_t>(c);
    if (byte == 0) break;
    node ^= byte;
    if (node >= units_.size() || Label(units_[node]) != byte) break;
    const std::uint32_t unit = units_[node];
    node ^= Offset(unit);
    if (!HasValue(unit)) continue;
    if (node >= units_.size()) break;
    const std::uint32_t begin = Value(units_[node]);
    if (begin > replacements_.size()) break;
    const std::string_view rest = std::string_view(replacements_).substr(begin);
    if (!rest.empty() && unicode::IsContinuation(rest[0])) break;
    return rest.substr(0, rest.find('\0'));
  }
  return std::nullopt;
}

// What becomes of the text. The changes of a tracked one are gathered first: a replacement that
// comes to nothing is booked on the character put before it, even on one that stands for nothing of
// the source itself, and on none at the start; the origins of what follows show it.
class Precompiled::Output {
 public:
  Output(NormalizedText& text, NormalizedText& spare)
      : text_(text), rewriter_(text, spare), changes_(spare.changes) {
    changes_.clear();
  }

  std::size_t position() const { return position_; }

  void Keep(std::size_t bytes) {
    position_ += bytes;
    if (!text_.tracked) {
      rewriter_.Keep(bytes);
      return;
    }
    for (std::size_t at = position_ - bytes; at < position_;) {
      const unicode::DecodedChar c = unicode::DecodeValid(text_.text.data() + at);
      changes_.push_back({c.scalar, 0});
      at += c.length;
    }
  }

  void Replace(std::string_view part, std::string_view replacement) {
    position_ += part.size();
    if (!text_.tracked) {
      rewriter_.Drop(part.size());
      rewriter_.Insert(replacement);
      return;
    }
    auto left = static_cast<std::int64_t>(unicode::CountChars(part));
    for (std::size_t at = 0; at < replacement.size(); --left) {
      const unicode::DecodedChar c = unicode::DecodeValid(replacement.data() + at);
      changes_.push_back({c.scalar, left > 0 ? 0 : 1});
      at += c.length;
    }
    if (left > 0 && !changes_.empty()) changes_.back().change -= left;
  }

  void Finish() {
    for (const ChangedChar& c : changes_) rewriter_.Put(c.scalar, c.change);
    rewriter_.Finish();
  }

 private:
  NormalizedText& text_;
  TextRewriter rewriter_;
  std::size_t position_ = 0;
  std::vector<ChangedChar>& changes_;
};

bool Precompiled::ReplacePart(std::string_view part, Output& output) const {
  const std::optional<std::string_view> replacement = Find(part);
  if (replacement) output.Replace(part, *replacement);
  return replacement.has_value();
}

Result<void> Precompiled::Normalize(NormalizedText& text, NormalizedText& spare) const {
  const std::string_view view = text.text;
  Output output(text, spare);
  while (output.position() < view.size()) {
    const std::size_t at = output.position();
    if (const std::size_t plain = PlainAscii(view.substr(at))) {
      output.Keep(plain);
      continue;
    }
    const std::string_view rest = view.substr(at);
    const std::string_view cluster = rest.substr(0, unicode::GraphemeLength(rest));
    if (cluster.size() <= kLongestCluster && ReplacePart(cluster, output)) continue;
    while (output.position() < at + cluster.size()) {
      const std::size_t from = output.position();
      const std::string_view part =
          view.substr(from, unicode::DecodeValid(view.data() + from).length);
      if (!ReplacePart(part, output)) output.Keep(part.size());
    }
  }
  output.Finish();
  return {};
}

// A printable ASCII character before another one is a cluster by itself.
std::size_t Precompiled::PlainAscii(std::string_view text) const {
  if (maps_ascii_) return 0;
  std::size_t length = 0;
  while (length < text.size() && text[length] >= ' ' && text[length] < 0x7F) ++length;
  return length > 0 ? length - 1 : 0;
}

}  // namespace embd
