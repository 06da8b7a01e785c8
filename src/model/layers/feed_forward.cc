#include "model/layers/feed_forward.h"

namespace embd {

void FeedForwardSpec::AddTo(WeightManifest& manifest) const {
  manifest.linears.insert(manifest.linears.end(), {up, down});
  manifest.norms.push_back(norm);
}

std::size_t FeedForwardSpec::ActivationBytes(std::int64_t tokens) const {
  return Arena::MatrixBytes(tokens, up.stacked_out());
}

FeedForward::FeedForward(const FeedForwardSpec& spec, const WeightLoader& loader)
    : up_(loader.Linear(spec.up)),
      activation_(spec.activation),
      down_(loader.Linear(spec.down)),
      norm_(loader.Norm(spec.norm)) {}

void FeedForward::Forward(const Step& step, MatrixView x) const {
  const std::size_t mark = step.activations.mark();
  const MatrixView inner = step.activations.Matrix(x.rows, up_->out_features());

  step.backend.Linear(x, *up_, {.activation = activation_, .residual = {}}, inner, step.lane);
  step.backend.Linear(inner, *down_, {.activation = Activation::kNone, .residual = x}, x,
                      step.lane);
  step.backend.Norm(x, norm_.view(), {}, x, step.lane);

  step.activations.Rewind(mark);
}

}  // namespace embd
