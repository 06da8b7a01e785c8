#include "model/weight_manifest.h"

#include <algorithm>

#include "model/weight_formats.h"

namespace embd {

std::vector<TensorRule> WeightManifest::Rules() const {
  std::vector<TensorRule> rules;
  const auto add = [&](std::string name, Shape shape, std::vector<std::string> aliases = {}) {
    rules.push_back({.name = std::move(name),
                     .shape = shape,
                     .use = TensorUse::kRequired,
                     .aliases = std::move(aliases)});
  };
  for (const TableSpec& table : tables) add(table.name, {table.rows, table.cols});
  for (const LinearSpec& linear : linears) {
    for (const std::string& part : linear.parts) {
      add(part + ".weight", {linear.out, linear.in});
      add(part + ".bias", {linear.out});
    }
  }
  for (const NormSpec& norm : norms) {
    add(norm.name + ".weight", {norm.size}, {norm.name + ".gamma"});
    add(norm.name + ".bias", {norm.size}, {norm.name + ".beta"});
  }
  for (const std::string& pattern : ignored) {
    rules.push_back({.name = pattern, .shape = {}, .use = TensorUse::kIgnored, .aliases = {}});
  }
  return rules;
}

WeightFootprint WeightManifest::Footprint(const WeightMap& weights, const Backend& backend,
                                          const WeightFormats& formats) const {
  WeightFootprint footprint;
  for (const TableSpec& table : tables) footprint.mapped_bytes += weights.Get(table.name).bytes();
  for (const LinearSpec& linear : linears) {
    footprint.prepared_bytes +=
        backend.PreparedBytes(linear.stacked_out(), linear.in, formats.Of(linear));
  }
  for (const NormSpec& norm : norms) {
    footprint.prepared_bytes += 2 * static_cast<std::size_t>(norm.size) * sizeof(float);
  }
  return footprint;
}

std::int64_t WeightManifest::MaxFeatures() const {
  std::int64_t widest = 0;
  for (const LinearSpec& linear : linears) {
    widest = std::max(widest, linear.in);
  }
  return widest;
}

}  // namespace embd
