#pragma once

#include <filesystem>

namespace embd {

// Where the parts of a model lie on disk: found and present, not yet read. Optional files are empty
// when the model has none.
struct ModelFiles {
  std::filesystem::path root;
  std::filesystem::path config;           // config.json
  std::filesystem::path tokenizer;        // tokenizer.json
  std::filesystem::path weights;          // model.safetensors, or model.safetensors.index.json
  std::filesystem::path modules;          // optional: modules.json
  std::filesystem::path pooling;          // optional: 1_Pooling/config.json
  std::filesystem::path sentence_config;  // optional: sentence_bert_config.json or one of its kin
  std::filesystem::path sentence_transformers;  // optional: config_sentence_transformers.json

  // Looks into `root`. Throws LoadError naming the first required file that is missing, and for any
  // of the files, optional ones too, that is a folder or a link to nothing: half a download must
  // not pass for a model without that file.
  static ModelFiles FromDirectory(const std::filesystem::path& root);
};

}  // namespace embd
