#pragma once

#include <cstdint>

#include "model/layers/step.h"
#include "model/weight_loader.h"
#include "model/weight_manifest.h"

namespace embd {

// x = norm(word[id] + position[offset + position id] + type[type id])
// Of a single type all tokens are, whatever their type id.
struct EmbeddingsSpec {
  TableSpec words;
  TableSpec positions;
  TableSpec types;
  std::int64_t position_offset = 0;  // the row of position id 0
  NormSpec norm;

  void AddTo(WeightManifest& manifest) const;
};

class Embeddings {
 public:
  Embeddings(const EmbeddingsSpec& spec, const WeightLoader& loader);

  // The rows of the step's tokens to x [tokens, hidden].
  void Forward(const Step& step, MatrixView x) const;

 private:
  EmbeddingTable words_;
  EmbeddingTable positions_;
  TensorView position_rows_;  // from that of position id 0 on
  EmbeddingTable types_;
  NormParameters norm_;
};

}  // namespace embd
