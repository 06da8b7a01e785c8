#include "model/labels.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace embd {
namespace {

// Far above any model that exists.
constexpr std::size_t kMaxLabels = std::size_t{1} << 20U;
constexpr std::string_view kHint =
    "transformers leaves out the names of two labels that nobody named: add them to the file";

JsonValue GetTable(const JsonValue& config, std::string_view key) {
  const std::optional<JsonValue> table = config.Find(key);
  if (!table) {
    config.Fail(fmt::format("a member \"{}\", as a classifier has", key), "none",
                std::string(kHint));
  }
  return *table;
}

// The number that the text is, in its one form; nothing for any other text.
std::optional<std::size_t> IndexFrom(std::string_view text) {
  std::size_t index = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, index);
  if (error != std::errc() || stop != end || text != std::to_string(index)) return std::nullopt;
  return index;
}

// Whether each name of label2id is that of its index.
bool Agrees(const JsonValue& label2id, const std::vector<std::string>& labels) {
  const simdjson::dom::object table = label2id.Object();
  return std::all_of(table.begin(), table.end(), [&](const auto& entry) {
    std::int64_t index = 0;
    return entry.value.get_int64().get(index) == simdjson::SUCCESS && index >= 0 &&
           index < static_cast<std::int64_t>(labels.size()) &&
           labels[static_cast<std::size_t>(index)] == entry.key;
  });
}

}  // namespace

std::vector<std::string> ReadLabels(const JsonValue& config, std::vector<std::string>& warnings) {
  const JsonValue table = GetTable(config, "id2label");
  const JsonValue label2id = GetTable(config, "label2id");
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : table.Object()) ++count;
  if (count == 0 || count > kMaxLabels) {
    table.Fail(fmt::format("from 1 to {} labels", kMaxLabels), std::to_string(count));
  }
  std::vector<std::optional<std::string>> names(count);
  for (const auto& [key, element] : table.Object()) {
    const std::optional<std::size_t> index = IndexFrom(key);
    if (!index || *index >= count || names[*index]) {
      table.Fail(
          fmt::format("{} labels, one for each index from 0 to {}", count, count - 1),
          names.size() > index.value_or(count) ? fmt::format("{} twice", *index) : Quoted(key));
    }
    const JsonValue name(element, fmt::format("{}: {}", table.place(), Quoted(key)));
    names[*index] = std::string(name.String());
  }
  std::vector<std::string> labels;
  labels.reserve(count);
  for (std::optional<std::string>& name : names) labels.push_back(*std::move(name));
  if (!Agrees(label2id, labels)) {
    warnings.push_back(
        fmt::format("{}: label2id disagrees with id2label, which is used", config.place()));
  }
  return labels;
}

}  // namespace embd
