#include <utility>

#include "api/validation.h"
#include "service/embed.h"

namespace embd {
namespace {

class EmbedTokensOperation final : public OperationFor<EmbedTokensResponse> {
 public:
  EmbedTokensOperation(AnswerBudget& answers, Done done) : OperationFor(answers, std::move(done)) {}

  Result<void> Start(std::size_t inputs) override {
    rows_.resize(inputs);
    return {};
  }

  Result<void> Take(std::size_t input, JobResult rows) override {
    // Those of a batch exist twice for a moment, when they are laid end to end.
    const std::size_t copies = rows_.size() > 1 ? 2 : 1;
    Result<void> reserved = held().Reserve(copies * rows.values.size() * sizeof(float));
    if (reserved) rows_[input] = std::move(rows);
    return reserved;
  }

 private:
  EmbedTokensResponse Make() override {
    EmbedTokensResponse response;
    response.dimensions = rows_.front().cols;
    std::size_t end = 0;
    for (const JobResult& rows : rows_) {
      response.ends.push_back(end += static_cast<std::size_t>(rows.rows));
    }
    if (rows_.size() == 1) {
      response.values = std::move(rows_.front().values);
      return response;
    }
    response.values.reserve(end * static_cast<std::size_t>(response.dimensions));
    for (JobResult& rows : rows_) {
      const std::vector<float> values = std::move(rows.values);  // gone after each
      response.values.insert(response.values.end(), values.begin(), values.end());
    }
    return response;
  }

  std::vector<JobResult> rows_;  // by input
};

}  // namespace

InferenceRequest MakeEmbedTokens(EmbedTokensRequest request, const ModelFacts& facts,
                                 OperationFor<EmbedTokensResponse>::Done done) {
  InferenceRequest model;
  if (facts.is_splade()) {
    model.failure_once_admitted = Unsupported(EmbedAllSpladeError());
  } else if (facts.info.task != ModelTask::kEmbedding) {
    model.failure_once_admitted = Unsupported(NotEmbeddingModelError());
  }
  TakeInputs(request, model);
  model.prompt_name = std::move(request.prompt_name);
  model.output = OutputKind::kTokens;
  model.operation = std::make_unique<EmbedTokensOperation>(facts.answers, std::move(done));
  return model;
}

}  // namespace embd
