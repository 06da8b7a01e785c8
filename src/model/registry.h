#pragma once

#include <memory>
#include <string>
#include <vector>

#include "model/encoder.h"
#include "model/model_spec.h"

namespace embd {

// The architecture for spec.model_type with its numbers from spec.config. Throws LoadError for an
// unknown model_type (with the list of known ones) and for config values it cannot honour.
std::unique_ptr<const Architecture> MakeArchitecture(const ModelSpec& spec);

// Every model_type that MakeArchitecture knows, sorted.
std::vector<std::string> KnownModelTypes();

}  // namespace embd
