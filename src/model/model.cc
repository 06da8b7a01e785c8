#include "model/model.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace embd {
namespace {

// An id outside its table would read memory that is not the model's. Ids come from files that
// others wrote and from requests, so they are checked here, last, whoever checked them before.
void CheckIds(std::span<const std::uint32_t> ids, std::int64_t bound, std::string_view what) {
  std::uint32_t largest = 0;
  for (const std::uint32_t id : ids) largest = std::max(largest, id);
  if (!ids.empty() && largest >= bound) {
    throw std::out_of_range(fmt::format("{} {} is not below {}", what, largest, bound));
  }
}

}  // namespace

EmbeddingModel::EmbeddingModel(Parts parts) : parts_(std::move(parts)) {}

std::int64_t EmbeddingModel::output_size() const { return parts_.architecture.hidden_size(); }

std::size_t EmbeddingModel::ActivationBytes(const StepLimits& limits) const {
  return parts_.architecture.ActivationBytes(limits) +
         Arena::MatrixBytes(limits.max_sequences, output_size());
}

std::size_t EmbeddingModel::ScratchBytes(const StepLimits& limits) const {
  return parts_.backend.ScratchBytes(parts_.architecture.Scratch(limits));
}

Model::Outputs EmbeddingModel::Run(const PackedBatch& batch, Arena& activations,
                                   const Lane& lane) const {
  const Architecture& architecture = parts_.architecture;
  CheckIds(batch.ids, architecture.vocabulary_size(), "token id");
  if (architecture.token_types() > 0) {
    CheckIds(batch.type_ids, architecture.token_types(), "token type");
  }
  if (architecture.max_positions() > 0) {
    CheckIds(batch.position_ids, architecture.max_positions() - architecture.position_offset(),
             "position");
  }
  const MatrixView hidden = parts_.encoder->Forward(batch, activations, lane);
  const MatrixView pooled = activations.Matrix(batch.sequences(), hidden.cols);
  parts_.backend.Pool(hidden, batch.offsets, parts_.pooling, pooled, lane);
  return {.pooled = pooled, .tokens = hidden};
}

}  // namespace embd
