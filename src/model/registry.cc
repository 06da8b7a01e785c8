#include "model/registry.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "model/arch/bert.h"

namespace embd {
namespace {

constexpr std::array kArchitectures = {
    ArchitectureRow{"bert", PositionStart::kZero, MakeBert},
    ArchitectureRow{"camembert", PositionStart::kAfterPaddingId, MakeRoberta},
    ArchitectureRow{"roberta", PositionStart::kAfterPaddingId, MakeRoberta},
    ArchitectureRow{"xlm-roberta", PositionStart::kAfterPaddingId, MakeRoberta},
};

}  // namespace

const ArchitectureRow& FindArchitecture(const JsonValue& model_type) {
  const std::string_view name = model_type.String();
  const auto row =
      std::find_if(kArchitectures.begin(), kArchitectures.end(),
                   [&](const ArchitectureRow& known) { return known.model_type == name; });
  if (row != kArchitectures.end()) return *row;
  const std::vector<std::string> known = KnownModelTypes();
  model_type.Fail(fmt::format("one of {}", fmt::join(known, ", ")), Quoted(name),
                  "this architecture is not supported yet");
}

std::unique_ptr<const Architecture> MakeArchitecture(const ModelSpec& spec) {
  return FindArchitecture(spec.config.root().Get("model_type")).make(spec);
}

std::vector<std::string> KnownModelTypes() {
  std::vector<std::string> names;
  for (const ArchitectureRow& row : kArchitectures) names.emplace_back(row.model_type);
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace embd
