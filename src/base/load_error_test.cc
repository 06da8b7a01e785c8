#include "base/load_error.h"

#include <gtest/gtest.h>

#include <string>

namespace embd {
namespace {

struct LoadErrorCase {
  const char* name;
  LoadError::Parts parts;
  const char* line;
};

class LoadErrorLine : public ::testing::TestWithParam<LoadErrorCase> {};

TEST_P(LoadErrorLine, SaysWhatIsKnown) {
  EXPECT_STREQ(LoadError(GetParam().parts).what(), GetParam().line);
}

INSTANTIATE_TEST_SUITE_P(
    All, LoadErrorLine,
    ::testing::Values(
        LoadErrorCase{
            "everything",
            {.path = "config.json", .expected = "a number", .found = "\"x\"", .hint = "fix it"},
            "config.json: expected a number, found \"x\" (fix it)"},
        LoadErrorCase{"no_hint",
                      {.path = "config.json", .expected = "a number", .found = "\"x\"", .hint = {}},
                      "config.json: expected a number, found \"x\""},
        LoadErrorCase{
            "no_expectation",
            {.path = "model", .expected = {}, .found = "nothing there", .hint = "download it"},
            "model: nothing there (download it)"},
        LoadErrorCase{"only_expectation",
                      {.path = "--port", .expected = "a number", .found = {}, .hint = {}},
                      "--port: expected a number"}),
    [](const ::testing::TestParamInfo<LoadErrorCase>& row) { return std::string(row.param.name); });

TEST(LoadError, KeepsItsParts) {
  try {
    throw LoadError({.path = "p", .expected = "e", .found = "f", .hint = "h"});
  } catch (const std::exception& error) {
    const auto* load_error = dynamic_cast<const LoadError*>(&error);
    ASSERT_NE(load_error, nullptr);
    EXPECT_EQ(load_error->parts().path, "p");
    EXPECT_EQ(load_error->parts().hint, "h");
  }
}

}  // namespace
}  // namespace embd
