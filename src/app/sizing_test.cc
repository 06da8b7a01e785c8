#include "app/sizing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "base/load_error.h"

namespace embd {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

Options Defaults() {
  Options options;
  options.model_id = "m";
  options.max_concurrent_requests = 512;
  options.max_batch_tokens = 16384;
  options.max_client_batch_size = 32;
  options.auto_truncate = true;
  options.payload_limit = 2'000'000;
  return options;
}

// A machine of so many cores, all granted.
CpuGrant Cpus(int cores) {
  CpuGrant grant;
  grant.cpus = cores;
  for (int cpu = 0; cpu < cores; ++cpu) grant.cores.push_back({.cpu = cpu});
  return grant;
}

constexpr LengthFacts kMiniLm = {.base_length = 256, .max_positions = 512, .position_offset = 0};

TEST(Sizing, Defaults) {
  const Sizing sizing = DecideSizing(Defaults(), kMiniLm, Cpus(2));
  EXPECT_THAT(sizing.warnings, IsEmpty());
  EXPECT_EQ(sizing.info.max_input_length, 256U);
  EXPECT_EQ(sizing.info.served_model_name, "m");
  EXPECT_EQ(sizing.info.tokenization_workers, 1U);
  EXPECT_EQ(sizing.info.model_sha, std::nullopt);
  EXPECT_EQ(sizing.scheduler.workers, 2);
  EXPECT_EQ(sizing.scheduler.step.max_tokens, 256);
  EXPECT_EQ(sizing.scheduler.step.max_sequences, 256);
  EXPECT_EQ(sizing.scheduler.step.max_sequence_tokens, 256);
  EXPECT_EQ(sizing.scheduler.queue_capacity, 512U);
  EXPECT_EQ(sizing.http.payload_limit, 2'000'000U);
}

TEST(Sizing, TaskDecidesTheDefaultRoute) {
  Options options = Defaults();
  EXPECT_FALSE(DecideSizing(options, kMiniLm, Cpus(2)).info.default_similarity);
  options.task = kSimilarityTask;
  EXPECT_TRUE(DecideSizing(options, kMiniLm, Cpus(2)).info.default_similarity);
}

// A step's rows take 4 MiB at most, whatever the vocabulary of a sparse embedding is.
TEST(Sizing, LongRowsMakeForFewerSequencesAStep) {
  struct Case {
    std::int64_t row_length;
    std::int64_t sequences;
  };
  for (const Case& c : {Case{1, 256}, Case{1024, 256}, Case{30522, 34}, Case{250002, 4},
                        Case{std::int64_t{1} << 26, 1}}) {
    LengthFacts lengths = kMiniLm;
    lengths.row_length = c.row_length;
    EXPECT_EQ(DecideSizing(Defaults(), lengths, Cpus(2)).scheduler.step.max_sequences, c.sequences)
        << c.row_length;
  }
}

struct LengthCase {
  LengthFacts lengths;
  std::uint32_t max_batch_tokens;
  std::uint32_t expected;
  int warnings;
};

TEST(Sizing, LongestInputFitsPositionsAndBatch) {
  const LengthCase cases[] = {
      {{256, 512, 0}, 16384, 256, 0}, {{512, 512, 0}, 512, 512, 0},
      {{512, 512, 0}, 511, 511, 1},   {{514, 514, 2}, 16384, 512, 1},
      {{512, 514, 2}, 16384, 512, 0}, {{1024, 512, 0}, 16384, 512, 1},
      {{1024, 512, 0}, 100, 100, 2},  {{32768, 0, 0}, 16384, 16384, 1},
      {{8192, 0, 0}, 16384, 8192, 0}, {{1, 512, 0}, 16384, 1, 0},
  };
  for (const LengthCase& c : cases) {
    Options options = Defaults();
    options.max_batch_tokens = c.max_batch_tokens;
    const Sizing sizing = DecideSizing(options, c.lengths, Cpus(2));
    EXPECT_EQ(sizing.info.max_input_length, c.expected) << c.lengths.base_length;
    EXPECT_EQ(sizing.warnings.size(), static_cast<std::size_t>(c.warnings));
    // Whatever the flags say, the longest input fits into a step, and a step into a batch.
    EXPECT_GE(sizing.scheduler.step.max_tokens, sizing.info.max_input_length);
    EXPECT_LE(sizing.scheduler.step.max_tokens, c.max_batch_tokens);
    EXPECT_EQ(sizing.scheduler.step.max_sequence_tokens, c.expected);
  }
}

TEST(Sizing, InputsThatMayNotBeCutMustFit) {
  Options options = Defaults();
  options.auto_truncate = false;
  options.max_batch_tokens = 128;
  try {
    DecideSizing(options, kMiniLm, Cpus(2));
    FAIL() << "accepted";
  } catch (const LoadError& error) {
    EXPECT_THAT(error.what(), HasSubstr("--max-batch-tokens: expected at least 256"));
  }
  options.max_batch_tokens = 256;
  EXPECT_EQ(DecideSizing(options, kMiniLm, Cpus(2)).info.max_input_length, 256U);
}

struct ThreadCase {
  int cores;
  std::uint32_t tokenizers;
  int io_threads;
};

TEST(Sizing, ThreadsFollowTheCores) {
  const ThreadCase cases[] = {{1, 1, 1}, {2, 1, 1}, {3, 2, 1}, {16, 15, 4}, {200, 64, 4}};
  for (const ThreadCase& c : cases) {
    const Sizing sizing = DecideSizing(Defaults(), kMiniLm, Cpus(c.cores));
    EXPECT_EQ(sizing.scheduler.workers, c.cores);
    EXPECT_EQ(sizing.info.tokenization_workers, c.tokenizers);
    EXPECT_EQ(sizing.http.io_threads, c.io_threads);
  }
}

struct GrantCase {
  const char* name;
  int cpus;
  int cores;
  std::optional<double> quota;
  bool whole_machine;
  std::optional<bool> pin;
  int workers;
  std::uint32_t tokenizers;
  bool pinned;
};

// Compute threads count physical cores, the others may use siblings; pinned is who is alone.
TEST(Sizing, ThreadsFollowTheGrant) {
  const GrantCase cases[] = {
      {"whole machine", 8, 8, {}, true, {}, 8, 7, true},
      {"siblings", 8, 4, {}, true, {}, 4, 7, true},
      {"a part of the machine", 8, 4, {}, false, {}, 4, 7, true},
      {"a part, not to be pinned", 8, 4, {}, false, false, 4, 7, false},
      {"whole machine, not to be pinned", 8, 4, {}, true, false, 4, 7, false},
      {"quota, to be pinned", 8, 4, 2.5, true, true, 3, 2, true},
      {"quota", 8, 4, 2.5, false, {}, 3, 2, false},
      {"quota above the cores", 8, 4, 6.0, false, {}, 4, 5, false},
      {"tiny quota", 8, 4, 0.2, true, {}, 1, 1, false},
  };
  for (const GrantCase& c : cases) {
    CpuGrant grant = Cpus(c.cores);
    grant.cpus = c.cpus;
    grant.quota = c.quota;
    grant.whole_machine = c.whole_machine;
    Options options = Defaults();
    options.pin_threads = c.pin;
    const Sizing sizing = DecideSizing(options, kMiniLm, grant);
    EXPECT_EQ(sizing.scheduler.workers, c.workers) << c.name;
    EXPECT_EQ(sizing.scheduler.most_lanes, c.workers) << c.name;
    EXPECT_EQ(sizing.info.tokenization_workers, c.tokenizers) << c.name;
    EXPECT_EQ(!sizing.scheduler.places.empty(), c.pinned) << c.name;
  }
  // More threads than cores are not pinned on top of each other.
  Options options = Defaults();
  options.threads = 5;
  CpuGrant grant = Cpus(4);
  grant.whole_machine = false;
  EXPECT_TRUE(DecideSizing(options, kMiniLm, grant).scheduler.places.empty());
  // Which of the machine's cores a few threads use is for the system to say.
  options.threads = 3;
  EXPECT_FALSE(DecideSizing(options, kMiniLm, grant).scheduler.places.empty());
  grant.whole_machine = true;
  EXPECT_TRUE(DecideSizing(options, kMiniLm, grant).scheduler.places.empty());
}

TEST(Sizing, StepsAreShortAndWithinTheBatchLimits) {
  Options options = Defaults();
  const Sizing usual = DecideSizing(options, {512, 512, 0}, Cpus(2));
  EXPECT_EQ(usual.scheduler.step.max_tokens, 512);
  EXPECT_EQ(usual.scheduler.step_tokens, 128);
  EXPECT_EQ(usual.scheduler.short_tokens, 64);
  options.max_batch_tokens = 40;
  const Sizing small = DecideSizing(options, {512, 512, 0}, Cpus(2));
  EXPECT_EQ(small.scheduler.step.max_tokens, 40);
  EXPECT_EQ(small.scheduler.step_tokens, 40);
  EXPECT_EQ(small.scheduler.short_tokens, 40);
}

TEST(Sizing, WhatTheOperatorSaysWins) {
  Options options = Defaults();
  options.threads = 3;
  options.tokenization_workers = 5;
  options.max_batch_requests = 7;
  options.served_model_name = "name";
  options.revision = "refs/pr/1";
  const Sizing sizing = DecideSizing(options, kMiniLm, Cpus(64));
  EXPECT_EQ(sizing.scheduler.workers, 3);
  EXPECT_EQ(sizing.info.tokenization_workers, 5U);
  EXPECT_EQ(sizing.scheduler.step.max_sequences, 7);
  EXPECT_EQ(sizing.info.max_batch_requests, 7U);
  EXPECT_EQ(sizing.info.served_model_name, "name");
  EXPECT_EQ(sizing.info.model_sha, "refs/pr/1");
}

TEST(Sizing, BodiesOfAnyPayloadLimitFitTheBudget) {
  Options options = Defaults();
  options.payload_limit = 100'000'000;
  EXPECT_GE(DecideSizing(options, kMiniLm, Cpus(2)).http.buffer_budget, 400'000'000U);
}

TEST(Sizing, NoWarningLooksLikeAFailure) {
  Options options = Defaults();
  options.max_batch_tokens = 100;
  for (const std::string& warning : DecideSizing(options, {1024, 512, 0}, Cpus(2)).warnings) {
    EXPECT_THAT(warning, ::testing::Not(HasSubstr("rror")));
  }
}

}  // namespace
}  // namespace embd
