#pragma once

#include <memory>
#include <vector>

#include "kernels/backend.h"
#include "model/weight_formats.h"
#include "model/weight_manifest.h"

namespace embd {

// A layer norm's parameters as floats of our own.
class NormParameters {
 public:
  NormParameters(std::vector<float> gamma, std::vector<float> beta, float epsilon)
      : gamma_(std::move(gamma)), beta_(std::move(beta)), epsilon_(epsilon) {}

  NormWeights view() const {
    return {.gamma = gamma_.data(), .beta = beta_.data(), .epsilon = epsilon_};
  }

 private:
  std::vector<float> gamma_;
  std::vector<float> beta_;
  float epsilon_;
};

// Turns the tensors of a manifest into what the layers compute with. What is copied or repacked has
// its file pages given back; what is used in place is made resident. Safe from several threads.
class WeightLoader {
 public:
  // All must outlive the loader; the tables that it gives out live in `checkpoint`.
  WeightLoader(const WeightMap& weights, const Checkpoint& checkpoint, const Backend& backend,
               const WeightFormats& formats)
      : weights_(weights), checkpoint_(checkpoint), backend_(backend), formats_(formats) {}

  const Backend& backend() const { return backend_; }

  TensorView Table(const TableSpec& spec) const;
  // Nothing for an optional layer that the checkpoint lacks.
  std::unique_ptr<const PreparedWeight> Linear(const LinearSpec& spec) const;
  // Of spec.piece outputs each, prepared by several threads.
  std::vector<std::unique_ptr<const PreparedWeight>> Pieces(const LinearSpec& spec) const;
  NormParameters Norm(const NormSpec& spec) const;

 private:
  std::vector<float> Floats(const std::string& name) const;
  void Release(const LinearSpec& spec) const;

  const WeightMap& weights_;
  const Checkpoint& checkpoint_;
  const Backend& backend_;
  const WeightFormats& formats_;
};

}  // namespace embd
