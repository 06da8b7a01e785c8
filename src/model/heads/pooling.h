#pragma once

#include <cstdint>
#include <memory>

#include "kernels/options.h"
#include "model/heads/head.h"

namespace embd {

// A sentence embedding: the hidden states of a sequence pooled into one, by any but kSplade.
class PoolingSpec final : public HeadSpec {
 public:
  PoolingSpec(Pooling pooling, std::int64_t hidden) : pooling_(pooling), hidden_(hidden) {}

  std::int64_t output_size() const override { return hidden_; }
  void AddTo(WeightManifest& manifest) const override;
  std::size_t ActivationBytes(const StepLimits& limits) const override;
  std::unique_ptr<const ModelHead> Load(const WeightLoader& loader) const override;

 private:
  Pooling pooling_;
  std::int64_t hidden_;
};

}  // namespace embd
