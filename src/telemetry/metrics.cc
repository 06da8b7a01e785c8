#include "telemetry/metrics.h"

#include <array>
#include <charconv>
#include <utility>

#include "base/system.h"

namespace embd {
namespace {

// Writes families one after another into a string.
class Exposition {
 public:
  explicit Exposition(std::string& out) : out_(out) {}

  void Family(std::string_view name, std::string_view type, std::string_view help) {
    name_ = name;
    Append("# HELP ", name, " ", help, "\n");
    Append("# TYPE ", name, " ", type, "\n");
  }

  // One sample of the current family; `label` empty: none.
  template <typename Number>
  void Sample(std::string_view label, std::string_view value, Number number) {
    out_ += name_;
    if (!label.empty()) {
      Append("{", label, "=\"");
      AppendEscaped(value);
      out_ += "\"}";
    }
    EndSample(number);
  }

  template <typename Number>
  void Sample(Number number) {
    Sample({}, {}, number);
  }

  // An info sample: the value is 1 and the labels carry what there is to say.
  void Info(std::span<const std::array<std::string_view, 2>> labels) {
    out_ += name_;
    char separator = '{';
    for (const auto& [label, value] : labels) {
      out_ += separator;
      Append(label, "=\"");
      AppendEscaped(value);
      out_ += '"';
      separator = ',';
    }
    out_ += '}';
    EndSample(1);
  }

  // Buckets are exported cumulatively; the count is the last of them, so that both always agree.
  void Histogram(std::string_view name, std::string_view help, const class Histogram& histogram) {
    Family(name, "histogram", help);
    std::uint64_t count = 0;
    for (std::size_t i = 0; i <= histogram.edges().size(); ++i) {
      count += histogram.bucket(i);
      Append(name, "_bucket{le=\"");
      if (i < histogram.edges().size()) {
        AppendNumber(histogram.edges()[i]);
      } else {
        out_ += "+Inf";
      }
      out_ += "\"}";
      EndSample(count);
    }
    Append(name, "_sum");
    EndSample(histogram.sum());
    Append(name, "_count");
    EndSample(count);
  }

 private:
  template <typename... Parts>
  void Append(Parts... parts) {
    (out_.append(parts), ...);
  }

  void AppendEscaped(std::string_view value) {
    for (const char c : value) {
      if (c == '\n') {
        out_ += "\\n";
        continue;
      }
      if (c == '\\' || c == '"') out_ += '\\';
      out_ += c;
    }
  }

  void AppendNumber(double value) {
    // Shortest digits that read back to the same double, never an exponent: at most 1 + 308 digits
    // before the point or some 345 characters after it.
    std::array<char, 400> digits;
    const auto end = std::to_chars(digits.begin(), digits.end(), value, std::chars_format::fixed);
    out_.append(digits.data(), end.ptr);
  }
  void AppendNumber(std::uint64_t value) {
    std::array<char, 24> digits;
    const auto end = std::to_chars(digits.begin(), digits.end(), value);
    out_.append(digits.data(), end.ptr);
  }
  void AppendNumber(int value) { AppendNumber(static_cast<std::uint64_t>(value)); }

  template <typename Number>
  void EndSample(Number number) {
    out_ += ' ';
    AppendNumber(number);
    out_ += '\n';
  }

  std::string& out_;
  std::string_view name_;
};

void RenderRequests(const Metrics& m, Exposition& out) {
  out.Family("te_request_count", "counter", "Requests received, by whether a list was given");
  out.Sample("method", "single", m.request_count_single.value());
  out.Sample("method", "batch", m.request_count_batch.value());
  out.Family("te_request_success", "counter", "Requests answered with a result");
  out.Sample("method", "single", m.request_success_single.value());
  out.Sample("method", "batch", m.request_success_batch.value());

  struct Failure {
    std::string_view label;
    const Counter& counter;
  };
  const std::array failures = {
      Failure{"validation", m.failure_validation},
      Failure{"batch_size", m.failure_batch_size},
      Failure{"model_type", m.failure_model_type},
      Failure{"overloaded", m.failure_overloaded},
      Failure{"tokenization", m.failure_tokenization},
      Failure{"inference", m.failure_inference},
      Failure{"dropped", m.failure_dropped},
      Failure{"missing_values", m.failure_missing_values},
  };
  out.Family("te_request_failure", "counter", "Requests that failed, by what failed");
  for (const Failure& failure : failures) {
    out.Sample("err", failure.label, failure.counter.value());
  }

  out.Histogram("te_request_duration", "Seconds from request to answer", m.request.total);
  out.Histogram("te_request_tokenization_duration",
                "Seconds until tokenized, waiting included; mean over the request's inputs",
                m.request.tokenization);
  out.Histogram("te_request_queue_duration",
                "Seconds in the scheduler's queue; mean over the request's inputs",
                m.request.queue);
  out.Histogram("te_request_inference_duration",
                "Seconds of the model's steps; mean over the request's inputs",
                m.request.inference);
  out.Histogram("te_request_input_length", "Tokens of an input", m.input_length);
}

void RenderStages(const StageHistograms& stages, const std::array<std::string_view, 4>& names,
                  Exposition& out) {
  out.Histogram(names[0], "Seconds from request to result, by input", stages.total);
  out.Histogram(names[1], "Seconds until tokenized, waiting included", stages.tokenization);
  out.Histogram(names[2], "Seconds in the scheduler's queue", stages.queue);
  out.Histogram(names[3], "Seconds of the model's step", stages.inference);
}

void RenderInputs(const Metrics& m, Exposition& out) {
  out.Family("te_embed_count", "counter", "Inputs accepted for embedding");
  out.Sample(m.embed.count.value());
  out.Family("te_embed_success", "counter", "Inputs embedded");
  out.Sample(m.embed.success.value());
  RenderStages(m.embed.duration,
               {"te_embed_duration", "te_embed_tokenization_duration", "te_embed_queue_duration",
                "te_embed_inference_duration"},
               out);
  out.Family("te_predict_count", "counter", "Inputs accepted for prediction or ranking");
  out.Sample(m.predict.count.value());
  out.Family("te_predict_success", "counter", "Inputs that have their scores");
  out.Sample(m.predict.success.value());
  RenderStages(m.predict.duration,
               {"te_predict_duration", "te_predict_tokenization_duration",
                "te_predict_queue_duration", "te_predict_inference_duration"},
               out);
}

void RenderEngine(const Metrics& m, Exposition& out) {
  out.Family("te_queue_size", "gauge", "Inputs waiting for the model");
  out.Sample(m.queue_size.value());
  out.Histogram("te_batch_next_size", "Inputs of a step", m.batch_next_size);
  out.Histogram("te_batch_next_tokens", "Tokens of a step", m.batch_next_tokens);
  out.Family("embd_tokens_total", "counter", "Tokens that went through the model");
  out.Sample(m.tokens_total.value());
  out.Family("embd_cancelled_total", "counter", "Inputs dropped because their client had gone");
  out.Sample(m.cancelled_total.value());
  out.Family("embd_rejected_total", "counter", "Inputs turned away because the server was full");
  out.Sample(m.rejected_total.value());
  out.Histogram("embd_batch_fill_ratio",
                "Tokens of a step by those that one worker's step may have, at most 1",
                m.batch_fill);
  out.Histogram("embd_queue_wait_seconds",
                "Seconds that an input waited for its step, whatever it was for and became of it",
                m.queue_wait);
  out.Family("embd_answer_bytes", "gauge", "Bytes of large answers that are being gathered");
  out.Sample(m.answer_bytes.value());
  out.Family("embd_healthy", "gauge", "1 while the server is able to serve, else 0");
  out.Sample(m.healthy.value());
}

void RenderProcess(const Metrics& m, Exposition& out) {
  out.Family("embd_connections", "gauge", "Connections open");
  out.Sample(m.connections.value());
  out.Family("embd_memory_resident_bytes", "gauge", "Bytes of the process in physical memory");
  out.Sample(ResidentBytes());
  out.Family("embd_memory_plan_bytes", "gauge", "Bytes planned at start, by part");
  for (const MemoryGauge& gauge : m.memory_plan) out.Sample("part", gauge.part, gauge.bytes);
  out.Family("embd_startup_phase_seconds", "gauge", "Seconds that each phase of the start took");
  for (const PhaseGauge& gauge : m.startup_phases) out.Sample("phase", gauge.phase, gauge.seconds);
  out.Family("embd_build_info", "gauge", "What is running");
  const std::array<std::array<std::string_view, 2>, 2> labels = {
      {{"version", m.version}, {"backend", m.backend}}};
  out.Info(labels);
}

}  // namespace

Histogram::Histogram(std::vector<double> edges)
    : edges_(std::move(edges)),
      buckets_(std::make_unique<std::atomic<std::uint64_t>[]>(edges_.size() + 1)) {}

void Histogram::Observe(double value) {
  const auto edge = std::lower_bound(edges_.begin(), edges_.end(), value);
  buckets_[static_cast<std::size_t>(edge - edges_.begin())].fetch_add(1, std::memory_order_relaxed);
  sum_.fetch_add(value, std::memory_order_relaxed);
}

void Histogram::Reset() {
  for (std::size_t i = 0; i <= edges_.size(); ++i) buckets_[i].store(0, std::memory_order_relaxed);
  sum_.store(0, std::memory_order_relaxed);
}

void StageHistograms::Reset() {
  for (embd::Histogram* stage : {&total, &tokenization, &queue, &inference}) stage->Reset();
}

void InputSeries::Reset() {
  count.Reset();
  success.Reset();
  duration.Reset();
}

void Metrics::ForgetRequests() {
  for (Counter* counter :
       {&request_count_single, &request_count_batch, &request_success_single,
        &request_success_batch, &failure_validation, &failure_batch_size, &failure_model_type,
        &failure_overloaded, &failure_tokenization, &failure_inference, &failure_dropped,
        &failure_missing_values, &tokens_total, &cancelled_total, &rejected_total}) {
    counter->Reset();
  }
  for (Histogram* histogram :
       {&input_length, &batch_next_size, &batch_next_tokens, &batch_fill, &queue_wait}) {
    histogram->Reset();
  }
  request.Reset();
  embed.Reset();
  predict.Reset();
}

std::vector<double> DurationEdges() {
  // Multiplied step by step, since the rounding noise of that is part of the exported names.
  std::vector<double> edges;
  double edge = 0.00001;
  for (int i = 0; i < 35; ++i) edges.push_back(edge *= 1.5);
  return edges;
}

std::vector<double> PowersOfTwo(std::uint64_t largest) {
  std::vector<double> edges;
  for (std::uint64_t edge = 1; edge <= largest && edge != 0; edge *= 2) {
    edges.push_back(static_cast<double>(edge));
  }
  return edges;
}

std::vector<double> Tenths() {
  std::vector<double> edges;
  for (int i = 1; i <= 10; ++i) edges.push_back(i / 10.0);
  return edges;
}

std::string Render(const Metrics& metrics) {
  std::string text;
  text.reserve(std::size_t{32} << 10U);
  Exposition out(text);
  RenderRequests(metrics, out);
  RenderInputs(metrics, out);
  RenderEngine(metrics, out);
  RenderProcess(metrics, out);
  return text;
}

}  // namespace embd
