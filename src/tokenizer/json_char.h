#pragma once

#include "json/json_document.h"

namespace embd {

// The character of a JSON string of exactly one; throws LoadError for any other value.
char32_t CharFromJson(const JsonValue& json);

}  // namespace embd
