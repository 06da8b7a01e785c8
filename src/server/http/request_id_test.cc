#include "server/http/request_id.h"

#include <gtest/gtest.h>

#include <set>
#include <thread>

namespace embd::http {
namespace {

TEST(RequestId, TakesWhatIsShortAndPrintable) {
  for (const std::string_view id : {"a", "7f3c-11", "{\"x\":1}", "!~"}) {
    EXPECT_TRUE(IsUsableRequestId(id)) << id;
  }
  EXPECT_TRUE(IsUsableRequestId(std::string(128, 'x')));
  EXPECT_FALSE(IsUsableRequestId(std::string(129, 'x')));
  for (const std::string_view id : {"", " ", "a b", "a\tb", "a\nb", "a\x7f", "\xc3\xa9"}) {
    EXPECT_FALSE(IsUsableRequestId(id)) << id;
  }
}

TEST(RequestId, MadeOnesDiffer) {
  std::set<std::string> ids;
  for (int thread = 0; thread < 4; ++thread) {
    std::thread([&] {
      for (int i = 0; i < 250; ++i) ids.insert(MakeRequestId());
    }).join();
  }
  EXPECT_EQ(ids.size(), 1000U);
  for (const std::string& id : ids) {
    EXPECT_EQ(id.size(), 32U);
    EXPECT_EQ(id.find_first_not_of("0123456789abcdef"), std::string::npos);
  }
}

}  // namespace
}  // namespace embd::http
