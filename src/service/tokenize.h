#pragma once

#include <functional>
#include <memory>
#include <string>

#include "api/tokenize.h"
#include "base/result.h"
#include "engine/cancellation.h"
#include "engine/permits.h"
#include "service/answer_budget.h"
#include "service/in_flight.h"
#include "service/input_queue.h"
#include "telemetry/metrics.h"

namespace embd {

// Requests to the tokenizer alone, which never reach the model.

// What such a request needs of the service; the references must outlive it.
struct TokenizerWork {
  Cancellation cancellation;
  Permits::Lease place;  // among those that may wait for tokenizer threads
  Metrics& metrics;
  InFlight& in_flight;
  AnswerBudget& answers;
};

// `prompt`, which stands before every text, must outlive the work; null: none.
std::shared_ptr<InputWork> MakeTokenize(TokenizeRequest request, const std::string* prompt,
                                        TokenizerWork work,
                                        std::function<void(Result<TokenizeResponse>)> done);

std::shared_ptr<InputWork> MakeDecode(DecodeRequest request, TokenizerWork work,
                                      std::function<void(Result<DecodeResponse>)> done);

}  // namespace embd
