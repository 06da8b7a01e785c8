#include "model/weight_map.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <set>

#include "base/load_error.h"
#include "json/json_document.h"
#include "tensor/convert.h"

namespace embd {
namespace {

constexpr std::size_t kMaxNamed = 8;

struct Found {
  std::string name;  // as the checkpoint has it
  TensorView view;
};

std::optional<Found> FindTensor(const Checkpoint& checkpoint, const std::string& prefix,
                                const TensorRule& rule) {
  std::vector<std::string> spellings = {rule.name};
  spellings.insert(spellings.end(), rule.aliases.begin(), rule.aliases.end());
  for (const std::string& spelling : spellings) {
    const std::string name = prefix + spelling;
    if (const TensorView* view = checkpoint.Find(name)) return Found{name, *view};
    if (rule.place == TensorPlace::kUnderPrefix) continue;
    if (const TensorView* view = checkpoint.Find(spelling)) return Found{spelling, *view};
  }
  return std::nullopt;
}

std::string Missing(const TensorRule& rule, const std::string& prefix) {
  return "no " + (rule.place == TensorPlace::kAnywhere ? rule.name : prefix + rule.name);
}

// Optional tensors that lack while others of their group are there.
std::vector<std::string> HalfGroups(const std::vector<TensorRule>& rules, const std::string& prefix,
                                    const std::map<std::string, TensorView, std::less<>>& tensors) {
  std::set<std::string_view> present;
  for (const TensorRule& rule : rules) {
    if (!rule.group.empty() && tensors.at(rule.name).data != nullptr) present.insert(rule.group);
  }
  std::vector<std::string> problems;
  for (const TensorRule& rule : rules) {
    if (rule.group.empty() || tensors.at(rule.name).data != nullptr) continue;
    if (present.contains(rule.group)) problems.push_back(Missing(rule, prefix));
  }
  return problems;
}

std::string ChoosePrefix(const Checkpoint& checkpoint, const TensorRule& first,
                         const std::vector<std::string>& prefixes) {
  const auto holds = [&](const std::string& prefix) {
    return FindTensor(checkpoint, prefix, first).has_value();
  };
  const auto prefix = std::find_if(prefixes.begin(), prefixes.end(), holds);
  return prefix == prefixes.end() ? prefixes.front() : *prefix;
}

bool Matches(std::string_view pattern, std::string_view name) {
  if (!pattern.ends_with('*')) return name == pattern;
  return name.starts_with(pattern.substr(0, pattern.size() - 1));
}

bool IsIgnored(std::string_view name, std::string_view prefix,
               const std::vector<TensorRule>& rules) {
  const std::string_view bare = name.starts_with(prefix) ? name.substr(prefix.size()) : name;
  return std::any_of(rules.begin(), rules.end(), [&](const TensorRule& rule) {
    return rule.use == TensorUse::kIgnored &&
           (Matches(rule.name, bare) || Matches(rule.name, name));
  });
}

// What is wrong with the tensor; empty when nothing is.
std::string ProblemWith(const Found& found, const TensorRule& rule) {
  if (found.view.shape != rule.shape) {
    return fmt::format("{} of shape {} instead of {}", found.name, found.view.shape.ToString(),
                       rule.shape.ToString());
  }
  if (!IsFloatWeight(found.view.dtype)) {
    return fmt::format("{} of type {} instead of F32, F16 or BF16", found.name,
                       SafetensorsName(found.view.dtype));
  }
  return {};
}

// The first few, and how many more there are.
std::string JoinSome(const std::vector<std::string>& items) {
  const std::size_t named = std::min(items.size(), kMaxNamed);
  std::string text = fmt::format("{}", fmt::join(items.begin(), items.begin() + named, ", "));
  if (items.size() > named) text += fmt::format(" and {} more", items.size() - named);
  return text;
}

[[noreturn]] void FailWith(const std::vector<std::string>& problems, const std::string& origin) {
  throw LoadError({.path = origin,
                   .expected = "the tensors of the model that config.json describes",
                   .found = JoinSome(problems),
                   .hint = "the weights may be those of another model"});
}

}  // namespace

WeightMap WeightMap::Resolve(const Checkpoint& checkpoint, const std::vector<TensorRule>& rules,
                             const std::vector<std::string>& prefixes) {
  const std::string prefix = ChoosePrefix(checkpoint, rules.front(), prefixes);
  WeightMap map;
  std::set<std::string, std::less<>> taken;
  std::vector<std::string> problems;
  for (const TensorRule& rule : rules) {
    if (rule.use == TensorUse::kIgnored) continue;
    const std::optional<Found> found = FindTensor(checkpoint, prefix, rule);
    if (!found && rule.use == TensorUse::kRequired) {
      problems.push_back(Missing(rule, prefix));
      continue;
    }
    map.tensors_.emplace(rule.name, found ? found->view : TensorView{});
    if (!found) continue;
    taken.insert(found->name);
    if (std::string problem = ProblemWith(*found, rule); !problem.empty()) {
      problems.push_back(std::move(problem));
    }
  }
  for (std::string& problem : HalfGroups(rules, prefix, map.tensors_)) {
    problems.push_back(std::move(problem));
  }
  if (!problems.empty()) FailWith(problems, checkpoint.origin());
  for (const auto& [name, view] : checkpoint.tensors()) {
    if (taken.contains(name) || IsIgnored(name, prefix, rules)) continue;
    map.unused_.push_back(fmt::format("{} {}", Quoted(name), view.shape.ToString()));
  }
  return map;
}

TensorView WeightMap::Get(std::string_view name) const {
  const auto found = tensors_.find(name);
  if (found == tensors_.end()) std::abort();  // the table of tensors lacks a row
  return found->second;
}

std::string WeightMap::UnusedWarning() const {
  if (unused_.empty()) return {};
  return fmt::format("{} tensors of the checkpoint are not used by this model: {}", unused_.size(),
                     JoinSome(unused_));
}

}  // namespace embd
