#include "model/arch/bert.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "model/heads/family_heads.h"
#include "model/layers/activation.h"
#include "model/layers/embeddings.h"
#include "model/layers/feed_forward.h"
#include "model/layers/self_attention.h"
#include "model/parallel.h"
#include "model/weight_loader.h"
#include "model/weight_manifest.h"

namespace embd {
namespace {

// ---- What the families differ in

struct BertFamily {
  std::span<const std::string_view> prefixes;
  FamilyHeads heads;
};

constexpr std::array<std::string_view, 2> kBertPrefixes = {"", "bert."};
constexpr std::array<std::string_view, 3> kBertKnown = {"embeddings.position_ids", "pooler.*",
                                                        "cls.*"};
constexpr BertFamily kBert = {
    .prefixes = kBertPrefixes,
    .heads = {.classification = {.dense = "pooler.dense",
                                 .dense_use = TensorUse::kOptional,
                                 .activation = Activation::kTanh,
                                 .labels = "classifier"},
              .masked_lm = {.dense = "cls.predictions.transform.dense",
                            .activation = std::nullopt,
                            .norm = "cls.predictions.transform.LayerNorm",
                            .decoder = "cls.predictions.decoder",
                            .bias = "cls.predictions.bias"},
              .known = kBertKnown},
};

constexpr std::array<std::string_view, 4> kRobertaPrefixes = {"", "roberta.", "xlm-roberta.",
                                                              "camembert."};
constexpr std::array<std::string_view, 3> kRobertaKnown = {"embeddings.position_ids", "pooler.*",
                                                           "lm_head.*"};
constexpr BertFamily kRoberta = {
    .prefixes = kRobertaPrefixes,
    .heads = {.classification = {.dense = "classifier.dense",
                                 .dense_use = TensorUse::kRequired,
                                 .activation = Activation::kTanh,
                                 .labels = "classifier.out_proj"},
              .masked_lm = {.dense = "lm_head.dense",
                            .activation = Activation::kGelu,
                            .norm = "lm_head.layer_norm",
                            .decoder = "lm_head.decoder",
                            .bias = "lm_head.bias"},
              .known = kRobertaKnown},
};

// ---- The numbers

// Bounds far above any model that exists, so that products of them cannot overflow.
constexpr std::int64_t kMaxVocabulary = std::int64_t{1} << 26;
constexpr std::int64_t kMaxPositions = std::int64_t{1} << 24;
constexpr std::int64_t kMaxTypes = std::int64_t{1} << 16;
constexpr std::int64_t kMaxWidth = std::int64_t{1} << 17;
constexpr std::int64_t kMaxLayers = 1024;

struct BertConfig {
  std::int64_t vocabulary = 0;
  std::int64_t positions = 0;
  std::int64_t types = 0;
  std::int64_t hidden = 0;
  std::int64_t intermediate = 0;
  std::int64_t layers = 0;
  int heads = 0;
  int head_size = 0;
  Activation activation = Activation::kGelu;
  float epsilon = 0;
  std::int64_t position_offset = 0;
};

float ReadEpsilon(const JsonValue& config) {
  const std::optional<JsonValue> epsilon = config.Find("layer_norm_eps");
  if (!epsilon) return 1e-12F;
  const double value = epsilon->Number();
  if (!(value > 0 && value < 1)) {
    epsilon->Fail("a number above 0 and below 1", fmt::format("{}", value));
  }
  return static_cast<float>(value);
}

// What would change the computation and is not done here.
void RefuseVariants(const JsonValue& config) {
  const std::optional<JsonValue> positions = config.Find("position_embedding_type");
  if (positions && positions->String() != "absolute") {
    positions->Fail("\"absolute\"", Quoted(positions->String()),
                    "other positions are not supported yet");
  }
  const std::optional<JsonValue> decoder = config.Find("is_decoder");
  if (decoder && decoder->Bool()) {
    decoder->Fail("an encoder", "a decoder", "causal attention is not supported yet");
  }
}

// Members that transformers gives a default may be absent; the default then is the same as there.
BertConfig ReadConfig(const ModelSpec& spec) {
  const JsonValue config = spec.config.root();
  RefuseVariants(config);
  BertConfig bert;
  bert.vocabulary = config.Get("vocab_size").Integer(1, kMaxVocabulary);
  bert.positions =
      config.Get("max_position_embeddings").Integer(spec.position_offset + 1, kMaxPositions);
  bert.types = config.IntegerOr("type_vocab_size", 2, 1, kMaxTypes);
  bert.hidden = config.Get("hidden_size").Integer(1, kMaxWidth);
  bert.intermediate = config.Get("intermediate_size").Integer(1, kMaxWidth);
  bert.layers = config.Get("num_hidden_layers").Integer(1, kMaxLayers);
  const JsonValue heads = config.Get("num_attention_heads");
  bert.heads = static_cast<int>(heads.Integer(1, bert.hidden));
  if (bert.hidden % bert.heads != 0) {
    heads.Fail(fmt::format("a divisor of hidden_size {}", bert.hidden), std::to_string(bert.heads));
  }
  bert.head_size = static_cast<int>(bert.hidden / bert.heads);
  if (const auto activation = config.Find("hidden_act")) {
    bert.activation = ReadActivation(*activation);
  }
  bert.epsilon = ReadEpsilon(config);
  bert.position_offset = spec.position_offset;
  return bert;
}

// ---- The tensors

NormSpec NormOf(const BertConfig& bert, std::string name) {
  return {.name = std::move(name), .size = bert.hidden, .epsilon = bert.epsilon};
}

EmbeddingsSpec EmbeddingsOf(const BertConfig& bert) {
  return {
      .words = {"embeddings.word_embeddings.weight", bert.vocabulary, bert.hidden},
      .positions = {"embeddings.position_embeddings.weight", bert.positions, bert.hidden},
      .types = {"embeddings.token_type_embeddings.weight", bert.types, bert.hidden},
      .position_offset = bert.position_offset,
      .norm = NormOf(bert, "embeddings.LayerNorm"),
  };
}

SelfAttentionSpec AttentionOf(const BertConfig& bert, std::size_t layer) {
  const std::string at = fmt::format("encoder.layer.{}.attention.", layer);
  const std::string before = layer == 0
                                 ? "embeddings.LayerNorm"
                                 : fmt::format("encoder.layer.{}.output.LayerNorm", layer - 1);
  return {
      .qkv = {{at + "self.query", at + "self.key", at + "self.value"},
              bert.hidden,
              bert.hidden,
              before},
      .output = {{at + "output.dense"}, bert.hidden, bert.hidden, {}},
      .norm = NormOf(bert, at + "output.LayerNorm"),
      .heads = bert.heads,
      .head_size = bert.head_size,
  };
}

FeedForwardSpec FeedForwardOf(const BertConfig& bert, std::size_t layer) {
  const std::string at = fmt::format("encoder.layer.{}.", layer);
  return {
      .up = {{at + "intermediate.dense"},
             bert.intermediate,
             bert.hidden,
             at + "attention.output.LayerNorm"},
      .activation = bert.activation,
      .down = {{at + "output.dense"}, bert.hidden, bert.intermediate, {}},
      .norm = NormOf(bert, at + "output.LayerNorm"),
  };
}

WeightManifest ManifestOf(const BertConfig& bert, const HeadSpec& head, const FamilyHeads& family) {
  WeightManifest manifest;
  EmbeddingsOf(bert).AddTo(manifest);
  for (std::size_t layer = 0; layer < static_cast<std::size_t>(bert.layers); ++layer) {
    AttentionOf(bert, layer).AddTo(manifest);
    FeedForwardOf(bert, layer).AddTo(manifest);
  }
  AddHead(head, family, manifest);
  return manifest;
}

// ---- The model

class BertEncoder final : public Encoder {
 public:
  BertEncoder(const BertConfig& bert, const WeightLoader& loader)
      : backend_(loader.backend()),
        hidden_(bert.hidden),
        embeddings_(EmbeddingsOf(bert), loader),
        layers_(ParallelMap(static_cast<std::size_t>(bert.layers), [&](std::size_t layer) {
          return Layer{{AttentionOf(bert, layer), loader}, {FeedForwardOf(bert, layer), loader}};
        })) {}

  MatrixView Forward(const PackedBatch& batch, Arena& activations,
                     const Lane& lane) const override {
    const Step step{.backend = backend_, .batch = batch, .activations = activations, .lane = lane};
    const MatrixView x = activations.Matrix(batch.tokens(), hidden_);
    embeddings_.Forward(step, x);
    for (const Layer& layer : layers_) {
      layer.attention.Forward(step, x);
      layer.feed_forward.Forward(step, x);
    }
    return x;
  }

 private:
  struct Layer {
    SelfAttention attention;
    FeedForward feed_forward;
  };

  const Backend& backend_;
  std::int64_t hidden_;
  Embeddings embeddings_;
  std::vector<Layer> layers_;
};

class BertArchitecture final : public Architecture {
 public:
  BertArchitecture(const ModelSpec& spec, const BertFamily& family)
      : family_(family),
        bert_(ReadConfig(spec)),
        head_(MakeHead(spec, family.heads,
                       {.words = EmbeddingsOf(bert_).words,
                        .activation = bert_.activation,
                        .epsilon = bert_.epsilon})),
        manifest_(ManifestOf(bert_, *head_, family.heads)) {}

  std::int64_t hidden_size() const override { return bert_.hidden; }
  std::int64_t vocabulary_size() const override { return bert_.vocabulary; }
  std::int64_t max_positions() const override { return bert_.positions; }
  std::int64_t position_offset() const override { return bert_.position_offset; }
  // With a single type, tokens of the second text are of that type, too.
  std::int64_t token_types() const override { return bert_.types > 1 ? bert_.types : 0; }
  const HeadSpec& head() const override { return *head_; }

  const WeightManifest& manifest() const override { return manifest_; }
  std::vector<TensorRule> Tensors() const override { return manifest_.Rules(); }
  std::vector<std::string> Prefixes() const override {
    return {family_.prefixes.begin(), family_.prefixes.end()};
  }

  WeightFootprint Footprint(const WeightMap& weights, const Backend& backend,
                            const WeightFormats& formats) const override {
    return manifest_.Footprint(weights, backend, formats);
  }

  std::size_t ActivationBytes(const StepLimits& limits) const override {
    // The blocks of all layers use the same space, one after the other.
    const std::int64_t tokens = limits.max_tokens;
    return Arena::MatrixBytes(tokens, bert_.hidden) +
           std::max(AttentionOf(bert_, 0).ActivationBytes(tokens),
                    FeedForwardOf(bert_, 0).ActivationBytes(tokens));
  }

  ScratchNeed Scratch(const StepLimits& limits) const override {
    return {.max_tokens = limits.max_tokens,
            .max_sequence_tokens = limits.max_sequence_tokens,
            .max_features = manifest_.MaxFeatures(),
            .max_head_size = bert_.head_size};
  }

  Network Load(const WeightMap& weights, const Checkpoint& checkpoint, const Backend& backend,
               const WeightFormats& formats) const override {
    const WeightLoader loader(weights, checkpoint, backend, formats);
    Network network;
    network.encoder = std::make_unique<const BertEncoder>(bert_, loader);
    network.head = head_->Load(loader);
    loader.Finish(manifest_);
    return network;
  }

 private:
  const BertFamily& family_;
  BertConfig bert_;
  std::unique_ptr<const HeadSpec> head_;
  WeightManifest manifest_;
};

}  // namespace

std::unique_ptr<const Architecture> MakeBert(const ModelSpec& spec) {
  return std::make_unique<const BertArchitecture>(spec, kBert);
}

std::unique_ptr<const Architecture> MakeRoberta(const ModelSpec& spec) {
  return std::make_unique<const BertArchitecture>(spec, kRoberta);
}

}  // namespace embd
