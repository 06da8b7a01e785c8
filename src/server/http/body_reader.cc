#include "server/http/body_reader.h"

#include <array>

namespace embd::http {

bool BodyReader::ReadOptionalBool(std::optional<bool>& out) {
  bool null = false;
  bool value = false;
  if (!ReadNullable(null, [&] { return ReadBool(value); })) return false;
  if (!null) out = value;
  return true;
}

bool BodyReader::ReadOptionalString(std::optional<std::string>& out) {
  bool null = false;
  return ReadNullable(null, [&] { return ReadString(out.emplace()); });
}

bool BodyReader::ReadOptionalSize(std::optional<std::uint32_t>& out, std::uint32_t least) {
  bool null = false;
  std::uint32_t value = 0;
  if (!ReadNullable(null, [&] { return ReadSize(value, least); })) return false;
  if (!null) out = value;
  return true;
}

bool BodyReader::ReadDirection(TruncationSide& side) {
  static constexpr std::array<std::string_view, 4> kNames = {"Left", "left", "Right", "right"};
  std::size_t index = side == TruncationSide::kLeft ? 1 : 3;
  if (!ReadVariant(kNames, index)) return false;
  side = index < 2 ? TruncationSide::kLeft : TruncationSide::kRight;
  return true;
}

}  // namespace embd::http
