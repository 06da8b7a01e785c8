#include "service/embed.h"

#include <algorithm>
#include <span>
#include <utility>

#include "api/validation.h"
#include "service/normalize.h"

namespace embd {
namespace {

class EmbedOperation final : public OperationFor<EmbedResponse> {
 public:
  struct Options {
    std::size_t dimensions = 0;
    bool normalize = true;
  };

  EmbedOperation(Options options, AnswerBudget& answers, Done done)
      : OperationFor(answers, std::move(done)), options_(options) {}

  Result<void> Start(std::size_t inputs) override {
    // Shorter rows have their place in the memory plan, one for each permit.
    const std::size_t row_bytes = options_.dimensions * sizeof(float);
    if (row_bytes > kPlannedRowBytes) {
      if (Result<void> reserved = held().Reserve(inputs * row_bytes); !reserved) return reserved;
    }
    values_.resize(inputs * options_.dimensions);
    return {};
  }

  Result<void> Take(std::size_t input, JobResult rows) override {
    const std::span<float> row =
        std::span(values_).subspan(input * options_.dimensions, options_.dimensions);
    std::copy_n(rows.values.begin(), row.size(), row.begin());
    if (options_.normalize) NormalizeL2(row);
    return {};
  }

 private:
  EmbedResponse Make() override {
    EmbedResponse response;
    response.values = std::move(values_);
    response.dimensions = static_cast<std::int64_t>(options_.dimensions);
    return response;
  }

  const Options options_;
  std::vector<float> values_;  // [inputs, dimensions]
};

}  // namespace

InferenceRequest MakeEmbed(EmbedRequest request, const ModelFacts& facts,
                           OperationFor<EmbedResponse>::Done done) {
  InferenceRequest model;
  Result<void> dimensions = CheckDimensions(request.dimensions, facts.output_size);
  if (!dimensions) {
    // That there are too many is found out when the row is there, that there are none at once.
    (request.dimensions == 0U ? model.failure_once_admitted : model.failure_once_tokenized) =
        Failure{.where = FailedAt::kValidation, .error = std::move(dimensions).error()};
  }
  Result<void> max_tokens = CheckMaxTokens(request.max_tokens, facts.info);
  if (!max_tokens && !model.failure_once_admitted) {
    model.failure_once_admitted =
        Failure{.where = FailedAt::kValidation, .error = std::move(max_tokens).error()};
  }
  if (facts.is_splade() && request.normalize) {
    model.failure_once_admitted = Unsupported(NormalizeSpladeError());
  } else if (!model.failure_once_admitted && facts.info.task != ModelTask::kEmbedding) {
    model.failure_once_admitted = Unsupported(NotEmbeddingModelError());
  }
  const auto size = static_cast<std::size_t>(facts.output_size);
  const EmbedOperation::Options options = {
      .dimensions = std::min<std::size_t>(request.dimensions.value_or(size), size),
      .normalize = request.normalize};
  model.operation = std::make_unique<EmbedOperation>(options, facts.answers, std::move(done));
  TakeInputs(request, model);
  model.prompt_name = std::move(request.prompt_name);
  model.max_tokens = request.max_tokens;
  return model;
}

}  // namespace embd
