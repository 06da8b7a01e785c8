#include "model/heads/pooling.h"

namespace embd {
namespace {

class PoolingHead final : public ModelHead {
 public:
  explicit PoolingHead(Pooling pooling) : pooling_(pooling) {}

  MatrixView Run(const Step& step, ConstMatrixView hidden) const override {
    const MatrixView pooled = step.activations.Matrix(step.batch.sequences(), hidden.cols);
    step.backend.Pool(hidden, step.batch.offsets, pooling_, pooled, step.lane);
    return pooled;
  }

 private:
  Pooling pooling_;
};

}  // namespace

void PoolingSpec::AddTo(WeightManifest& /*manifest*/) const {}

std::size_t PoolingSpec::ActivationBytes(const StepLimits& limits) const {
  return Arena::MatrixBytes(limits.max_sequences, hidden_);
}

std::unique_ptr<const ModelHead> PoolingSpec::Load(const WeightLoader& /*loader*/) const {
  return std::make_unique<const PoolingHead>(pooling_);
}

}  // namespace embd
