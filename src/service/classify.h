#pragma once

#include <span>
#include <vector>

#include "api/classify.h"
#include "service/operation.h"

namespace embd {

// The parts of prediction and ranking that are their own.
InferenceRequest MakePredict(PredictRequest request, const ModelFacts& facts,
                             OperationFor<PredictResponse>::Done done);

// A batch of pairs of the query and each text.
InferenceRequest MakeRerank(RerankRequest request, const ModelFacts& facts,
                            OperationFor<RerankResponse>::Done done);

// Logits become probabilities of labels that exclude each other. The greatest logit is subtracted
// first, so that none is too large.
void SoftmaxScores(std::span<float> logits);
// Each becomes 1 / (1 + exp(-logit)).
void SigmoidScores(std::span<float> logits);
// One logit is judged by itself, several beside each other.
void LogitsToScores(std::span<float> logits);

bool AnyNaN(std::span<const float> scores);

// By falling score, among equal ones by falling index. No score may be NaN.
std::vector<Rank> RankByScore(std::span<const float> scores);

}  // namespace embd
