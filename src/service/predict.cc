#include <utility>

#include "api/validation.h"
#include "service/classify.h"

namespace embd {
namespace {

class PredictOperation final : public OperationFor<PredictResponse> {
 public:
  PredictOperation(bool raw_scores, AnswerBudget& answers, Done done)
      : OperationFor(answers, std::move(done)), raw_scores_(raw_scores) {}

  Result<void> Start(std::size_t inputs) override {
    ranks_.resize(inputs);
    return {};
  }

  Result<void> Take(std::size_t input, JobResult rows) override {
    if (!raw_scores_) LogitsToScores(rows.values);
    if (AnyNaN(rows.values)) return NanScoreError();
    ranks_[input] = RankByScore(rows.values);
    return {};
  }

 private:
  PredictResponse Make() override {
    PredictResponse response;
    response.labels = ranks_.front().size();
    response.predictions.reserve(ranks_.size() * response.labels);
    for (const std::vector<Rank>& ranks : ranks_) {
      for (const Rank& rank : ranks) response.predictions.push_back({rank.index, rank.score});
    }
    return response;
  }

  const bool raw_scores_;
  std::vector<std::vector<Rank>> ranks_;  // of the labels, by input
};

}  // namespace

InferenceRequest MakePredict(PredictRequest request, const ModelFacts& facts,
                             OperationFor<PredictResponse>::Done done) {
  InferenceRequest model;
  if (facts.info.task == ModelTask::kEmbedding) {
    model.failure_once_admitted = Unsupported(NotClassifierError());
  }
  TakeInputs(request, model);
  model.must_be_finite = false;
  model.series = &Metrics::predict;
  model.operation =
      std::make_unique<PredictOperation>(request.raw_scores, facts.answers, std::move(done));
  return model;
}

}  // namespace embd
