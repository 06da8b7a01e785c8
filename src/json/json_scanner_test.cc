#include "json/json_scanner.h"

#include <fmt/core.h>
#include <gtest/gtest.h>
#include <simdjson.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace embd {
namespace {

std::optional<std::string> ReadString(std::string_view text) {
  // On the heap in its exact size, so that the sanitizer sees a byte too far.
  const std::vector<char> copy(text.begin(), text.end());
  JsonScanner scanner({copy.data(), copy.size()});
  std::string out;
  if (!scanner.ReadString(out)) return std::nullopt;
  EXPECT_EQ(scanner.bytes_left(), 0U) << text;
  return out;
}

TEST(JsonScanner, ReadsStringsAsSimdjsonDoes) {
  const std::string_view pieces[] = {
      "a",          "\\n",     "\\\"", "\\\\",    "\\/",         "\u2581",
      "\\u2581",    "\\u00e9", "\\x",  "\\ud83d", "\\uDE00",     "\\ud83d\\ude00",
      "\\u12",      "\\u0000", "\x01", "\x1f",    "\x7f",        "01234567",
      "\U0001F600", "\\",      " ",    "\t",      "\\b\\f\\r\\t"};
  std::mt19937 random(7);
  simdjson::dom::parser parser;
  std::size_t valid = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string text = "\"";
    for (std::size_t n = random() % 7; n > 0; --n) text += pieces[random() % std::size(pieces)];
    text += '"';
    // As the element of an array, so that a quote inside ends both in an error.
    std::string_view expected;
    simdjson::dom::element element;
    const bool ok = parser.parse("[" + text + "]").at(0).get(element) == simdjson::SUCCESS &&
                    element.get(expected) == simdjson::SUCCESS;
    if (!ok) {
      JsonScanner scanner(text);
      std::string out;
      EXPECT_FALSE(scanner.ReadString(out) && scanner.bytes_left() == 0) << text;
      continue;
    }
    ++valid;
    EXPECT_EQ(ReadString(text), expected) << text;
  }
  EXPECT_GT(valid, 3'000U);
}

TEST(JsonScanner, EndsWithTheText) {
  const std::string text = R"([["tok\u00e9n \ud83d\ude00 \\ of some length",-12.5e-3],["b",0]])";
  for (std::size_t size = 0; size < text.size(); ++size) {
    const std::vector<char> copy(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(size));
    const std::string_view prefix(copy.data(), copy.size());
    EXPECT_FALSE(JsonScanner(prefix).SkipValue()) << prefix;
    JsonScanner scanner(prefix);
    std::string token;
    JsonDecimal decimal;
    const auto read_pair = [&] {
      return scanner.Take('[') && scanner.ReadString(token) && scanner.Take(',') &&
             scanner.ReadDecimal(decimal) && scanner.Take(']');
    };
    EXPECT_FALSE(scanner.Take('[') && read_pair() && scanner.Take(',') && read_pair() &&
                 scanner.Take(']'))
        << prefix;
  }
  EXPECT_TRUE(JsonScanner(text).SkipValue());
}

TEST(JsonScanner, ReadsNumbers) {
  struct Case {
    std::string_view text;
    bool ok;
    JsonDecimal decimal = {};
  };
  const Case cases[] = {
      {"0", true, {false, 0, 0}},
      {" \n-0.0", true, {true, 0, -1}},
      {"12", true, {false, 12, 0}},
      {"-11.817375040851397", true, {true, 11817375040851397, -15}},
      {"1e5", true, {false, 1, 5}},
      {"1.25E-3", true, {false, 125, -5}},
      {"1e+2", true, {false, 1, 2}},
      {"18446744073709551615", true, {false, 18446744073709551615u, 0}},
      {"18446744073709551616", true, {false, 1844674407370955161, 1}},
      {"184467440737095516150001.5", true, {false, 18446744073709551615u, 4}},
      {"0.123456789012345678901234", true, {false, 12345678901234567890u, -20}},
      {"1e99999999999999999999", true, {false, 1, 1 << 24}},
      {"", false},
      {"-", false},
      {"+1", false},
      {"01", false},
      {".5", false},
      {"1.", false},
      {"1.e5", false},
      {"1e", false},
      {"1e+", false},
      {"nan", false},
      {"\"1\"", false},
  };
  for (const Case& c : cases) {
    JsonScanner scanner(c.text);
    JsonDecimal decimal;
    ASSERT_EQ(scanner.ReadDecimal(decimal), c.ok) << c.text;
    if (!c.ok) continue;
    EXPECT_EQ(scanner.bytes_left(), 0U) << c.text;
    EXPECT_EQ(decimal.negative, c.decimal.negative) << c.text;
    EXPECT_EQ(decimal.digits, c.decimal.digits) << c.text;
    EXPECT_EQ(decimal.exponent, c.decimal.exponent) << c.text;
  }
}

// Digits are read eight at a time.
TEST(JsonScanner, ANumberEndsWhereItsDigitsDo) {
  for (const std::string_view after : {"", ",", "/", ":", "]", " ", ",12345678", "\xb0\xb0\xb0"}) {
    for (std::uint64_t digits = 1; digits < 1'000'000'000'000'000'000; digits = digits * 10 + 9) {
      const std::string fraction = std::to_string(digits);
      const std::string text = "2." + fraction + std::string(after);
      JsonScanner scanner(text);
      JsonDecimal decimal;
      ASSERT_TRUE(scanner.ReadDecimal(decimal)) << text;
      EXPECT_EQ(scanner.bytes_left(), after.size()) << text;
      EXPECT_EQ(std::to_string(decimal.digits), "2" + fraction);
      EXPECT_EQ(decimal.exponent, -static_cast<int>(fraction.size()));
    }
  }
}

TEST(JsonScanner, ReadsUnsignedNumbers) {
  std::uint32_t number = 7;
  for (const std::string_view text : {"0", " 12,", "999999999]", "30522 }"}) {
    JsonScanner scanner(text);
    ASSERT_TRUE(scanner.ReadUnsigned(number)) << text;
    EXPECT_EQ(number, std::stoul(std::string(text))) << text;
  }
  for (const std::string_view text : {"", "-1", "01", "1.5", "1e3", "1E3", "1000000000", "a",
                                      "\"1\"", "+1", "18446744073709551616"}) {
    JsonScanner scanner(text);
    EXPECT_FALSE(scanner.ReadUnsigned(number)) << text;
  }
}

TEST(JsonScanner, LosesNothingOfTheShortestDigitsOfANumber) {
  std::mt19937_64 random(11);
  for (int i = 0; i < 50'000; ++i) {
    const std::uint64_t bits = random();
    double value = 0;
    std::memcpy(&value, &bits, sizeof(value));
    if (!std::isfinite(value)) continue;
    const std::string text = fmt::format("{}", value);
    JsonScanner scanner(text);
    JsonDecimal decimal;
    ASSERT_TRUE(scanner.ReadDecimal(decimal)) << text;
    const std::string again =
        fmt::format("{}{}e{}", decimal.negative ? "-" : "", decimal.digits, decimal.exponent);
    EXPECT_EQ(std::strtod(again.c_str(), nullptr), value) << text;
  }
}

TEST(JsonScanner, GoesBehindAValue) {
  for (const std::string_view value :
       {"1", "-2.5e3", "null", "true", "\"a]\\\"}\"", "[]", "{}", R"([1,{"a":["]"]},"}"])",
        R"( { "a" : [ 1 , 2 ] , "b" : {} } )"}) {
    const std::string text = std::string(value) + ",";
    JsonScanner scanner(text);
    EXPECT_TRUE(scanner.SkipValue()) << text;
    EXPECT_TRUE(scanner.Take(',')) << text;
  }
  for (const std::string_view text : {"", "]", "[", "[1", "{\"a\":", "\"a", "\"a\\"}) {
    EXPECT_FALSE(JsonScanner(text).SkipValue()) << text;
  }
}

TEST(JsonScanner, EntersTheFirstMemberOfAName) {
  const auto enter = [](std::string_view text) -> std::string {
    JsonScanner scanner(text);
    JsonDecimal decimal;
    if (!scanner.EnterMember("x")) return "none";
    return scanner.ReadDecimal(decimal) ? std::to_string(decimal.digits) : "no number";
  };
  EXPECT_EQ(enter(R"({"x":1})"), "1");
  EXPECT_EQ(enter(R"( { "a" : {"x":2} , "b":["x"], "c":"x", "x" : 3, "x":4 } )"), "3");
  EXPECT_EQ(enter(R"({"\u0078":5})"), "5");
  EXPECT_EQ(enter(R"({"y":1})"), "none");
  EXPECT_EQ(enter(R"({})"), "none");
  EXPECT_EQ(enter(R"(["x",1])"), "none");
  EXPECT_EQ(enter(R"({"a" 1,"x":1})"), "none");
}

TEST(JsonScanner, DeepNestingTakesNoStack) {
  EXPECT_FALSE(JsonScanner(std::string(8'000'000, '[')).SkipValue());
}

}  // namespace
}  // namespace embd
