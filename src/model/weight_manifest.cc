#include "model/weight_manifest.h"

#include <algorithm>

#include "base/page_buffer.h"
#include "model/weight_formats.h"

namespace embd {

namespace {

void AddLinear(const LinearSpec& linear, const std::string& part, std::vector<TensorRule>& rules) {
  TensorRule weight = {.name = part + ".weight",
                       .shape = {linear.out, linear.in},
                       .use = linear.use,
                       .aliases = {},
                       .place = linear.place};
  TensorRule bias = {.name = part + ".bias",
                     .shape = {linear.out},
                     .use = linear.use,
                     .aliases = linear.bias_names,
                     .place = linear.place};
  if (linear.use == TensorUse::kOptional) weight.group = bias.group = part;
  if (!linear.tied_table.empty()) weight.aliases.push_back(linear.tied_table);
  rules.push_back(std::move(weight));
  rules.push_back(std::move(bias));
}

std::size_t PreparedBytes(const LinearSpec& linear, const Backend& backend, WeightFormat format) {
  const std::int64_t out = linear.stacked_out();
  const std::int64_t piece = linear.piece == 0 ? out : linear.piece;
  std::size_t bytes = 0;
  for (std::int64_t first = 0; first < out; first += piece) {
    bytes += backend.PreparedBytes(std::min(piece, out - first), linear.in, format);
  }
  return bytes;
}

}  // namespace

bool WeightManifest::Has(const LinearSpec& linear, const WeightMap& weights) {
  return weights.Get(linear.parts.front() + ".weight").data != nullptr;
}

std::vector<TensorRule> WeightManifest::Rules() const {
  std::vector<TensorRule> rules;
  const auto add = [&](std::string name, Shape shape, TensorPlace place,
                       std::vector<std::string> aliases) {
    rules.push_back({.name = std::move(name),
                     .shape = shape,
                     .use = TensorUse::kRequired,
                     .aliases = std::move(aliases),
                     .place = place});
  };
  for (const TableSpec& table : tables) {
    add(table.name, {table.rows, table.cols}, TensorPlace::kUnderPrefix, {});
  }
  for (const LinearSpec& linear : linears) {
    for (const std::string& part : linear.parts) AddLinear(linear, part, rules);
  }
  for (const NormSpec& norm : norms) {
    add(norm.name + ".weight", {norm.size}, norm.place, {norm.name + ".gamma"});
    add(norm.name + ".bias", {norm.size}, norm.place, {norm.name + ".beta"});
  }
  for (const std::string& pattern : ignored) {
    rules.push_back({.name = pattern, .shape = {}, .use = TensorUse::kIgnored, .aliases = {}});
  }
  return rules;
}

WeightFootprint WeightManifest::Footprint(const WeightMap& weights, const Backend& backend,
                                          const WeightFormats& formats) const {
  WeightFootprint footprint;
  for (const TableSpec& spec : tables) {
    TensorView table = weights.Get(spec.name);
    if (formats.Of(spec) == table.dtype) {
      footprint.mapped_bytes += table.bytes();
      continue;
    }
    table.dtype = formats.Of(spec);
    footprint.copied_bytes += PageBuffer::ResidentBytes(table.bytes());
  }
  for (const LinearSpec& linear : linears) {
    if (!Has(linear, weights)) continue;
    footprint.prepared_bytes += PreparedBytes(linear, backend, formats.Of(linear));
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
