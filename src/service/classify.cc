#include "service/classify.h"

#include <algorithm>
#include <cmath>

namespace embd {

void SoftmaxScores(std::span<float> logits) {
  if (logits.empty()) return;
  // A NaN among them is not always the greatest, but comes out as one everywhere.
  const double greatest = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (const float logit : logits) sum += std::exp(logit - greatest);
  for (float& logit : logits) logit = static_cast<float>(std::exp(logit - greatest) / sum);
}

void SigmoidScores(std::span<float> logits) {
  for (float& logit : logits) {
    logit = static_cast<float>(1 / (1 + std::exp(-static_cast<double>(logit))));
  }
}

void LogitsToScores(std::span<float> logits) {
  logits.size() == 1 ? SigmoidScores(logits) : SoftmaxScores(logits);
}

bool AnyNaN(std::span<const float> scores) {
  return std::any_of(scores.begin(), scores.end(), [](float score) { return std::isnan(score); });
}

std::vector<Rank> RankByScore(std::span<const float> scores) {
  std::vector<Rank> ranks;
  ranks.reserve(scores.size());
  for (std::size_t i = 0; i < scores.size(); ++i) {
    ranks.push_back({.index = static_cast<std::uint32_t>(i), .score = scores[i]});
  }
  std::sort(ranks.begin(), ranks.end(), [](const Rank& a, const Rank& b) {
    return a.score != b.score ? a.score > b.score : a.index > b.index;
  });
  return ranks;
}

}  // namespace embd
