#include "server/http/base64.h"

#include <gtest/gtest.h>

#include <string_view>

namespace embd::http {
namespace {

TEST(AppendBase64, GivesTheVectorsOfTheStandard) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"", ""},
      {"f", "Zg=="},
      {"fo", "Zm8="},
      {"foo", "Zm9v"},
      {"foob", "Zm9vYg=="},
      {"fooba", "Zm9vYmE="},
      {"foobar", "Zm9vYmFy"},
      {"\xff\xef\xbe", "/+++"},
  };
  for (const auto& [text, expected] : cases) {
    std::string out = "before:";
    AppendBase64(out, std::as_bytes(std::span(text.data(), text.size())));
    EXPECT_EQ(out, "before:" + std::string(expected));
  }
}

TEST(AppendBase64, IsLittleEndianForFloats) {
  const float values[] = {1.0F, -2.0F};  // 0x3F800000, 0xC0000000
  std::string out;
  AppendBase64(out, std::as_bytes(std::span(values)));
  EXPECT_EQ(out, "AACAPwAAAMA=");
}

}  // namespace
}  // namespace embd::http
