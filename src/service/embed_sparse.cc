#include <algorithm>
#include <utility>

#include "api/validation.h"
#include "service/embed.h"

namespace embd {
namespace {

class EmbedSparseOperation final : public OperationFor<EmbedSparseResponse> {
 public:
  EmbedSparseOperation(AnswerBudget& answers, Done done) : OperationFor(answers, std::move(done)) {}

  Result<void> Start(std::size_t inputs) override {
    vectors_.resize(inputs);
    return {};
  }

  // The dense row, as long as the vocabulary, ends here on the compute thread, so that there is one
  // for each of these and not one for each input.
  Result<void> Take(std::size_t input, JobResult rows) override {
    std::vector<SparseValue> values = SparseOf(rows.values);
    const std::size_t copies = vectors_.size() > 1 ? 2 : 1;
    Result<void> reserved = held().Reserve(copies * values.size() * sizeof(SparseValue));
    if (reserved) vectors_[input] = std::move(values);
    return reserved;
  }

 private:
  EmbedSparseResponse Make() override {
    EmbedSparseResponse response;
    std::size_t end = 0;
    for (const auto& values : vectors_) response.ends.push_back(end += values.size());
    if (vectors_.size() == 1) {
      response.values = std::move(vectors_.front());
      return response;
    }
    response.values.reserve(end);
    for (const auto& values : vectors_) {
      response.values.insert(response.values.end(), values.begin(), values.end());
    }
    return response;
  }

  std::vector<std::vector<SparseValue>> vectors_;  // by input
};

}  // namespace

InferenceRequest MakeEmbedSparse(EmbedSparseRequest request, const ModelFacts& facts,
                                 OperationFor<EmbedSparseResponse>::Done done) {
  InferenceRequest model;
  if (!facts.is_splade()) model.failure_once_admitted = Unsupported(NotSpladeError());
  TakeInputs(request, model);
  model.prompt_name = std::move(request.prompt_name);
  model.operation = std::make_unique<EmbedSparseOperation>(facts.answers, std::move(done));
  return model;
}

std::vector<SparseValue> SparseOf(std::span<const float> row) {
  const auto zeros = static_cast<std::size_t>(std::count(row.begin(), row.end(), 0.0F));
  std::vector<SparseValue> values;
  values.reserve(row.size() - zeros);
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (row[i] != 0) values.push_back({.index = static_cast<std::uint32_t>(i), .value = row[i]});
  }
  return values;
}

}  // namespace embd
