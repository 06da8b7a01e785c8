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
#include "base/cpu_topology.h"
#include "base/system.h"
#include "engine/permits.h"
#include "engine/progress.h"
#include "service/answer_budget.h"
#include "service/classify.h"
#include "service/embed.h"
#include "service/failure.h"
#include "service/gather.h"
#include "service/input_encoder.h"
#include "service/input_queue.h"
#include "service/operation.h"
#include "service/tokenize.h"

namespace embd {
namespace {

// No text within the payload limit takes anywhere near as long.
constexpr std::chrono::seconds kTokenizerStallAfter{10};

// A single text of at most so many bytes is tokenized at once by whoever brings it: it takes some
// 20 us, less than to wake another thread, and it does not wait behind longer ones.
constexpr std::size_t kHereBytes = 512;
// Threads that may do so at the same time.
constexpr std::size_t kHereThreads = 4;

// Requests to the tokenizer alone that may be under way. They take no permits, so that a full
// server still answers them.
constexpr std::size_t kTokenizerRequests = 256;

// Bytes of large answers that may be gathered at once, if the largest input's is not more.
constexpr std::size_t kAnswerBytes = std::size_t{8} << 20U;

std::size_t AnswerBytes(const ServerInfo& info, std::int64_t output_size) {
  // Token by token only where pooling makes a vector of the hidden states.
  const bool by_token = TextUseOf(info) == TextUse::kEmbed;
  const std::size_t rows = by_token ? info.max_input_length : 1;
  return std::max(kAnswerBytes, rows * static_cast<std::size_t>(output_size) * sizeof(float));
}

// Nothing for token ids, which must be decoded first.
std::size_t TextBytes(const Input& input) {
  if (const auto* text = std::get_if<std::string>(&input)) return text->size();
  if (const auto* pair = std::get_if<TextPair>(&input)) {
    return pair->first.size() + pair->second.size();
  }
  return kHereBytes + 1;
}

bool IsShort(const InferenceRequest& request) {
  if (request.inputs.size() != 1) return false;
  const std::size_t query = request.query ? request.query->size() : 0;
  return query + TextBytes(request.inputs.front()) <= kHereBytes;
}
bool IsShort(const TokenizeRequest& request) {
  return request.inputs.size() == 1 && request.inputs.front().size() <= kHereBytes;
}
bool IsShort(const DecodeRequest& request) {
  return request.ids.size() == 1 && request.ids.front().size() <= kHereBytes / 4;
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

  void Run(InferenceRequest request, const Cancellation& cancellation);
  Result<std::shared_ptr<Gather>> Admit(InferenceRequest& request,
                                        const Cancellation& cancellation);
  template <typename Request>
  Result<TokenizerWork> AdmitToTokenizer(const Request& request, std::size_t inputs, Error empty,
                                         const Cancellation& cancellation);
  Error Refuse(Failure failure, std::size_t inputs) const;
  Error RefuseOverload(const Permits& full, std::size_t inputs) const;
  void Dispatch(const std::shared_ptr<InputWork>& work, std::size_t inputs, bool is_short);
  bool ProcessHere(const InputTask& task);
  void Process(const InputTask& task, InputEncoder& encoder) const;
  void Loop(std::size_t thread);
  void Stop();

  Scheduler& scheduler;
  Metrics& metrics;
  const ServiceOptions options;
  Permits permits;
  Permits tokenizer_places{kTokenizerRequests};
  AnswerBudget answers;
  const ModelFacts facts;
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
      answers(AnswerBytes(options.info, scheduler_in.output_size()), metrics_in.answer_bytes),
      facts{.info = options.info, .output_size = scheduler_in.output_size(), .answers = answers},
      queue(options.info.max_concurrent_requests + kTokenizerRequests),
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

Error Service::Impl::Refuse(Failure failure, std::size_t inputs) const {
  CountFailure(metrics, failure, inputs);
  return std::move(failure.error);
}

Error Service::Impl::RefuseOverload(const Permits& full, std::size_t inputs) const {
  const std::chrono::seconds wait = full.RetryAfter(static_cast<std::int64_t>(inputs));
  return Refuse({FailedAt::kValidation, OverloadedError(wait)}, inputs);
}

// Takes what it needs of `request` only when it lets the request in.
Result<std::shared_ptr<Gather>> Service::Impl::Admit(InferenceRequest& request,
                                                     const Cancellation& cancellation) {
  const auto start = Clock::now();
  const std::size_t inputs = request.inputs.size();
  if (request.failure_at_once) return Refuse(std::move(*request.failure_at_once), inputs);
  if (request.is_batch) {
    Result<void> checked = CheckBatchSize(inputs + request.inputs_beyond, options.info);
    if (!checked) return Refuse({FailedAt::kBatchSize, std::move(checked).error()}, inputs);
  }
  if (inputs == 0) return Refuse({FailedAt::kValidation, EmptyInputError()}, inputs);
  Permits::Lease lease = permits.TryAcquire(static_cast<std::int64_t>(inputs));
  if (!lease) return RefuseOverload(permits, inputs);
  if (request.failure_once_admitted) {
    return Refuse(std::move(*request.failure_once_admitted), inputs);
  }
  auto prompt = ChoosePrompt(request.prompt_name, options.prompts, options.default_prompt);
  if (!prompt) {
    // Every input would fail of it, and the first one's error counts: empty goes before.
    Result<void> first = CheckNotEmpty(request.inputs.front());
    return Refuse(
        {FailedAt::kTokenization, first ? std::move(prompt).error() : std::move(first).error()},
        inputs);
  }
  Result<void> started = request.operation->Start(inputs);
  if (!started) return Refuse({FailedAt::kInference, std::move(started).error()}, inputs);
  (metrics.*request.series).count.Add(inputs);
  Gather::Admission admission = {
      .cancellation = cancellation,
      .input_options = {.prompt = *prompt,
                        .truncate = request.truncate.value_or(options.info.auto_truncate),
                        .max_tokens = request.max_tokens,
                        .truncation_side = request.truncation_side},
      .start = start,
      .lease = std::move(lease)};
  return std::make_shared<Gather>(std::move(request), std::move(admission),
                                  Gather::Surroundings{scheduler, metrics, in_flight});
}

void Service::Impl::Run(InferenceRequest request, const Cancellation& cancellation) {
  (request.is_batch ? metrics.request_count_batch : metrics.request_count_single).Add();
  const bool is_short = IsShort(request);
  const std::size_t inputs = request.inputs.size();
  std::shared_ptr<Gather> gather;
  try {
    Result<std::shared_ptr<Gather>> admitted = Admit(request, cancellation);
    if (!admitted) return request.operation->Finish(std::move(admitted).error());
    gather = *std::move(admitted);
  } catch (const std::bad_alloc&) {
    return request.operation->Finish(
        Refuse({FailedAt::kInference,
                {.kind = ErrorKind::kBackend, .message = "Backend error: out of memory"}},
               inputs));
  }
  Dispatch(gather, inputs, is_short);
}

template <typename Request>
Result<TokenizerWork> Service::Impl::AdmitToTokenizer(const Request& request, std::size_t inputs,
                                                      Error empty,
                                                      const Cancellation& cancellation) {
  if (inputs == 0) return Refuse({FailedAt::kValidation, std::move(empty)}, inputs);
  if (request.is_batch) {
    Result<void> checked = CheckBatchSize(inputs + request.inputs_beyond, options.info);
    if (!checked) return Refuse({FailedAt::kBatchSize, std::move(checked).error()}, inputs);
  }
  Permits::Lease place = tokenizer_places.TryAcquire(1);
  if (!place) return RefuseOverload(tokenizer_places, 1);
  return TokenizerWork{.cancellation = cancellation,
                       .place = std::move(place),
                       .metrics = metrics,
                       .in_flight = in_flight,
                       .answers = answers};
}

// To this thread if the work is short and few others are at it, else to those of the service.
void Service::Impl::Dispatch(const std::shared_ptr<InputWork>& work, std::size_t inputs,
                             bool is_short) {
  if (is_short && ProcessHere({.work = work, .index = 0})) return;
  // There is a place for each permit, so this fails only when the service is going down.
  if (queue.TryPush(work, inputs)) return;
  for (std::size_t i = 0; i < inputs; ++i) work->Drop(i);
}

void Service::Impl::Loop(std::size_t thread) {
  SetThreadName("embd-tokenize");
  AskForSlices(kShortSlice);
  while (const std::optional<InputTask> task = queue.Pop()) {
    progress.Begin(thread, Clock::now());
    Process(*task, encoders[thread]);
    progress.End(thread);
  }
}

// False when as many others as may are at it.
bool Service::Impl::ProcessHere(const InputTask& task) {
  for (HereEncoder& here : here_encoders) {
    const std::unique_lock lock(here.mutex, std::try_to_lock);
    if (!lock) continue;
    Process(task, here.encoder);
    return true;
  }
  return false;
}

void Service::Impl::Process(const InputTask& task, InputEncoder& encoder) const {
  if (stopping.load(std::memory_order_relaxed)) return task.work->Drop(task.index);
  task.work->Process(task.index, encoder);
}

Service::Service(const Tokenizer& tokenizer, Scheduler& scheduler, Metrics& metrics,
                 ServiceOptions options)
    : impl_(std::make_unique<Impl>(tokenizer, scheduler, metrics, std::move(options))) {}

Service::~Service() = default;

void Service::Embed(EmbedRequest request, const Cancellation& cancellation,
                    Done<EmbedResponse> done) {
  impl_->Run(MakeEmbed(std::move(request), impl_->facts, std::move(done)), cancellation);
}

void Service::EmbedTokens(EmbedTokensRequest request, const Cancellation& cancellation,
                          Done<EmbedTokensResponse> done) {
  impl_->Run(MakeEmbedTokens(std::move(request), impl_->facts, std::move(done)), cancellation);
}

void Service::EmbedSparse(EmbedSparseRequest request, const Cancellation& cancellation,
                          Done<EmbedSparseResponse> done) {
  impl_->Run(MakeEmbedSparse(std::move(request), impl_->facts, std::move(done)), cancellation);
}

void Service::Predict(PredictRequest request, const Cancellation& cancellation,
                      Done<PredictResponse> done) {
  impl_->Run(MakePredict(std::move(request), impl_->facts, std::move(done)), cancellation);
}

void Service::Rerank(RerankRequest request, const Cancellation& cancellation,
                     Done<RerankResponse> done) {
  impl_->Run(MakeRerank(std::move(request), impl_->facts, std::move(done)), cancellation);
}

void Service::Tokenize(TokenizeRequest request, const Cancellation& cancellation,
                       Done<TokenizeResponse> done) {
  const std::size_t inputs = request.inputs.size();
  Result<TokenizerWork> work =
      impl_->AdmitToTokenizer(request, inputs, EmptyTokenizeError(), cancellation);
  if (!work) return done(std::move(work).error());
  const ServiceOptions& options = impl_->options;
  auto prompt = ChoosePrompt(request.prompt_name, options.prompts, options.default_prompt);
  if (!prompt) {
    Error error = request.inputs.front().empty() ? EmptyInputError() : std::move(prompt).error();
    return done(impl_->Refuse({FailedAt::kTokenization, std::move(error)}, inputs));
  }
  const bool is_short = IsShort(request);
  impl_->Dispatch(MakeTokenize(std::move(request), *prompt, *std::move(work), std::move(done)),
                  inputs, is_short);
}

void Service::Decode(DecodeRequest request, const Cancellation& cancellation,
                     Done<DecodeResponse> done) {
  const std::size_t inputs = request.ids.size();
  Result<TokenizerWork> work =
      impl_->AdmitToTokenizer(request, inputs, EmptyDecodeError(), cancellation);
  if (!work) return done(std::move(work).error());
  const bool is_short = IsShort(request);
  impl_->Dispatch(MakeDecode(std::move(request), *std::move(work), std::move(done)), inputs,
                  is_short);
}

Error Service::RefuseOverloaded(std::size_t inputs) {
  impl_->metrics.request_count_single.Add();
  return impl_->RefuseOverload(impl_->permits, inputs);
}

void Service::CountRefusal(bool is_batch, const Error& error) {
  Metrics& metrics = impl_->metrics;
  (is_batch ? metrics.request_count_batch : metrics.request_count_single).Add();
  CountFailure(metrics, {.where = FailedAt::kValidation, .error = error}, 0);
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

std::size_t Service::ResidentBytes(const ServerInfo& info, std::int64_t output_size) {
  // An input that waits is two lists of tokens, its job's callback and its part of the gather. Its
  // text is counted where it comes in, against the budget of request bodies.
  constexpr std::size_t kPerInput = 512;
  const std::size_t tokens = 2 * sizeof(std::uint32_t) * info.max_input_length;
  // A tokenizer thread: its stack and the buffers for the longest text that is looked at. Measured
  // with 64,000 characters: at most 28 bytes each (Chinese); the rest is for buffers that grow.
  constexpr std::size_t kStack = std::size_t{64} << 10U;
  constexpr std::size_t kPerCharacter = 48;
  const std::size_t buffers = kPerCharacter * kCharactersPerToken * info.max_input_length;
  // Longer rows, and those of every token, are within the budget of answers.
  const std::size_t row =
      std::min(static_cast<std::size_t>(output_size) * sizeof(float), kPlannedRowBytes);
  return info.max_concurrent_requests * (kPerInput + tokens + row) +
         AnswerBytes(info, output_size) + info.tokenization_workers * (kStack + buffers) +
         kHereThreads * kPerCharacter * kHereBytes;
}

}  // namespace embd
