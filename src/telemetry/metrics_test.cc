#include "telemetry/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

namespace embd {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(HistogramTest, CountsAnObservationAtItsEdgeInThatBucket) {
  Histogram histogram({1, 2, 4});
  for (const double value : {0.5, 1.0, 1.5, 2.0, 4.0, 4.1, 100.0}) histogram.Observe(value);
  EXPECT_EQ(histogram.bucket(0), 2U);  // 0.5, 1
  EXPECT_EQ(histogram.bucket(1), 2U);  // 1.5, 2
  EXPECT_EQ(histogram.bucket(2), 1U);  // 4
  EXPECT_EQ(histogram.bucket(3), 2U);  // beyond
  EXPECT_DOUBLE_EQ(histogram.sum(), 113.1);
}

TEST(HistogramTest, LosesNothingBetweenThreads) {
  Histogram histogram({1});
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 1000; ++i) histogram.Observe(i % 2 == 0 ? 1 : 2);
      });
    }
  }
  EXPECT_EQ(histogram.bucket(0), 2000U);
  EXPECT_EQ(histogram.bucket(1), 2000U);
  EXPECT_EQ(histogram.sum(), 6000);
}

TEST(EdgesTest, AreTheContractsOnes) {
  EXPECT_THAT(PowersOfTwo(5), ElementsAre(1, 2, 4));
  EXPECT_THAT(PowersOfTwo(8), ElementsAre(1, 2, 4, 8));
  EXPECT_TRUE(PowersOfTwo(0).empty());
  const std::vector<double> durations = DurationEdges();
  ASSERT_EQ(durations.size(), 35U);
  EXPECT_EQ(durations.front(), 1.5000000000000002e-05);
  EXPECT_NEAR(durations.back(), 14.56, 0.01);
  EXPECT_EQ(Metrics(1U << 20).input_length.edges().back(), 1 << 19);
  EXPECT_EQ(Metrics(256).input_length.edges().back(), 256);
}

TEST(MetricsTest, ForgetsWhatRequestsCounted) {
  Metrics metrics(512);
  for (Counter* counter : {&metrics.request_count_single, &metrics.request_success_batch,
                           &metrics.failure_dropped, &metrics.embed.count, &metrics.predict.success,
                           &metrics.rejected_total, &metrics.tokens_total}) {
    counter->Add(3);
  }
  for (Histogram* histogram :
       {&metrics.input_length, &metrics.batch_next_size, &metrics.request.queue,
        &metrics.embed.duration.total, &metrics.predict.duration.queue, &metrics.batch_fill,
        &metrics.queue_wait}) {
    histogram->Observe(2);
    histogram->Observe(1e9);
  }
  metrics.queue_size.Set(7);
  metrics.ForgetRequests();

  Metrics expected(512);
  expected.queue_size.Set(7);
  const auto without_residency = [](const Metrics& m) {
    std::string text = Render(m);
    const auto at = text.find("\nembd_memory_resident_bytes ");
    return text.erase(at, text.find('\n', at + 1) - at);
  };
  EXPECT_EQ(without_residency(metrics), without_residency(expected));
}

TEST(RenderTest, SpellsSeriesAsTheContractDoes) {
  Metrics metrics(512);
  metrics.request_count_single.Add(3);
  metrics.failure_batch_size.Add();
  metrics.request.total.Observe(0.00002);
  metrics.request.total.Observe(1000);
  metrics.input_length.Observe(512);
  metrics.queue_size.Set(7);
  const std::string text = Render(metrics);
  for (const char* line : {
           "# TYPE te_request_count counter\n",
           "\nte_request_count{method=\"single\"} 3\n",
           "\nte_request_count{method=\"batch\"} 0\n",
           "\nte_request_failure{err=\"batch_size\"} 1\n",
           "\nte_request_failure{err=\"missing_values\"} 0\n",
           "# TYPE te_request_duration histogram\n",
           "\nte_request_duration_bucket{le=\"0.000015000000000000002\"} 0\n",
           "\nte_request_duration_bucket{le=\"0.000022500000000000005\"} 1\n",
           "\nte_request_duration_bucket{le=\"+Inf\"} 2\n",
           "\nte_request_duration_sum 1000.00002\n",
           "\nte_request_duration_count 2\n",
           "\nte_request_input_length_bucket{le=\"256\"} 0\n",
           "\nte_request_input_length_bucket{le=\"512\"} 1\n",
           "\nte_batch_next_size_bucket{le=\"4096\"} 0\n",
           "\nte_batch_next_tokens_bucket{le=\"1048576\"} 0\n",
           "# TYPE te_queue_size gauge\n",
           "\nte_queue_size 7\n",
       }) {
    EXPECT_THAT(text, HasSubstr(line));
  }
  EXPECT_THAT(text, Not(HasSubstr("te_request_input_length_bucket{le=\"1024\"}")));
}

TEST(RenderTest, HasEverySeriesBeforeTheFirstRequest) {
  const std::string text = Render(Metrics(512));
  for (const char* name : {"te_request_count",
                           "te_request_success",
                           "te_request_failure",
                           "te_request_duration",
                           "te_request_tokenization_duration",
                           "te_request_queue_duration",
                           "te_request_inference_duration",
                           "te_request_input_length",
                           "te_embed_count",
                           "te_embed_success",
                           "te_embed_duration",
                           "te_embed_tokenization_duration",
                           "te_embed_queue_duration",
                           "te_embed_inference_duration",
                           "te_predict_count",
                           "te_predict_success",
                           "te_predict_duration",
                           "te_predict_tokenization_duration",
                           "te_predict_queue_duration",
                           "te_predict_inference_duration",
                           "te_queue_size",
                           "te_batch_next_size",
                           "te_batch_next_tokens",
                           "embd_tokens_total",
                           "embd_cancelled_total",
                           "embd_rejected_total",
                           "embd_batch_fill_ratio",
                           "embd_queue_wait_seconds",
                           "embd_answer_bytes",
                           "embd_healthy",
                           "embd_connections",
                           "embd_memory_resident_bytes",
                           "embd_build_info"}) {
    EXPECT_THAT(text, HasSubstr("# TYPE " + std::string(name) + " "));
    EXPECT_THAT(text, HasSubstr("\n" + std::string(name)));
  }
}

TEST(RenderTest, ExportsThePlanAndEscapesLabels) {
  Metrics metrics(512);
  metrics.memory_plan = {{.part = "weights", .bytes = 90e6}};
  metrics.startup_phases = {{.phase = "load \"x\"\\\n", .seconds = 0.25}};
  metrics.version = "1.2";
  metrics.backend = "ref";
  const std::string text = Render(metrics);
  EXPECT_THAT(text, HasSubstr("\nembd_memory_plan_bytes{part=\"weights\"} 90000000\n"));
  EXPECT_THAT(text,
              HasSubstr("\nembd_startup_phase_seconds{phase=\"load \\\"x\\\"\\\\\\n\"} 0.25\n"));
  EXPECT_THAT(text, HasSubstr("\nembd_build_info{version=\"1.2\",backend=\"ref\"} 1\n"));
  EXPECT_THAT(text, Not(HasSubstr("\nembd_memory_resident_bytes 0\n")));
}

}  // namespace
}  // namespace embd
