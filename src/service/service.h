#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "api/classify.h"
#include "api/embed.h"
#include "api/server_info.h"
#include "api/tokenize.h"
#include "base/result.h"
#include "engine/cancellation.h"
#include "engine/scheduler.h"
#include "service/failure.h"
#include "telemetry/metrics.h"
#include "tokenizer/tokenizer.h"

namespace embd {

struct ServiceOptions {
  ServerInfo info;
  std::map<std::string, std::string, std::less<>> prompts;
  std::string default_prompt;  // prepended to every text; empty: none
};

// The only door to the model, used alike by every protocol and by the command line. Validates,
// takes permits, tokenizes on its own threads, submits jobs and gathers their answers. Safe from
// any thread; no call blocks on the model, nor on tokenizing anything but a single short text.
class Service {
 public:
  // The references must outlive the service. Starts info.tokenization_workers threads. Throws
  // std::bad_alloc or std::system_error.
  Service(const Tokenizer& tokenizer, Scheduler& scheduler, Metrics& metrics,
          ServiceOptions options);
  // Answers what is not tokenized yet with kCancelled and waits until every request is answered.
  ~Service();
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  template <typename Response>
  using Done = std::function<void(Result<Response>)>;

  // Each calls `done` exactly once, possibly before returning, otherwise on a tokenizer or compute
  // thread; it must not block or throw. The first error in input order fails the whole request.
  // Those that run the model check in TEI's order: batch size, permits, what the model is for, and
  // then by input empty, prompt, characters, tokens; Rerank looks first whether there are texts and
  // what the model is for. They count the request in the metrics. Throw std::bad_alloc before
  // anything is done, and then never call `done`.
  void Embed(EmbedRequest request, const Cancellation& cancellation, Done<EmbedResponse> done);
  void EmbedTokens(EmbedTokensRequest request, const Cancellation& cancellation,
                   Done<EmbedTokensResponse> done);
  void EmbedSparse(EmbedSparseRequest request, const Cancellation& cancellation,
                   Done<EmbedSparseResponse> done);
  void Predict(PredictRequest request, const Cancellation& cancellation,
               Done<PredictResponse> done);
  void Rerank(RerankRequest request, const Cancellation& cancellation, Done<RerankResponse> done);

  // The tokenizer alone: no permits, nothing cut; only failures are counted.
  void Tokenize(TokenizeRequest request, const Cancellation& cancellation,
                Done<TokenizeResponse> done);
  void Decode(DecodeRequest request, const Cancellation& cancellation, Done<DecodeResponse> done);

  // Counts a request as refused for want of room for its `inputs`, for its protocol to refuse.
  // Gives what to answer: with when room is likely.
  Error RefuseOverloaded(std::size_t inputs);

  // Counts a request for which there was nothing to do: its protocol refuses it with this error.
  void CountRefusal(bool is_batch, const Error& error);

  const ServerInfo& info() const;
  EngineHealth Health() const;
  // With the gauges that depend on the moment brought up to date.
  const Metrics& metrics() const;

  // Bytes that tokenizer threads, queued requests and answers may keep resident, for the memory
  // plan; not the texts themselves, which the server bounds together with the bodies that they came
  // in. `output_size`: floats of a pooled row. (One answer that is larger than all that may be
  // gathered at once is still made while there is no other.)
  static std::size_t ResidentBytes(const ServerInfo& info, std::int64_t output_size);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace embd
