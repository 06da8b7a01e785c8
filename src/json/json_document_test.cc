#include "json/json_document.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <utility>

#include "base/load_error.h"

namespace embd {
namespace {

using ::testing::HasSubstr;

JsonDocument ParseText(std::string_view text) { return JsonDocument::Parse(text, "config.json"); }

// The message of the LoadError that `action` throws.
std::string MessageOf(const std::function<void()>& action) {
  try {
    action();
  } catch (const LoadError& error) {
    return error.what();
  }
  return "nothing was thrown";
}

TEST(JsonDocument, ReadsEveryType) {
  const JsonDocument document = ParseText(
      R"({"s": "text", "b": true, "i": -3, "d": 1e-12, "a": [1, "x"], "o": {"k": 2}, "n": null})");
  const JsonValue root = document.root();
  EXPECT_EQ(root.Get("s").String(), "text");
  EXPECT_TRUE(root.Get("b").Bool());
  EXPECT_EQ(root.Get("i").Integer(-3, 5), -3);
  EXPECT_EQ(root.Get("d").Number(), 1e-12);
  EXPECT_EQ(root.Get("i").Number(), -3.0);
  EXPECT_EQ(root.Get("a").Array().size(), 2U);
  EXPECT_EQ(root.Get("o").Get("k").Integer(0, 9), 2);
  EXPECT_EQ(root.Get("o").Object().size(), 1U);
}

TEST(JsonDocument, NullIsAsGoodAsAbsent) {
  const JsonDocument document = ParseText(R"({"n": null, "i": 7})");
  const JsonValue root = document.root();
  EXPECT_FALSE(root.Find("n"));
  EXPECT_FALSE(root.Find("absent"));
  EXPECT_EQ(root.IntegerOr("n", 4, 0, 9), 4);
  EXPECT_EQ(root.IntegerOr("i", 4, 0, 9), 7);
  EXPECT_EQ(root.StringOr("absent", "gelu"), "gelu");
  EXPECT_TRUE(root.BoolOr("n", true));
  EXPECT_EQ(root.NumberOr("i", 0.5), 7.0);
  EXPECT_EQ(root.NumberOr("n", 0.5), 0.5);
}

TEST(JsonDocument, SurvivesAMove) {
  JsonDocument first = ParseText(R"({"key": "a value that no small string could hold in place"})");
  const JsonDocument second = std::move(first);
  EXPECT_EQ(second.root().Get("key").String(), "a value that no small string could hold in place");
}

TEST(JsonDocument, KeepsItsOwnCopyOfTheText) {
  std::string text = R"({"key": "value"})";
  const JsonDocument document = JsonDocument::Parse(text, "x");
  text.assign(text.size(), '#');
  EXPECT_EQ(document.root().Get("key").String(), "value");
}

struct WrongValue {
  const char* name;
  const char* json;
  void (*read)(const JsonValue&);
  const char* message;
};

class JsonWrongValue : public ::testing::TestWithParam<WrongValue> {};

TEST_P(JsonWrongValue, IsNamedWithItsPlace) {
  const JsonDocument document = ParseText(GetParam().json);
  EXPECT_EQ(MessageOf([&] { GetParam().read(document.root()); }), GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(
    All, JsonWrongValue,
    ::testing::Values(
        WrongValue{"missing", "{}", [](const JsonValue& v) { v.Get("a"); },
                   "config.json: expected a member \"a\", found none"},
        WrongValue{"null_required", R"({"a": null})", [](const JsonValue& v) { v.Get("a"); },
                   "config.json: expected a member \"a\", found none"},
        WrongValue{"not_object", "[]", [](const JsonValue& v) { v.Find("a"); },
                   "config.json: expected an object, found an array"},
        WrongValue{"not_string", R"({"a": 1})", [](const JsonValue& v) { v.StringOr("a", ""); },
                   "config.json: a: expected a string, found a number"},
        WrongValue{"not_bool", R"({"a": "true"})", [](const JsonValue& v) { v.BoolOr("a", true); },
                   "config.json: a: expected true or false, found a string"},
        WrongValue{"not_number", R"({"a": {}})", [](const JsonValue& v) { v.NumberOr("a", 0); },
                   "config.json: a: expected a number, found an object"},
        WrongValue{"integer_is_text", R"({"a": "3"})",
                   [](const JsonValue& v) { v.Get("a").Integer(1, 9); },
                   "config.json: a: expected an integer from 1 to 9, found a string"},
        WrongValue{"integer_is_fraction", R"({"a": 2.5})",
                   [](const JsonValue& v) { v.Get("a").Integer(1, 9); },
                   "config.json: a: expected an integer from 1 to 9, found 2.5"},
        WrongValue{"integer_below", R"({"a": 0})",
                   [](const JsonValue& v) { v.IntegerOr("a", 5, 1, 9); },
                   "config.json: a: expected an integer from 1 to 9, found 0"},
        WrongValue{"integer_above", R"({"a": 10})",
                   [](const JsonValue& v) { v.IntegerOr("a", 5, 1, 9); },
                   "config.json: a: expected an integer from 1 to 9, found 10"},
        WrongValue{"integer_beyond_64_bits", R"({"a": 18446744073709551615})",
                   [](const JsonValue& v) { v.Get("a").Integer(1, 9); },
                   "config.json: a: expected an integer from 1 to 9, found 1.8446744073709552e+19"},
        WrongValue{"not_array", R"({"a": true})", [](const JsonValue& v) { v.Get("a").Array(); },
                   "config.json: a: expected an array, found a boolean"},
        WrongValue{"deep", R"({"a": [{"b": 1}, {"b": "x"}]})",
                   [](const JsonValue& v) { v.Get("a").Array()[1].Get("b").Number(); },
                   "config.json: a[1]: b: expected a number, found a string"}),
    [](const ::testing::TestParamInfo<WrongValue>& row) { return std::string(row.param.name); });

struct NotJson {
  const char* name;
  std::string text;
};

class JsonNotJson : public ::testing::TestWithParam<NotJson> {};

TEST_P(JsonNotJson, IsRefusedByName) {
  EXPECT_THAT(MessageOf([] { ParseText(GetParam().text); }),
              HasSubstr("config.json: expected valid JSON, found "));
}

std::string Nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

INSTANTIATE_TEST_SUITE_P(
    All, JsonNotJson,
    ::testing::Values(NotJson{"empty", ""}, NotJson{"blank", " \n"}, NotJson{"cut", R"({"a": )"},
                      NotJson{"comma", "{,}"}, NotJson{"two_values", "{} {}"},
                      NotJson{"not_utf8", "{\"a\": \"\xff\"}"},
                      NotJson{"zero_byte", std::string("{}\0", 3)}, NotJson{"nan", R"({"a": NaN})"},
                      NotJson{"deep", Nested(100'000)}),
    [](const ::testing::TestParamInfo<NotJson>& row) { return std::string(row.param.name); });

TEST(Quoted, FitsIntoALine) {
  EXPECT_EQ(Quoted("bert"), "\"bert\"");
  EXPECT_EQ(Quoted("a\nb\x7f"), "\"a?b?\"");
  EXPECT_EQ(Quoted(std::string(81, 'x')), '"' + std::string(80, 'x') + "...\"");
}

class JsonFile : public ::testing::Test {
 protected:
  void SetUp() override {
    path_ = std::filesystem::path(::testing::TempDir()) /
            ::testing::UnitTest::GetInstance()->current_test_info()->name();
  }
  void TearDown() override { std::filesystem::remove(path_); }
  void Write(std::string_view text) const { std::ofstream(path_, std::ios::binary) << text; }

  std::filesystem::path path_;
};

TEST_F(JsonFile, OfExactlyTheLimitIsRead) {
  Write(R"({"a":1})");
  EXPECT_EQ(JsonDocument::ReadFile(path_, 7).root().Get("a").Integer(0, 9), 1);
}

TEST_F(JsonFile, OverTheLimitIsRefused) {
  Write(R"({"a":1})");
  EXPECT_EQ(MessageOf([&] { JsonDocument::ReadFile(path_, 6); }),
            path_.string() + ": expected at most 6 bytes, found 7 bytes");
}

TEST_F(JsonFile, ThatIsEmptyIsNotJson) {
  Write("");
  EXPECT_THAT(MessageOf([&] { JsonDocument::ReadFile(path_, 100); }), HasSubstr("valid JSON"));
}

TEST_F(JsonFile, ThatIsMissingIsNamed) {
  EXPECT_THAT(MessageOf([&] { JsonDocument::ReadFile(path_, 100); }), HasSubstr(path_.string()));
}

TEST_F(JsonFile, OfWholePagesIsReadWithoutReachingBeyondThem) {
  const std::string text = "[" + std::string(4094, ' ') + "]";
  Write(text);
  EXPECT_TRUE(JsonDocument::ReadFile(path_, 8192).root().Array().empty());
}

}  // namespace
}  // namespace embd
