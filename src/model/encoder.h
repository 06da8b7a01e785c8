#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "kernels/backend.h"
#include "model/heads/head.h"
#include "model/packed_batch.h"
#include "model/weight_map.h"

namespace embd {

struct ModelSpec;
struct WeightManifest;
class WeightFormats;

// A loaded transformer. Immutable, shared by all threads. Owns its prepared weights; reads tables
// that stay as they are (the embeddings) from the Checkpoint, which must outlive it.
class Encoder {
 public:
  virtual ~Encoder() = default;

  // The last hidden states [tokens, hidden], all that remains in `activations`. Called by every
  // lane of the step, each with its own Arena over the same block. Does not allocate.
  virtual MatrixView Forward(const PackedBatch& batch, Arena& activations,
                             const Lane& lane) const = 0;
};

// A loaded model: the transformer and what follows it.
struct Network {
  std::unique_ptr<const Encoder> encoder;
  std::unique_ptr<const ModelHead> head;
};

// What a model of this shape needs in memory, known from its config and tensor table alone.
struct WeightFootprint {
  std::size_t mapped_bytes = 0;    // used in place from the file (embedding tables)
  std::size_t copied_bytes = 0;    // embedding tables kept as copies in narrower floats
  std::size_t prepared_bytes = 0;  // in the backend's own layout
};

// An architecture with its numbers read from one config.json: it knows its tensors and sizes before
// any weight is touched, and makes the network from them.
class Architecture {
 public:
  virtual ~Architecture() = default;

  virtual std::int64_t hidden_size() const = 0;
  virtual std::int64_t vocabulary_size() const = 0;
  // Rows of the position table; 0: positions are unlimited.
  virtual std::int64_t max_positions() const = 0;
  // The row of a sequence's first token.
  virtual std::int64_t position_offset() const = 0;
  // 0: the model does not read token types.
  virtual std::int64_t token_types() const = 0;
  // What follows the encoder. Its tensors are in the manifest.
  virtual const HeadSpec& head() const = 0;

  // Everything that is read from a checkpoint, and what it is for.
  virtual const WeightManifest& manifest() const = 0;
  // The checkpoint's tensors, and the prefixes under which they may stand.
  virtual std::vector<TensorRule> Tensors() const = 0;
  virtual std::vector<std::string> Prefixes() const = 0;

  virtual WeightFootprint Footprint(const WeightMap& weights, const Backend& backend,
                                    const WeightFormats& formats) const = 0;
  // Bytes of activations that the encoder needs for one step, and of scratch that each of the
  // step's lanes needs, the head's included.
  virtual std::size_t ActivationBytes(const StepLimits& limits) const = 0;
  virtual ScratchNeed Scratch(const StepLimits& limits) const = 0;

  // Reads and prepares the weights, giving back the file pages that it no longer needs.
  virtual Network Load(const WeightMap& weights, const Checkpoint& checkpoint,
                       const Backend& backend, const WeightFormats& formats) const = 0;
};

}  // namespace embd
