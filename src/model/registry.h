#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "model/encoder.h"
#include "model/model_spec.h"

namespace embd {

enum class PositionStart : std::uint8_t { kZero, kAfterPaddingId };

// What is known of a model_type: one row of the table in registry.cc.
struct ArchitectureRow {
  std::string_view model_type;
  PositionStart position_start = PositionStart::kZero;
  std::unique_ptr<const Architecture> (*make)(const ModelSpec& spec) = nullptr;
};

// The row for config.json's "model_type". Throws LoadError, with the list of known ones, when there
// is none.
const ArchitectureRow& FindArchitecture(const JsonValue& model_type);

// The architecture for spec.model_type with its numbers from spec.config. Throws LoadError for
// config values that it cannot honour.
std::unique_ptr<const Architecture> MakeArchitecture(const ModelSpec& spec);

// Every model_type that MakeArchitecture knows, sorted.
std::vector<std::string> KnownModelTypes();

}  // namespace embd
