#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "kernels/backend.h"
#include "model/encoder.h"
#include "model/packed_batch.h"

namespace embd {

// What the engine runs: packed token ids in, one row per sequence (or per token) out. Immutable,
// shared by all threads. The interface is what the scheduler's tests replace.
class Model {
 public:
  struct Outputs {
    // [sequences, output_size]: embeddings, logits of the labels, or SPLADE weights.
    ConstMatrixView pooled;
    ConstMatrixView tokens;  // [tokens, hidden]: the last hidden states
  };

  virtual ~Model() = default;

  // Floats in one pooled row.
  virtual std::int64_t output_size() const = 0;

  // Memory that a step within `limits` needs: shared by its lanes, and for each lane.
  virtual std::size_t ActivationBytes(const StepLimits& limits) const = 0;
  virtual std::size_t ScratchBytes(const StepLimits& limits) const = 0;

  // Called by every lane of a step, each with its own Arena over the same block. The outputs lie in
  // `activations`. Does not allocate. May throw: the engine answers for it.
  virtual Outputs Run(const PackedBatch& batch, Arena& activations, const Lane& lane) const = 0;
};

// An encoder with a head: sentence embeddings, sparse embeddings, scores of labels.
//
// How one is made, each step from those before it. Up to the memory plan only headers are read:
//   const ModelFiles files = ModelFiles::FromDirectory(folder);
//   const ModelSpec spec = ReadModelSpec(files, overrides);
//   const auto architecture = MakeArchitecture(spec);
//   const Checkpoint checkpoint = Checkpoint::Open(files.weights);
//   const WeightMap weights =
//       WeightMap::Resolve(checkpoint, architecture->Tensors(), architecture->Prefixes());
//   const WeightFormats formats = WeightFormats::Choose(architecture->manifest(), weights,
//                                                       checkpoint, precision);
//   // Memory plan: architecture->Footprint(weights, backend, formats); ActivationBytes and
//   // ScratchBytes of an EncoderModel without a network.
//   Network network = architecture->Load(weights, checkpoint, backend, formats);  // reads weights
//   const EncoderModel model({*architecture, backend, std::move(network)});
// Checkpoint, architecture and backend must outlive the model.
class EncoderModel final : public Model {
 public:
  struct Parts {
    const Architecture& architecture;
    const Backend& backend;
    Network network;  // of nulls: sizes can be asked for, Run cannot be called
  };

  explicit EncoderModel(Parts parts);

  std::int64_t output_size() const override;
  std::size_t ActivationBytes(const StepLimits& limits) const override;
  std::size_t ScratchBytes(const StepLimits& limits) const override;
  // Throws std::out_of_range for an id that the model's tables do not have.
  Outputs Run(const PackedBatch& batch, Arena& activations, const Lane& lane) const override;

 private:
  Parts parts_;
};

}  // namespace embd
