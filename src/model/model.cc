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

EncoderModel::EncoderModel(Parts parts) : parts_(std::move(parts)) {}

std::int64_t EncoderModel::output_size() const { return parts_.architecture.head().output_size(); }

std::size_t EncoderModel::ActivationBytes(const StepLimits& limits) const {
  const Architecture& architecture = parts_.architecture;
  // The head takes the space that the encoder's layers have given back.
  return std::max(architecture.ActivationBytes(limits),
                  Arena::MatrixBytes(limits.max_tokens, architecture.hidden_size()) +
                      architecture.head().ActivationBytes(limits));
}

std::size_t EncoderModel::ScratchBytes(const StepLimits& limits) const {
  return parts_.backend.ScratchBytes(parts_.architecture.Scratch(limits));
}

Model::Outputs EncoderModel::Run(const PackedBatch& batch, Arena& activations,
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
  const MatrixView hidden = parts_.network.encoder->Forward(batch, activations, lane);
  const Step step{
      .backend = parts_.backend, .batch = batch, .activations = activations, .lane = lane};
  const MatrixView pooled = parts_.network.head->Run(step, hidden);
  return {.pooled = pooled, .tokens = hidden};
}

}  // namespace embd
