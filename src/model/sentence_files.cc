#include "model/sentence_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <system_error>
#include <utility>

#include "json/json_document.h"

namespace embd {
namespace {

constexpr std::size_t kMaxFileBytes = std::size_t{16} << 20U;
constexpr std::int64_t kMaxLength = std::int64_t{1} << 30;

struct PoolingMode {
  std::string_view flag;  // its key in releases up to 5
  std::string_view name;  // its value of "pooling_mode" since release 6
  std::optional<Pooling> pooling;
};

// In order of precedence.
constexpr std::array kPoolingModes = {
    PoolingMode{"pooling_mode_cls_token", "cls", Pooling::kCls},
    PoolingMode{"pooling_mode_mean_tokens", "mean", Pooling::kMean},
    PoolingMode{"pooling_mode_lasttoken", "lasttoken", Pooling::kLastToken},
    PoolingMode{"pooling_mode_max_tokens", "max", std::nullopt},
    PoolingMode{"pooling_mode_mean_sqrt_len_tokens", "mean_sqrt_len_tokens", std::nullopt},
    PoolingMode{"pooling_mode_weightedmean_tokens", "weightedmean", std::nullopt},
};

constexpr std::string_view kSpladePooling = "SpladePooling";

// The class of a module without its package, which differs between releases and custom code.
std::string_view ClassName(std::string_view type) { return type.substr(type.rfind('.') + 1); }

bool IsModeOn(const JsonValue& root, const PoolingMode& mode) {
  if (root.BoolOr(mode.flag, false)) return true;
  const std::optional<JsonValue> names = root.Find("pooling_mode");
  if (!names) return false;
  if (!names->is_array()) return names->String() == mode.name;
  const std::vector<JsonValue> several = names->Array();
  return std::any_of(several.begin(), several.end(),
                     [&](const JsonValue& name) { return name.String() == mode.name; });
}

// Its config.json, in the folder that the module names; what it leaves out has this default.
void CheckSpladePooling(const JsonValue& module, const std::filesystem::path& root) {
  const std::string folder = module.StringOr("path", "");
  const std::filesystem::path path = root / folder / "config.json";
  std::error_code ignored;
  if (folder.empty() || !std::filesystem::exists(path, ignored)) return;
  const JsonDocument document = JsonDocument::ReadFile(path, kMaxFileBytes);
  for (const auto& [key, known] :
       {std::pair{"pooling_strategy", "max"}, std::pair{"activation_function", "relu"}}) {
    const std::optional<JsonValue> value = document.root().Find(key);
    if (!value || value->String() == known) continue;
    value->Fail(Quoted(known), Quoted(value->String()),
                "to have the largest log(1 + max(0, logit)) nevertheless: --pooling splade");
  }
}

}  // namespace

void CheckModules(const std::filesystem::path& modules_json) {
  if (modules_json.empty()) return;
  // Whether the last two are there decides the pooling, which the operator may overrule.
  constexpr std::array<std::string_view, 5> kKnown = {"Transformer", "Pooling", "Normalize",
                                                      "MLMTransformer", kSpladePooling};
  const JsonDocument document = JsonDocument::ReadFile(modules_json, kMaxFileBytes);
  for (const JsonValue& module : document.root().Array()) {
    const JsonValue type = module.Get("type");
    const std::string_view name = ClassName(type.String());
    if (std::find(kKnown.begin(), kKnown.end(), name) != kKnown.end()) continue;
    type.Fail("Transformer, Pooling or Normalize", Quoted(name),
              "without this module the embeddings would be others; to serve them like that, remove "
              "it from a copy of the model");
  }
}

bool HasSpladePooling(const std::filesystem::path& modules_json) {
  if (modules_json.empty()) return false;
  const JsonDocument document = JsonDocument::ReadFile(modules_json, kMaxFileBytes);
  for (const JsonValue& module : document.root().Array()) {
    if (ClassName(module.Get("type").String()) != kSpladePooling) continue;
    CheckSpladePooling(module, modules_json.parent_path());
    return true;
  }
  return false;
}

std::optional<Pooling> ReadPooling(const std::filesystem::path& pooling_json,
                                   std::vector<std::string>& warnings) {
  if (pooling_json.empty()) return std::nullopt;
  const JsonDocument document = JsonDocument::ReadFile(pooling_json, kMaxFileBytes);
  const JsonValue root = document.root();
  const PoolingMode* chosen = nullptr;
  std::vector<std::string_view> on;
  for (const PoolingMode& mode : kPoolingModes) {
    if (!IsModeOn(root, mode)) continue;
    on.push_back(mode.name);
    if (chosen == nullptr) chosen = &mode;
  }
  if (chosen == nullptr || !chosen->pooling) {
    root.Fail("pooling by cls, mean or lasttoken",
              chosen != nullptr ? std::string(chosen->name) : "none of them",
              "choose one with --pooling");
  }
  if (on.size() > 1) {
    warnings.push_back(fmt::format("{} asks for pooling by {} together; only {} is used",
                                   pooling_json.string(), fmt::join(on, ", "), chosen->name));
  }
  if (!root.BoolOr("include_prompt", true)) {
    warnings.push_back(
        fmt::format("{} leaves the prompt's tokens out of the pooling; here they count",
                    pooling_json.string()));
  }
  return chosen->pooling;
}

std::optional<std::int64_t> ReadMaxSequenceLength(const std::filesystem::path& sentence_json) {
  if (sentence_json.empty()) return std::nullopt;
  const JsonDocument document = JsonDocument::ReadFile(sentence_json, kMaxFileBytes);
  const JsonValue root = document.root();
  const std::optional<JsonValue> length = root.Find("max_seq_length");
  if (length) return length->Integer(1, kMaxLength);
  // Since release 6 the length is left out when it is the transformer's own. In older files its
  // absence is a mistake that would silently let through inputs of another length.
  if (root.Find("transformer_task") || root.Find("modality_config")) return std::nullopt;
  root.Fail("a number \"max_seq_length\"", "none", "remove the file to use the model's own length");
}

std::map<std::string, std::string, std::less<>> ReadPrompts(
    const std::filesystem::path& sentence_transformers_json) {
  std::map<std::string, std::string, std::less<>> prompts;
  if (sentence_transformers_json.empty()) return prompts;
  const JsonDocument document = JsonDocument::ReadFile(sentence_transformers_json, kMaxFileBytes);
  const std::optional<JsonValue> table = document.root().Find("prompts");
  if (!table) return prompts;
  for (const auto& [name, element] : table->Object()) {
    const JsonValue text(element, fmt::format("{}: {}", table->place(), Quoted(name)));
    prompts.insert_or_assign(std::string(name), std::string(text.String()));
  }
  return prompts;
}

}  // namespace embd
