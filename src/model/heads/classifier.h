#pragma once

#include <cstdint>
#include <memory>

#include "kernels/options.h"
#include "model/heads/head.h"
#include "model/weight_manifest.h"

namespace embd {

// Logits of every label: labels(activation(dense(first token))). Kept in floats in an int8 model:
// it works on one row a sequence, so integers would save nothing and cost digits of the score.
class ClassifierSpec final : public HeadSpec {
 public:
  // Without `dense`, where it is optional and the checkpoint lacks it, the labels are computed from
  // the first token itself.
  struct Layers {
    LinearSpec dense;
    Activation activation = Activation::kTanh;
    LinearSpec labels;
  };
  explicit ClassifierSpec(Layers layers);

  std::int64_t output_size() const override { return layers_.labels.out; }
  void AddTo(WeightManifest& manifest) const override;
  std::size_t ActivationBytes(const StepLimits& limits) const override;
  std::unique_ptr<const ModelHead> Load(const WeightLoader& loader) const override;

 private:
  Layers layers_;
};

}  // namespace embd
