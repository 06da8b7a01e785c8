#include "server/error_map.h"

#include <gtest/gtest.h>

namespace embd {
namespace {

struct ErrorMapCase {
  ErrorKind kind;
  int status;
  std::string_view type;
};

TEST(ErrorMap, GivesEachKindItsStatusAndName) {
  constexpr ErrorMapCase kCases[] = {
      {ErrorKind::kValidation, 422, "Validation"}, {ErrorKind::kEmpty, 400, "Empty"},
      {ErrorKind::kTokenizer, 422, "Tokenizer"},   {ErrorKind::kOverloaded, 429, "Overloaded"},
      {ErrorKind::kBackend, 424, "Backend"},       {ErrorKind::kUnhealthy, 503, "Unhealthy"},
      {ErrorKind::kCancelled, 503, "Unhealthy"},
  };
  for (const ErrorMapCase& c : kCases) {
    EXPECT_EQ(MapError(c.kind).http_status, c.status) << c.type;
    EXPECT_EQ(MapError(c.kind).type, c.type);
  }
}

}  // namespace
}  // namespace embd
