#pragma once

#include "json/json_document.h"
#include "kernels/options.h"

namespace embd {

// The activation that a config names the way transformers does. Throws LoadError, with the list of
// those known, for any other name.
Activation ReadActivation(const JsonValue& name);

}  // namespace embd
