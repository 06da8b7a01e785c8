#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "kernels/options.h"
#include "model/heads/head.h"
#include "model/model_spec.h"
#include "model/weight_manifest.h"

namespace embd {

// What a family of checkpoints calls the layers of its heads, and how these differ: all that a new
// family has to say. Names are without the encoder's prefix; tensors may stand with it or without.
struct FamilyHeads {
  // labels(activation(dense(first token)))
  struct Classification {
    std::string_view dense;
    TensorUse dense_use = TensorUse::kRequired;
    Activation activation = Activation::kTanh;
    std::string_view labels;
  };
  // decoder(norm(activation(dense(hidden)))); the decoder may be tied to the word table.
  struct MaskedLm {
    std::string_view dense;
    std::optional<Activation> activation;  // nothing: the encoder's own
    std::string_view norm;
    std::string_view decoder;
    std::string_view bias;  // the other name of the decoder's bias
  };

  Classification classification;
  MaskedLm masked_lm;
  // Whose tensors are known, as in TensorRule: a head that is not in use is no surprise.
  std::span<const std::string_view> known;
};

// What a head takes over from its encoder.
struct HeadShape {
  TableSpec words;  // [vocabulary, hidden]
  Activation activation = Activation::kGelu;
  float epsilon = 0;
};

// The head for what the model is for: its pooling, its labels or its vocabulary.
std::unique_ptr<const HeadSpec> MakeHead(const ModelSpec& spec, const FamilyHeads& family,
                                         const HeadShape& shape);

// Adds a head and, as ignored, the tensors of the family's other heads.
void AddHead(const HeadSpec& head, const FamilyHeads& family, WeightManifest& manifest);

}  // namespace embd
