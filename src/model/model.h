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
    ConstMatrixView pooled;  // [sequences, output_size]
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

// An encoder with a pooling head: sentence embeddings.
class EmbeddingModel final : public Model {
 public:
  struct Parts {
    const Architecture& architecture;
    const Backend& backend;
    std::unique_ptr<const Encoder> encoder;
    Pooling pooling;
  };

  explicit EmbeddingModel(Parts parts);

  std::int64_t output_size() const override;
  std::size_t ActivationBytes(const StepLimits& limits) const override;
  std::size_t ScratchBytes(const StepLimits& limits) const override;
  Outputs Run(const PackedBatch& batch, Arena& activations, const Lane& lane) const override;

 private:
  Parts parts_;
};

}  // namespace embd
