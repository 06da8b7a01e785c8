#include "service/service.h"

#include <algorithm>
#include <atomic>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "api/validation.h"
#include "base/system.h"
#include "engine/permits.h"
#include "engine/progress.h"
#include "service/gather.h"
#include "service/input_encoder.h"
#include "service/input_queue.h"

namespace embd {
namespace {

// No text within the payload limit takes anywhere near as long.
constexpr std::chrono::seconds kTokenizerStallAfter{10};

// Larger requests are not told apart.
constexpr std::size_t kMostRequestTokens = std::size_t{1} << 30U;

// A single text of at most so many bytes is tokenized at once by whoever brings it: it takes some
// 20 us, less than to wake another thread, and it does not wait behind longer ones.
constexpr std::size_t kHereBytes = 512;
// Threads that may do so at the same time.
constexpr std::size_t kHereThreads = 4;

bool IsShortText(const EmbedRequest& request) {
  if (request.inputs.size() != 1) return false;
  const auto* const text = std::get_if<std::string>(&request.inputs.front());
  return text != nullptr && text->size() <= kHereBytes;
}

// Tokenizes on a thread that is not the service's own.
struct HereEncoder {
  HereEncoder(const Tokenizer& tokenizer, const ServerInfo& info) : encoder(tokenizer, info) {}
  std::mutex mutex;  // only ever tried
  InputEncoder encoder;
};

}  // namespace

struct Service::Impl {
  Impl(const Tokenizer& tokenizer_in, Scheduler& scheduler_in, Metrics& metrics_in,
       ServiceOptions options_in);
  ~Impl();

  Result<std::shared_ptr<Gather>> Admit(EmbedRequest& request, const Cancellation& cancellation);
  Error Refuse(FailedAt where, Error error) const;
  void Loop(std::size_t thread);
  bool ProcessHere(const InputTask& task);
  void Process(InputEncoder& encoder, const InputTask& task) const;
  void EncodeAndSubmit(InputEncoder& encoder, const InputTask& task) const;
  void Stop();

  Scheduler& scheduler;
  Metrics& metrics;
  const ServiceOptions options;
  Permits permits;
  InFlight in_flight;
  InputQueue queue;
  Progress progress;
  std::atomic<bool> stopping{false};
  std::vector<InputEncoder> encoders;  // one a thread
  std::deque<HereEncoder> here_encoders;
  std::vector<std::jthread> threads;
};

Service::Impl::Impl(const Tokenizer& tokenizer_in, Scheduler& scheduler_in, Metrics& metrics_in,
                    ServiceOptions options_in)
    : scheduler(scheduler_in),
      metrics(metrics_in),
      options(std::move(options_in)),
      permits(options.info.max_concurrent_requests),
      queue(options.info.max_concurrent_requests),
      progress(options.info.tokenization_workers) {
  const std::size_t workers = options.info.tokenization_workers;
  encoders.reserve(workers);
  threads.reserve(workers);
  for (std::size_t i = 0; i < workers; ++i) encoders.emplace_back(tokenizer_in, options.info);
  for (std::size_t i = 0; i < kHereThreads; ++i) {
    here_encoders.emplace_back(tokenizer_in, options.info);
  }
  try {
    for (std::size_t i = 0; i < workers; ++i) threads.emplace_back([this, i] { Loop(i); });
  } catch (...) {
    Stop();
    throw;
  }
}

Service::Impl::~Impl() {
  Stop();
  // The scheduler outlives the service and answers every job, so this ends.
  in_flight.WaitForNone();
}

void Service::Impl::Stop() {
  stopping.store(true, std::memory_order_relaxed);
  queue.Close();
  threads.clear();
}

Error Service::Impl::Refuse(FailedAt where, Error error) const {
  CountFailure(metrics, where, error);
  return error;
}

// Takes what it needs of `request` only when it lets the request in.
Result<std::shared_ptr<Gather>> Service::Impl::Admit(EmbedRequest& request,
                                                     const Cancellation& cancellation) {
  const auto start = Clock::now();
  const std::size_t inputs = request.inputs.size();
  if (request.is_batch) {
    Result<void> checked = CheckBatchSize(inputs, options.info);
    if (!checked) return Refuse(FailedAt::kBatchSize, std::move(checked).error());
  }
  if (inputs == 0) return Refuse(FailedAt::kValidation, EmptyInputError());
  if (Result<void> checked = CheckDimensions(request.dimensions, scheduler.output_size());
      !checked) {
    return Refuse(FailedAt::kValidation, std::move(checked).error());
  }
  Permits::Lease lease = permits.TryAcquire(static_cast<std::int64_t>(inputs));
  if (!lease) {
    return Refuse(FailedAt::kValidation, OverloadedError());
  }
  auto prompt = ChoosePrompt(request.prompt_name, options.prompts, options.default_prompt);
  if (!prompt) {
    // Every input would fail of it, and the first one's error counts: empty goes before.
    Result<void> first = CheckNotEmpty(request.inputs.front());
    return Refuse(FailedAt::kTokenization,
                  first ? std::move(prompt).error() : std::move(first).error());
  }
  const InputOptions input_options = {
      .prompt = *prompt,
      .truncate = request.truncate.value_or(options.info.auto_truncate),
      .truncation_side = request.truncation_side};
  const std::int64_t dimensions =
      request.dimensions ? *request.dimensions : scheduler.output_size();
  metrics.embed_count.Add(inputs);
  return std::make_shared<Gather>(Gather::Parts{.request = std::move(request),
                                                .cancellation = cancellation,
                                                .input_options = input_options,
                                                .dimensions = dimensions,
                                                .start = start,
                                                .lease = std::move(lease)},
                                  metrics, in_flight);
}

void Service::Impl::Loop(std::size_t thread) {
  SetThreadName("embd-tokenize");
  while (const std::optional<InputTask> task = queue.Pop()) {
    progress.Begin(thread, Clock::now());
    Process(encoders[thread], *task);
    progress.End(thread);
  }
}

// False when as many others as may are at it.
bool Service::Impl::ProcessHere(const InputTask& task) {
  for (HereEncoder& here : here_encoders) {
    const std::unique_lock lock(here.mutex, std::try_to_lock);
    if (!lock) continue;
    Process(here.encoder, task);
    return true;
  }
  return false;
}

void Service::Impl::Process(InputEncoder& encoder, const InputTask& task) const {
  Gather& gather = *task.gather;
  const bool gone = gather.cancellation().cancelled();
  if (gone || stopping.load(std::memory_order_relaxed)) {
    if (gone) metrics.cancelled_total.Add();
    gather.Fail(task.index, FailedAt::kTokenization, CancelledError());
    return;
  }
  if (gather.Needless(task.index)) return gather.Skip(task.index);
  try {
    EncodeAndSubmit(encoder, task);
  } catch (const std::exception& exception) {
    gather.Fail(task.index, FailedAt::kTokenization,
                {.kind = ErrorKind::kTokenizer,
                 .message = std::string("tokenizer error ") + exception.what()});
  }
}

void Service::Impl::EncodeAndSubmit(InputEncoder& encoder, const InputTask& task) const {
  Gather& gather = *task.gather;
  Result<EncodedInput> encoded =
      encoder.Encode(gather.TakeInput(task.index), gather.input_options());
  if (!encoded) {
    gather.Fail(task.index, FailedAt::kTokenization, std::move(encoded).error());
    return;
  }
  gather.Tokenized(task.index, *encoded);
  Job job;
  job.ids = std::move(encoded->ids);
  job.type_ids = std::move(encoded->type_ids);
  job.request_tokens = static_cast<std::uint32_t>(
      std::min<std::size_t>(gather.inputs() * job.ids.size(), kMostRequestTokens));
  job.cancellation = gather.cancellation();
  job.done = [gather = task.gather, index = task.index](Result<JobResult> result) {
    if (result) {
      gather->Row(index, *result);
    } else {
      gather->Fail(index, FailedAt::kInference, std::move(result).error());
    }
  };
  scheduler.Submit(std::move(job));
}

Service::Service(const Tokenizer& tokenizer, Scheduler& scheduler, Metrics& metrics,
                 ServiceOptions options)
    : impl_(std::make_unique<Impl>(tokenizer, scheduler, metrics, std::move(options))) {}

Service::~Service() = default;

void Service::Embed(EmbedRequest request, const Cancellation& cancellation,
                    std::function<void(Result<EmbedResponse>)> done) {
  Metrics& metrics = impl_->metrics;
  (request.is_batch ? metrics.request_count_batch : metrics.request_count_single).Add();
  const bool is_short = IsShortText(request);
  std::shared_ptr<Gather> gather;
  try {
    Result<std::shared_ptr<Gather>> admitted = impl_->Admit(request, cancellation);
    if (!admitted) return done(std::move(admitted).error());
    gather = *std::move(admitted);
  } catch (const std::bad_alloc&) {
    return done(impl_->Refuse(FailedAt::kInference, {.kind = ErrorKind::kBackend,
                                                     .message = "Backend error: out of memory"}));
  }
  gather->done = std::move(done);
  if (is_short && impl_->ProcessHere({.gather = gather, .index = 0})) return;
  const std::size_t inputs = gather->inputs();
  // There is a place for each permit, so this fails only when the service is going down.
  if (impl_->queue.TryPush(gather, inputs)) return;
  for (std::size_t i = 0; i < inputs; ++i) {
    gather->Fail(i, FailedAt::kTokenization, CancelledError());
  }
}

void Service::CountRefusal(bool is_batch, const Error& error) {
  Metrics& metrics = impl_->metrics;
  (is_batch ? metrics.request_count_batch : metrics.request_count_single).Add();
  CountFailure(metrics, FailedAt::kValidation, error);
}

const ServerInfo& Service::info() const { return impl_->options.info; }

EngineHealth Service::Health() const {
  if (impl_->progress.AnyBusyFor(kTokenizerStallAfter, Clock::now())) {
    return {.healthy = false, .reason = "a tokenizer thread does not come back"};
  }
  return impl_->scheduler.Health();
}

const Metrics& Service::metrics() const {
  impl_->metrics.healthy.Set(Health().healthy ? 1 : 0);
  return impl_->metrics;
}

std::size_t Service::ResidentBytes(const ServerInfo& info) {
  // An input that waits is two lists of tokens, its job's callback and its part of the gather. Its
  // text is counted where it comes in, against the budget of request bodies.
  constexpr std::size_t kPerInput = 512;
  const std::size_t tokens = 2 * sizeof(std::uint32_t) * info.max_input_length;
  // A tokenizer thread: its stack and the buffers for the longest text that is looked at. Measured
  // with 64,000 characters: at most 28 bytes each (Chinese); the rest is for buffers that grow.
  constexpr std::size_t kStack = std::size_t{64} << 10U;
  constexpr std::size_t kPerCharacter = 48;
  const std::size_t buffers = kPerCharacter * kCharactersPerToken * info.max_input_length;
  return info.max_concurrent_requests * (kPerInput + tokens) +
         info.tokenization_workers * (kStack + buffers) + kHereThreads * kPerCharacter * kHereBytes;
}

}  // namespace embd
