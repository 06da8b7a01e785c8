#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace embd {

// Where the parts of a model lie on disk: found and present, not yet read. Optional files are empty
// when the model has none.
struct ModelFiles {
  std::filesystem::path root;
  std::filesystem::path config;           // config.json
  std::filesystem::path tokenizer;        // tokenizer.json
  std::filesystem::path weights;          // model.safetensors, or model.safetensors.index.json
  std::filesystem::path modules;          // modules.json
  std::filesystem::path pooling;          // 1_Pooling/config.json
  std::filesystem::path sentence_config;  // sentence_bert_config.json or one of its kin
  std::filesystem::path sentence_transformers;  // config_sentence_transformers.json

  // Looks into `root`. Throws LoadError naming the first required file that is missing.
  static ModelFiles FromDirectory(const std::filesystem::path& root);
};

}  // namespace embd
