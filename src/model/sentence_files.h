#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "kernels/options.h"

namespace embd {

// The files that Sentence Transformers lays beside a transformer, in the forms of its releases 2 to
// 6. An empty path stands for a file that the model does not have. Each throws LoadError naming the
// place for anything malformed or not supported.

// modules.json: what follows the transformer. Pooling and normalization are known; a module that
// would change the embeddings and cannot be computed here is refused.
void CheckModules(const std::filesystem::path& modules_json);

// modules.json: whether the model is a sparse encoder, pooled as Pooling::kSplade says. Refuses one
// that is pooled otherwise.
bool HasSpladePooling(const std::filesystem::path& modules_json);

// 1_Pooling/config.json: of several modes the first of cls, mean, last token, with a warning.
// Nothing when there is no such file.
std::optional<Pooling> ReadPooling(const std::filesystem::path& pooling_json,
                                   std::vector<std::string>& warnings);

// sentence_bert_config.json: the longest input in tokens. Nothing when there is no such file or it
// leaves the length to the transformer.
std::optional<std::int64_t> ReadMaxSequenceLength(const std::filesystem::path& sentence_json);

// config_sentence_transformers.json: texts to put before an input, by name; empty ones count.
std::map<std::string, std::string, std::less<>> ReadPrompts(
    const std::filesystem::path& sentence_transformers_json);

}  // namespace embd
