#include "model/heads/splade.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "model/weight_loader.h"

namespace embd {
namespace {

// Columns of the vocabulary at a time. Whole panels of every instruction set, and fewer than the
// inner layer of a feed-forward usually has, whose space the logits then use.
constexpr std::int64_t kColumns = 1920;

class Splade final : public ModelHead {
 public:
  Splade(const SpladeSpec::Layers& layers, const WeightLoader& loader)
      : dense_(loader.Linear(layers.dense)),
        activation_(layers.activation),
        norm_(loader.Norm(layers.norm)),
        decoder_(loader.Pieces(layers.decoder)),
        vocabulary_(layers.decoder.out),
        columns_(std::min(layers.decoder.piece, vocabulary_)) {}

  MatrixView Run(const Step& step, ConstMatrixView hidden) const override {
    const MatrixView weights = step.activations.Matrix(step.batch.sequences(), vocabulary_);
    const std::size_t mark = step.activations.mark();
    const MatrixView x = step.activations.Matrix(hidden.rows, dense_->out_features());
    step.backend.Linear(hidden, *dense_, {.activation = activation_, .residual = {}}, x, step.lane);
    step.backend.Norm(x, norm_.view(), {}, x, step.lane);

    const MatrixView space = step.activations.Matrix(hidden.rows, columns_);
    std::int64_t first = 0;
    for (const std::unique_ptr<const PreparedWeight>& piece : decoder_) {
      const std::int64_t columns = piece->out_features();
      const MatrixView logits = Columns(space, 0, columns);
      step.backend.Linear(x, *piece, {}, logits, step.lane);
      step.backend.Pool(logits, step.batch.offsets, Pooling::kSplade,
                        Columns(weights, first, columns), step.lane);
      first += columns;
    }
    step.activations.Rewind(mark);
    return weights;
  }

 private:
  static MatrixView Columns(const MatrixView& matrix, std::int64_t first, std::int64_t count) {
    return {
        .data = matrix.data + first, .rows = matrix.rows, .cols = count, .stride = matrix.stride};
  }

  std::unique_ptr<const PreparedWeight> dense_;
  Activation activation_;
  NormParameters norm_;
  std::vector<std::unique_ptr<const PreparedWeight>> decoder_;
  std::int64_t vocabulary_;
  std::int64_t columns_;  // of one piece
};

}  // namespace

SpladeSpec::SpladeSpec(Layers layers) : layers_(std::move(layers)) {
  if (layers_.decoder.piece == 0) layers_.decoder.piece = kColumns;
}

void SpladeSpec::AddTo(WeightManifest& manifest) const {
  manifest.linears.insert(manifest.linears.end(), {layers_.dense, layers_.decoder});
  manifest.norms.push_back(layers_.norm);
}

std::size_t SpladeSpec::ActivationBytes(const StepLimits& limits) const {
  return Arena::MatrixBytes(limits.max_sequences, layers_.decoder.out) +
         Arena::MatrixBytes(limits.max_tokens, layers_.dense.out) +
         Arena::MatrixBytes(limits.max_tokens,
                            std::min(layers_.decoder.piece, layers_.decoder.out));
}

std::unique_ptr<const ModelHead> SpladeSpec::Load(const WeightLoader& loader) const {
  return std::make_unique<const Splade>(layers_, loader);
}

}  // namespace embd
