#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace embd {

// Counts up. Lock-free; any thread.
class Counter {
 public:
  void Add(std::uint64_t amount = 1) { value_.fetch_add(amount, std::memory_order_relaxed); }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }
  void Reset() { value_.store(0, std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

// A value that goes up and down. Lock-free; any thread.
class Gauge {
 public:
  void Set(double value) { value_.store(value, std::memory_order_relaxed); }
  void Add(double amount) { value_.fetch_add(amount, std::memory_order_relaxed); }
  double value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<double> value_{0};
};

// Counts observations into buckets with fixed upper edges. Lock-free; any thread.
class Histogram {
 public:
  explicit Histogram(std::vector<double> edges);

  void Observe(double value);
  void Reset();

  std::span<const double> edges() const { return edges_; }
  // Observations at or below edge `index` but above the one before; index edges().size() is +Inf.
  std::uint64_t bucket(std::size_t index) const {
    return buckets_[index].load(std::memory_order_relaxed);
  }
  double sum() const { return sum_.load(std::memory_order_relaxed); }

 private:
  std::vector<double> edges_;
  std::unique_ptr<std::atomic<std::uint64_t>[]> buckets_;
  std::atomic<double> sum_{0};
};

// Bucket edges of TEI's series.
std::vector<double> DurationEdges();                     // 1e-5 * 1.5^i seconds, i = 1..35
std::vector<double> PowersOfTwo(std::uint64_t largest);  // 1, 2, 4 ... not above `largest`

std::vector<double> Tenths();  // 0.1 to 1

inline constexpr std::uint64_t kLargestLengthEdge = std::uint64_t{1} << 19U;

// Duration of one request or one input, by stage, in seconds.
struct StageHistograms {
  void Reset();

  Histogram total{DurationEdges()};
  Histogram tokenization{DurationEdges()};
  Histogram queue{DurationEdges()};
  Histogram inference{DurationEdges()};
};

// What is counted once an input, for one kind of request.
struct InputSeries {
  void Reset();

  Counter count;    // accepted
  Counter success;  // answered
  StageHistograms duration;
};

// Memory as planned at start, by part, in bytes.
struct MemoryGauge {
  std::string part;
  double bytes = 0;
};

struct PhaseGauge {
  std::string phase;
  double seconds = 0;
};

// Every series of the server, once each; the names as exported stand in metrics.cc. Members are
// counted where the thing happens and read by Render.
struct Metrics {
  explicit Metrics(std::uint64_t max_input_length)
      : input_length(PowersOfTwo(std::min(max_input_length, kLargestLengthEdge))) {}

  // Sets to zero what requests have counted: those of the warm-up are nobody's. Gauges stay.
  void ForgetRequests();

  // te_request_*: once per HTTP request
  Counter request_count_single, request_count_batch;
  Counter request_success_single, request_success_batch;
  Counter failure_validation, failure_batch_size, failure_model_type, failure_overloaded,
      failure_tokenization, failure_inference, failure_dropped, failure_missing_values;
  StageHistograms request;
  // te_embed_*, te_predict_*: once per input
  InputSeries embed;
  InputSeries predict;
  Histogram input_length;
  // te_batch_*, te_queue_size: the scheduler
  Gauge queue_size;
  Histogram batch_next_size{PowersOfTwo(4096)};
  Histogram batch_next_tokens{PowersOfTwo(1U << 20)};

  // embd_*: beyond TEI
  Counter tokens_total;                    // tokens that went through the model
  Counter cancelled_total;                 // inputs dropped because their client had gone
  Counter rejected_total;                  // inputs turned away because the server was full
  Histogram batch_fill{Tenths()};          // tokens of a step by those that one worker's may have
  Histogram queue_wait{DurationEdges()};   // seconds of each input, whatever became of it
  Gauge answer_bytes;                      // rows of large answers, until they are sent
  Gauge connections;                       // open now
  Gauge healthy;                           // 1 or 0
  std::vector<PhaseGauge> startup_phases;  // written before the port opens, constant afterwards
  std::vector<MemoryGauge> memory_plan;    // likewise
  std::string version, backend;            // likewise
};

// The Prometheus text exposition (version 0.0.4) of all series, each present from the start, and of
// the process's resident memory as it is now. Allocates; any thread.
std::string Render(const Metrics& metrics);

}  // namespace embd
