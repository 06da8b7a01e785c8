#pragma once

#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/test_model.h"
#include "service/service.h"
#include "service/test_tokenizer.h"

namespace embd::testing {

// A service over a model whose answers are easily told and that can be held at a gate.
class ServiceTest : public ::testing::Test {
 protected:
  static constexpr std::int64_t kColumns = 4;

  static ServiceOptions Options() {
    ServiceOptions options;
    options.info.max_input_length = 8;
    options.info.max_client_batch_size = 32;
    options.info.max_concurrent_requests = 64;
    options.info.tokenization_workers = 2;
    options.prompts = {{"query", "w7 "}};
    return options;
  }

  void Start(const ServiceOptions& options = Options(), int workers = 2) {
    scheduler_.emplace(
        *model_,
        SchedulerOptions{.workers = workers,
                         .step = {.max_tokens = 64, .max_sequences = 16, .max_sequence_tokens = 8},
                         .queue_capacity = options.info.max_concurrent_requests,
                         .probe_every = std::chrono::milliseconds(5)},
        metrics_);
    service_.emplace(*tokenizer_, *scheduler_, metrics_, options);
  }

  // Makes every step of the model wait at the gate.
  void CloseGate() {
    model_->on_run = [this](const PackedBatch&) { gate_.Wait(); };
  }

  // Calls a method of the service.
  template <typename Request, typename Response>
  std::future<Result<Response>> Send(void (Service::*method)(Request, const Cancellation&,
                                                             Service::Done<Response>),
                                     std::type_identity_t<Request> request,
                                     const Cancellation& cancellation = {}) {
    auto promise = std::make_shared<std::promise<Result<Response>>>();
    std::future<Result<Response>> answer = promise->get_future();
    ((*service_).*method)(std::move(request), cancellation, [promise](Result<Response> result) {
      promise->set_value(std::move(result));
    });
    return answer;
  }
  // The same, waiting for the answer.
  template <typename Request, typename Response>
  Result<Response> Ask(void (Service::*method)(Request, const Cancellation&,
                                               Service::Done<Response>),
                       std::type_identity_t<Request> request) {
    return Send(method, std::move(request)).get();
  }

  const std::unique_ptr<const Tokenizer> tokenizer_ = MakeTestTokenizer();
  Gate gate_;
  std::unique_ptr<TestModel> model_ = std::make_unique<TestModel>(kColumns);
  Metrics metrics_{8};
  std::optional<Scheduler> scheduler_;
  std::optional<Service> service_;
};

}  // namespace embd::testing
