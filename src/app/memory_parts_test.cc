#include "app/memory_parts.h"

#include <gtest/gtest.h>

namespace embd {
namespace {

constexpr std::size_t kPlanned = 1024;

MemoryPlan PlanWithLeft(std::uint64_t bytes) {
  return {.parts = {{"weights", 1'000'000}}, .limit = {1'000'000 + bytes, "a test"}};
}

TEST(ConnectionsThatFit, AreThoseOfThePlanAndWhatIsLeftHoldsBesides) {
  http::HttpServerOptions options;
  options.max_connections = 5000;
  const std::size_t each = http::HttpServer::ConnectionBytes(options);
  EXPECT_EQ(ConnectionsThatFit(PlanWithLeft(0), options), kPlanned);
  EXPECT_EQ(ConnectionsThatFit(PlanWithLeft(10 * each - 1), options), kPlanned + 9);
  EXPECT_EQ(ConnectionsThatFit(PlanWithLeft(10 * each), options), kPlanned + 10);
  EXPECT_EQ(ConnectionsThatFit(PlanWithLeft(100'000 * each), options), 5000U);
}

// With encryption each takes more, so that fewer fit.
TEST(ConnectionsThatFit, CountEncryption) {
  http::HttpServerOptions plain;
  http::HttpServerOptions encrypted;
  encrypted.tls = http::TlsFiles{"cert", "key"};
  const MemoryPlan plan = PlanWithLeft(1'000'000);
  EXPECT_LT(ConnectionsThatFit(plan, encrypted), ConnectionsThatFit(plan, plain));
}

}  // namespace
}  // namespace embd
