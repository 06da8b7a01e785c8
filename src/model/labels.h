#pragma once

#include <string>
#include <vector>

#include "json/json_document.h"

namespace embd {

// The names of a classifier's labels by index: "id2label" of config.json. Throws LoadError when an
// index lacks or stands there twice, or "label2id" is not there; that the two disagree is a warning
// only, since nothing but names depends on it.
std::vector<std::string> ReadLabels(const JsonValue& config, std::vector<std::string>& warnings);

}  // namespace embd
