#include <utility>

#include "api/validation.h"
#include "service/classify.h"

namespace embd {
namespace {

class RerankOperation final : public OperationFor<RerankResponse> {
 public:
  RerankOperation(bool raw_scores, AnswerBudget& answers, Done done)
      : OperationFor(answers, std::move(done)), raw_scores_(raw_scores) {}

  Result<void> Start(std::size_t inputs) override {
    scores_.resize(inputs);
    return {};
  }

  Result<void> Take(std::size_t input, JobResult rows) override {
    if (!raw_scores_) SigmoidScores(rows.values);
    if (AnyNaN(rows.values)) return NanScoreError();
    scores_[input] = rows.values.front();
    return {};
  }

 private:
  RerankResponse Make() override {
    RerankResponse response;
    response.ranks = RankByScore(scores_);
    return response;
  }

  const bool raw_scores_;
  std::vector<float> scores_;  // by text
};

}  // namespace

InferenceRequest MakeRerank(RerankRequest request, const ModelFacts& facts,
                            OperationFor<RerankResponse>::Done done) {
  InferenceRequest model;
  if (request.texts.empty()) {
    model.failure_at_once = Failure{.where = FailedAt::kValidation, .error = EmptyTextsError()};
  } else if (facts.info.task != ModelTask::kReranker) {
    model.failure_at_once = Unsupported(NotRerankerError());
  }
  model.inputs.reserve(request.texts.size());
  for (std::string& text : request.texts) model.inputs.emplace_back(std::move(text));
  model.inputs_beyond = request.inputs_beyond;
  model.query = std::move(request.query);
  model.is_batch = true;
  model.truncate = request.truncate;
  model.truncation_side = request.truncation_side;
  model.must_be_finite = false;
  model.series = &Metrics::predict;
  model.operation =
      std::make_unique<RerankOperation>(request.raw_scores, facts.answers, std::move(done));
  return model;
}

}  // namespace embd
