#include "service/similarity.h"

#include <cmath>
#include <cstddef>
#include <span>

namespace embd {
namespace {

double Dot(std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += static_cast<double>(a[i]) * b[i];
  return sum;
}

float Cosine(std::span<const float> a, std::span<const float> b) {
  const double lengths = std::sqrt(Dot(a, a)) * std::sqrt(Dot(b, b));
  if (lengths > 0) return static_cast<float>(Dot(a, b) / lengths);
  return Dot(a, a) == Dot(b, b) ? 1.0F : 0.0F;
}

}  // namespace

std::vector<float> SimilaritiesToFirst(const EmbedResponse& embeddings) {
  const auto columns = static_cast<std::size_t>(embeddings.dimensions);
  const std::span<const float> values(embeddings.values);
  std::vector<float> similarities;
  for (std::size_t begin = columns; begin < values.size(); begin += columns) {
    similarities.push_back(Cosine(values.first(columns), values.subspan(begin, columns)));
  }
  return similarities;
}

}  // namespace embd
