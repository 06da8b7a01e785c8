#include "model/model_spec.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <utility>

#include "base/load_error.h"
#include "model/labels.h"
#include "model/registry.h"
#include "model/sentence_files.h"

namespace embd {
namespace {

constexpr std::size_t kMaxConfigBytes = std::size_t{16} << 20U;
constexpr std::int64_t kMaxPositions = std::int64_t{1} << 30;
// The padding id of the RoBERTa family where config.json names none, as in transformers.
constexpr std::int64_t kRobertaPadding = 1;

std::vector<std::string> ReadArchitectures(const JsonValue& config) {
  std::vector<std::string> names;
  for (const JsonValue& name : config.Get("architectures").Array()) {
    names.emplace_back(name.String());
  }
  return names;
}

std::string Listed(const std::vector<std::string>& architectures) {
  return Quoted(fmt::format("{}", fmt::join(architectures, ", ")));
}

// Files of embedding models that name a classifier which their weights do not have.
constexpr std::string_view kNamedByMistake = "NewForTokenClassification";

enum class HeadKind : std::uint8_t { kPooling, kSplade, kLabels };

// The head that the weights were trained with decides what the model is for. The first architecture
// that has a say in it counts.
HeadKind HeadOf(ModelSpec& spec, bool wants_splade) {
  const JsonValue config = spec.config.root();
  for (const std::string& architecture : spec.architectures) {
    if (architecture == kNamedByMistake && !(config.Find("id2label") && config.Find("label2id"))) {
      spec.warnings.push_back(fmt::format("{}: {} without labels is taken for an embedding model",
                                          config.place(), Quoted(architecture)));
      continue;
    }
    if (wants_splade && architecture.ends_with("MaskedLM")) return HeadKind::kSplade;
    if (architecture.ends_with("Classification")) return HeadKind::kLabels;
  }
  if (wants_splade) {
    config.Get("architectures")
        .Fail("a masked-language model (\"...MaskedLM\"), whose head splade pooling needs",
              Listed(spec.architectures));
  }
  return HeadKind::kPooling;
}

void RefuseDenseModules(const ModelOverrides& overrides) {
  if (overrides.dense_path.empty()) return;
  throw LoadError({.path = "--dense-path",
                   .expected = "no dense module",
                   .found = overrides.dense_path,
                   .hint = "dense modules are not supported yet"});
}

bool ContainsBert(std::string model_type) {
  std::transform(model_type.begin(), model_type.end(), model_type.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return model_type.find("bert") != std::string::npos;
}

Pooling ChoosePooling(ModelSpec& spec, const ModelOverrides& overrides) {
  if (overrides.pooling) return *overrides.pooling;
  if (const auto pooling = ReadPooling(spec.files.pooling, spec.warnings)) return *pooling;
  const std::string missing = (spec.files.root / "1_Pooling" / "config.json").string();
  if (!ContainsBert(spec.model_type)) {
    throw LoadError({.path = missing,
                     .expected = "how to pool",
                     .found = "no such file",
                     .hint = "choose with --pooling"});
  }
  spec.warnings.push_back(
      fmt::format("{} is missing; the first token (cls) is taken as the embedding", missing));
  return Pooling::kCls;
}

void ReadTask(ModelSpec& spec, const ModelOverrides& overrides) {
  spec.labels = ReadLabels(spec.config.root(), spec.warnings);
  spec.task = spec.labels.size() == 1 ? ModelTask::kReranker : ModelTask::kClassifier;
  if (!overrides.pooling) return;
  spec.warnings.push_back(
      fmt::format("--pooling has no effect: {} is a {}", Listed(spec.architectures),
                  spec.task == ModelTask::kReranker ? "reranker" : "classifier"));
}

std::int64_t ReadPositionOffset(const JsonValue& config) {
  const ArchitectureRow& row = FindArchitecture(config.Get("model_type"));
  if (row.position_start == PositionStart::kZero) return 0;
  return config.IntegerOr("pad_token_id", kRobertaPadding, 0, kMaxPositions) + 1;
}

std::int64_t ReadBaseLength(const ModelSpec& spec) {
  if (const auto length = ReadMaxSequenceLength(spec.files.sentence_config)) return *length;
  const JsonValue config = spec.config.root();
  std::optional<JsonValue> positions = config.Find("max_position_embeddings");
  if (!positions) positions = config.Find("max_trained_positions");
  if (!positions) {
    config.Fail("a member \"max_position_embeddings\"", "none",
                "a sentence_bert_config.json with max_seq_length will do, too");
  }
  return positions->Integer(spec.position_offset + 1, kMaxPositions) - spec.position_offset;
}

}  // namespace

ModelSpec ReadModelSpec(const ModelFiles& files, const ModelOverrides& overrides) {
  ModelSpec spec{.files = files,
                 .config = JsonDocument::ReadFile(files.config, kMaxConfigBytes),
                 .model_type = {},
                 .architectures = {},
                 .labels = {},
                 .prompts = {},
                 .warnings = {}};
  const JsonValue config = spec.config.root();
  spec.model_type = config.Get("model_type").String();
  spec.position_offset = ReadPositionOffset(config);
  spec.architectures = ReadArchitectures(config);
  RefuseDenseModules(overrides);
  const bool wants_splade =
      overrides.pooling ? *overrides.pooling == Pooling::kSplade : HasSpladePooling(files.modules);
  const HeadKind head = HeadOf(spec, wants_splade);
  if (head == HeadKind::kLabels) {
    ReadTask(spec, overrides);
  } else {
    CheckModules(files.modules);
    spec.pooling = head == HeadKind::kSplade ? Pooling::kSplade : ChoosePooling(spec, overrides);
  }
  spec.base_length = ReadBaseLength(spec);
  spec.prompts = ReadPrompts(files.sentence_transformers);
  return spec;
}

}  // namespace embd
