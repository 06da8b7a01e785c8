#pragma once

#include <cstdint>
#include <memory>

#include "kernels/options.h"
#include "model/heads/head.h"
#include "model/weight_manifest.h"

namespace embd {

// A sparse embedding (SPLADE, Formal et al. 2021): a weight for each token of the vocabulary, from
// the logits with which a masked-language model would predict it at each place of the sequence:
//   max over places of log(1 + max(0, decoder(norm(activation(dense(hidden))))))
// The logits of a whole step would take a hundred times what everything else does, so they are
// computed for some columns of the vocabulary at a time, for all tokens of the step.
class SpladeSpec final : public HeadSpec {
 public:
  struct Layers {
    LinearSpec dense;
    Activation activation = Activation::kGelu;
    NormSpec norm;
    LinearSpec decoder;  // [vocabulary, hidden]; without a size of pieces it gets one
  };
  explicit SpladeSpec(Layers layers);

  std::int64_t output_size() const override { return layers_.decoder.out; }
  void AddTo(WeightManifest& manifest) const override;
  std::size_t ActivationBytes(const StepLimits& limits) const override;
  std::unique_ptr<const ModelHead> Load(const WeightLoader& loader) const override;

 private:
  Layers layers_;
};

}  // namespace embd
