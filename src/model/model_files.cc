#include "model/model_files.h"

#include <array>
#include <string>
#include <system_error>

#include "base/load_error.h"

namespace embd {
namespace {

namespace fs = std::filesystem;

// In the order in which they are looked for; the first that exists is taken.
constexpr std::array kSentenceConfigs = {
    "sentence_bert_config.json",       "sentence_roberta_config.json",
    "sentence_distilbert_config.json", "sentence_camembert_config.json",
    "sentence_albert_config.json",     "sentence_xlm-roberta_config.json",
    "sentence_xlnet_config.json",
};

// Weights in formats that others read, for the advice when safetensors are missing.
constexpr std::array kOtherWeights = {"pytorch_model.bin", "pytorch_model.bin.index.json",
                                      "tf_model.h5", "onnx/model.onnx", "model.onnx"};

bool Exists(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

// The path when the file is there, nothing when it is not.
fs::path FindOptional(const fs::path& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (fs::is_regular_file(status)) return path;
  std::error_code ignored;
  if (fs::is_symlink(fs::symlink_status(path, ignored)) && !fs::exists(status)) {
    throw LoadError({.path = path.string(),
                     .expected = "a file",
                     .found = "a link to " + fs::read_symlink(path, ignored).string() +
                              ", which does not exist",
                     .hint = "the download may be unfinished"});
  }
  if (fs::exists(status)) {
    throw LoadError({.path = path.string(),
                     .expected = "a file",
                     .found = fs::is_directory(status) ? "a folder" : "something else",
                     .hint = {}});
  }
  if (error && error != std::errc::no_such_file_or_directory &&
      error != std::errc::not_a_directory) {
    throw LoadError(
        {.path = path.string(), .expected = "a file", .found = error.message(), .hint = {}});
  }
  return {};
}

fs::path FindRequired(const fs::path& path, const std::string& what, const std::string& hint) {
  fs::path found = FindOptional(path);
  if (found.empty()) {
    throw LoadError(
        {.path = path.string(), .expected = what, .found = "no such file", .hint = hint});
  }
  return found;
}

fs::path FindSentenceConfig(const fs::path& root) {
  for (const char* name : kSentenceConfigs) {
    if (fs::path found = FindOptional(root / name); !found.empty()) return found;
  }
  return {};
}

fs::path FindWeights(const fs::path& root) {
  if (fs::path found = FindOptional(root / "model.safetensors"); !found.empty()) return found;
  const fs::path index = root / "model.safetensors.index.json";
  if (fs::path found = FindOptional(index); !found.empty()) return found;
  std::string hint = "the download may be unfinished";
  for (const char* name : kOtherWeights) {
    if (!Exists(root / name)) continue;
    hint = std::string(name) + " is there but is not read; convert it to safetensors";
    break;
  }
  return FindRequired(root / "model.safetensors", "the model's weights", hint);
}

}  // namespace

ModelFiles ModelFiles::FromDirectory(const fs::path& root) {
  std::error_code ignored;
  if (!fs::is_directory(root, ignored)) {
    throw LoadError({.path = root.string(),
                     .expected = "a model's folder",
                     .found = Exists(root) ? "something else" : "no such folder",
                     .hint = "pass the folder that holds config.json"});
  }
  ModelFiles files;
  files.root = root;
  files.config = FindRequired(root / "config.json", "the model's configuration",
                              "is this the folder of a model?");
  files.tokenizer = FindRequired(root / "tokenizer.json", "the tokenizer",
                                 "only tokenizers in this format can be read; transformers writes "
                                 "it with save_pretrained of a fast tokenizer");
  files.weights = FindWeights(root);
  files.modules = FindOptional(root / "modules.json");
  files.pooling = FindOptional(root / "1_Pooling" / "config.json");
  files.sentence_config = FindSentenceConfig(root);
  files.sentence_transformers = FindOptional(root / "config_sentence_transformers.json");
  return files;
}

}  // namespace embd
