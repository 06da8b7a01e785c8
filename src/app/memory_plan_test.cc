#include "app/memory_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string_view>

namespace embd {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20U;
constexpr MemoryKnobs kKnobs = {
    .threads = 8, .max_batch_tokens = 16384, .max_concurrent_requests = 512};
constexpr MemoryKnobs kLeast = {.threads = 1, .max_batch_tokens = 64, .max_concurrent_requests = 1};

// 100 MiB of weights, 1 MiB a thread and 1024 tokens, 0.25 MiB a request: 100 + 128 + 128.
std::vector<MemoryPart> Parts(const MemoryKnobs& knobs) {
  return {{"weights", 100 * kMiB},
          {"activations", knobs.threads * knobs.max_batch_tokens * 1024},
          {"requests", knobs.max_concurrent_requests * kMiB / 4}};
}

std::string MessageAt(std::uint64_t limit, const MemoryKnobs& least = kLeast) {
  try {
    MakeMemoryPlan(Parts, kKnobs, least, {limit, "a test"});
  } catch (const MemoryError& error) {
    return error.what();
  }
  return "fits";
}

TEST(MemoryPlan, FitsUpToTheLastByte) {
  const MemoryPlan plan = MakeMemoryPlan(Parts, kKnobs, kLeast, {356 * kMiB, "a test"});
  EXPECT_EQ(plan.total(), 356 * kMiB);
  EXPECT_TRUE(plan.fits());
  ASSERT_EQ(plan.parts.size(), 3U);
  EXPECT_EQ(plan.parts[1].bytes, 128 * kMiB);
  EXPECT_NE(MessageAt(356 * kMiB - 1), "fits");
}

TEST(MemoryPlan, NoFlagTurnedWhenOneSuffices) {
  const std::string message = MessageAt(300 * kMiB);
  EXPECT_THAT(message, HasSubstr("Any of these makes it fit"));
  EXPECT_THAT(message, HasSubstr("--max-concurrent-requests 288\n"));
  EXPECT_THAT(message, HasSubstr("--max-batch-tokens 9216\n"));
  EXPECT_THAT(message, HasSubstr("--threads 4\n"));
}

// What is advised fits, and one more of it does not.
TEST(MemoryPlan, AdviceIsExact) {
  for (const std::uint64_t limit : {299 * kMiB + 12'345, 240 * kMiB, 229 * kMiB, 350 * kMiB + 1}) {
    const std::string message = MessageAt(limit);
    constexpr std::string_view kFlag = "--max-concurrent-requests ";
    const std::size_t at = message.find(kFlag);
    ASSERT_NE(at, std::string::npos) << message;
    MemoryKnobs knobs = kKnobs;
    knobs.max_concurrent_requests = std::stoull(message.substr(at + kFlag.size()));
    EXPECT_TRUE((MemoryPlan{Parts(knobs), {limit, ""}}.fits()));
    ++knobs.max_concurrent_requests;
    EXPECT_FALSE((MemoryPlan{Parts(knobs), {limit, ""}}.fits()));
  }
}

TEST(MemoryPlan, FlagsTogether) {
  // Even one request leaves too much: 228.25; and 64 tokens alone do too: 228.5.
  const std::string message = MessageAt(150 * kMiB);
  EXPECT_THAT(message, HasSubstr("These together make it fit:\n  --max-concurrent-requests 1 "
                                 "--max-batch-tokens 6368\n"));
  EXPECT_THAT(message, Not(HasSubstr("--threads")));
}

TEST(MemoryPlan, SaysWhenNothingHelps) {
  EXPECT_THAT(MessageAt(90 * kMiB),
              HasSubstr("No option makes it fit: even with --max-concurrent-requests 1 "
                        "--max-batch-tokens 64 --threads 1 100.3 MiB are needed.\n"));
}

TEST(MemoryPlan, KnobsStayAboveTheirLeast) {
  // The model's inputs of 4096 tokens must not be cut, so tokens alone cannot do it.
  const std::string message =
      MessageAt(240 * kMiB, {.threads = 8, .max_batch_tokens = 4096, .max_concurrent_requests = 1});
  EXPECT_THAT(message, HasSubstr("--max-concurrent-requests 48"));
  EXPECT_THAT(message, Not(HasSubstr("--max-batch-tokens")));
  EXPECT_THAT(message, Not(HasSubstr("--threads")));
}

TEST(MemoryPlan, TableNamesEveryPartAndTheLimit) {
  const std::string message = MessageAt(90 * kMiB);
  EXPECT_THAT(message, HasSubstr("  weights            100.0 MiB\n"));
  EXPECT_THAT(message, HasSubstr("  activations        128.0 MiB\n"));
  EXPECT_THAT(message, HasSubstr("  total              356.0 MiB\n"));
  EXPECT_THAT(message, HasSubstr("  limit (a test)      90.0 MiB\n"));
}

TEST(MemoryPlan, LineForTheLog) {
  const MemoryPlan plan = {Parts(kKnobs), {24 * 1024 * kMiB, "physical memory"}};
  EXPECT_EQ(FormatLine(plan),
            "356.0 MiB of 24.0 GiB (physical memory): weights 100.0 MiB, activations 128.0 MiB, "
            "requests 128.0 MiB");
}

}  // namespace
}  // namespace embd
