#include "model/layers/self_attention.h"

#include <cmath>

namespace embd {

void SelfAttentionSpec::AddTo(WeightManifest& manifest) const {
  manifest.linears.insert(manifest.linears.end(), {qkv, output});
  manifest.norms.push_back(norm);
}

std::size_t SelfAttentionSpec::ActivationBytes(std::int64_t tokens) const {
  return Arena::MatrixBytes(tokens, qkv.stacked_out()) + Arena::MatrixBytes(tokens, output.in);
}

SelfAttention::SelfAttention(const SelfAttentionSpec& spec, const WeightLoader& loader)
    : qkv_(loader.Linear(spec.qkv)),
      output_(loader.Linear(spec.output)),
      norm_(loader.Norm(spec.norm)),
      heads_(spec.heads),
      head_size_(spec.head_size) {}

void SelfAttention::Forward(const Step& step, MatrixView x) const {
  const std::size_t mark = step.activations.mark();
  const MatrixView qkv = step.activations.Matrix(x.rows, qkv_->out_features());
  const MatrixView context = step.activations.Matrix(x.rows, output_->in_features());

  step.backend.Linear(x, *qkv_, {}, qkv, step.lane);
  step.backend.Attention({.qkv = qkv,
                          .offsets = step.batch.offsets,
                          .heads = heads_,
                          .head_size = head_size_,
                          .scale = 1.0F / std::sqrt(static_cast<float>(head_size_))},
                         context, step.lane);
  step.backend.Linear(context, *output_, {.activation = Activation::kNone, .residual = x}, x,
                      step.lane);
  step.backend.Norm(x, norm_.view(), {}, x, step.lane);

  step.activations.Rewind(mark);
}

}  // namespace embd
