#include "model/heads/classifier.h"

#include <utility>

#include "model/weight_loader.h"

namespace embd {
namespace {

class Classifier final : public ModelHead {
 public:
  Classifier(const ClassifierSpec::Layers& layers, const WeightLoader& loader)
      : dense_(loader.Linear(layers.dense)),
        activation_(layers.activation),
        labels_(loader.Linear(layers.labels)) {}

  MatrixView Run(const Step& step, ConstMatrixView hidden) const override {
    const std::int64_t sequences = step.batch.sequences();
    const MatrixView logits = step.activations.Matrix(sequences, labels_->out_features());
    const std::size_t mark = step.activations.mark();
    MatrixView first = step.activations.Matrix(sequences, hidden.cols);
    step.backend.Pool(hidden, step.batch.offsets, Pooling::kCls, first, step.lane);
    if (dense_ != nullptr) {
      const MatrixView inner = step.activations.Matrix(sequences, dense_->out_features());
      step.backend.Linear(first, *dense_, {.activation = activation_, .residual = {}}, inner,
                          step.lane);
      first = inner;
    }
    step.backend.Linear(first, *labels_, {}, logits, step.lane);
    step.activations.Rewind(mark);
    return logits;
  }

 private:
  std::unique_ptr<const PreparedWeight> dense_;  // null: none
  Activation activation_;
  std::unique_ptr<const PreparedWeight> labels_;
};

}  // namespace

ClassifierSpec::ClassifierSpec(Layers layers) : layers_(std::move(layers)) {
  layers_.dense.may_be_int8 = layers_.labels.may_be_int8 = false;
}

void ClassifierSpec::AddTo(WeightManifest& manifest) const {
  manifest.linears.insert(manifest.linears.end(), {layers_.dense, layers_.labels});
}

std::size_t ClassifierSpec::ActivationBytes(const StepLimits& limits) const {
  return Arena::MatrixBytes(limits.max_sequences, layers_.labels.out) +
         Arena::MatrixBytes(limits.max_sequences, layers_.dense.in) +
         Arena::MatrixBytes(limits.max_sequences, layers_.dense.out);
}

std::unique_ptr<const ModelHead> ClassifierSpec::Load(const WeightLoader& loader) const {
  return std::make_unique<const Classifier>(layers_, loader);
}

}  // namespace embd
