#include "model/heads/family_heads.h"

#include <algorithm>
#include <string>

#include "model/heads/classifier.h"
#include "model/heads/pooling.h"
#include "model/heads/splade.h"

namespace embd {
namespace {

LinearSpec Layer(std::string_view name, std::int64_t out, std::int64_t in) {
  LinearSpec linear;
  linear.parts = {std::string(name)};
  linear.out = out;
  linear.in = in;
  linear.place = TensorPlace::kAnywhere;
  return linear;
}

std::unique_ptr<const HeadSpec> MakeClassifier(const FamilyHeads::Classification& names,
                                               std::int64_t hidden, std::int64_t labels) {
  ClassifierSpec::Layers layers;
  layers.dense = Layer(names.dense, hidden, hidden);
  layers.dense.use = names.dense_use;
  layers.activation = names.activation;
  layers.labels = Layer(names.labels, labels, hidden);
  return std::make_unique<const ClassifierSpec>(std::move(layers));
}

std::unique_ptr<const HeadSpec> MakeSplade(const FamilyHeads::MaskedLm& names,
                                           const HeadShape& shape, bool may_be_tied) {
  const std::int64_t hidden = shape.words.cols;
  SpladeSpec::Layers layers;
  layers.dense = Layer(names.dense, hidden, hidden);
  layers.activation = names.activation.value_or(shape.activation);
  layers.norm = {.name = std::string(names.norm),
                 .size = hidden,
                 .epsilon = shape.epsilon,
                 .place = TensorPlace::kAnywhere};
  layers.decoder = Layer(names.decoder, shape.words.rows, hidden);
  layers.decoder.input_norm = layers.norm.name;
  layers.decoder.bias_names = {std::string(names.bias)};
  if (may_be_tied) layers.decoder.tied_table = shape.words.name;
  return std::make_unique<const SpladeSpec>(std::move(layers));
}

// Whether the pattern, which may end in '*', is for tensors that the manifest reads.
bool IsRead(std::string_view pattern, const WeightManifest& manifest) {
  const std::string_view stem = pattern.substr(0, pattern.find('*'));
  return std::any_of(
      manifest.linears.begin(), manifest.linears.end(),
      [&](const LinearSpec& linear) { return linear.parts.front().starts_with(stem); });
}

}  // namespace

std::unique_ptr<const HeadSpec> MakeHead(const ModelSpec& spec, const FamilyHeads& family,
                                         const HeadShape& shape) {
  if (spec.task != ModelTask::kEmbedding) {
    return MakeClassifier(family.classification, shape.words.cols,
                          static_cast<std::int64_t>(spec.labels.size()));
  }
  if (spec.pooling == Pooling::kSplade) {
    return MakeSplade(family.masked_lm, shape,
                      spec.config.root().BoolOr("tie_word_embeddings", true));
  }
  return std::make_unique<const PoolingSpec>(spec.pooling, shape.words.cols);
}

void AddHead(const HeadSpec& head, const FamilyHeads& family, WeightManifest& manifest) {
  head.AddTo(manifest);
  for (const std::string_view pattern : family.known) {
    // What is left over of a head in use is worth a warning: it may be a misspelt layer.
    if (!IsRead(pattern, manifest)) manifest.ignored.emplace_back(pattern);
  }
  // A tied bias has two names, and some checkpoints have both.
  for (const LinearSpec& linear : manifest.linears) {
    manifest.ignored.insert(manifest.ignored.end(), linear.bias_names.begin(),
                            linear.bias_names.end());
  }
}

}  // namespace embd
