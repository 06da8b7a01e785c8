#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/backend.h"
#include "model/weight_manifest.h"
#include "model/weight_map.h"

namespace embd {

// What the operator asks for: how weights are kept. Norms stay as they are, and everything but a
// product of integers is computed in 32-bit floats.
enum class WeightPrecision : std::uint8_t {
  kFloat32,  // exact: 16-bit floats of a checkpoint stay so
  kFloat16,
  kBFloat16,
  kInt8,  // linear layers; embedding tables are 16-bit floats
};

// "float32", "float16", "bfloat16", "int8".
std::string_view WeightPrecisionName(WeightPrecision precision);

// The format of each linear layer and embedding table. For integers a layer's loss is estimated
// beforehand from its weights and from the norm that feeds it, and a layer whose loss is out of
// line stays as kFloat32 would have it. So does a table with a value beyond the 16-bit type's.
class WeightFormats {
 public:
  // But for kFloat32 reads weights, and gives the pages of layers back.
  static WeightFormats Choose(const WeightManifest& manifest, const WeightMap& weights,
                              const Checkpoint& checkpoint, WeightPrecision precision);

  // Of a layer of the manifest.
  WeightFormat Of(const LinearSpec& linear) const;
  // Of a table of the manifest: the checkpoint's type, or what it is converted to.
  DType Of(const TableSpec& table) const;
  // For the start log: each layer that an int8 model keeps in floats, with its estimated loss.
  const std::vector<std::string>& kept() const { return kept_; }

 private:
  void ChooseLinears(const WeightManifest& manifest, const WeightMap& weights,
                     const Checkpoint& checkpoint, WeightPrecision precision);
  void ChooseTables(const WeightManifest& manifest, const WeightMap& weights,
                    const Checkpoint& checkpoint, WeightPrecision precision);

  std::map<std::string, WeightFormat, std::less<>> formats_;  // by the name of the first part
  std::map<std::string, DType, std::less<>> tables_;
  std::vector<std::string> kept_;
};

// The estimate: the size of what rounding adds to the layer's outputs, relative to theirs. Inputs
// are taken as independent, those after a norm as of mean beta and deviation gamma.
double EstimateInt8Loss(const LinearSpec& linear, const WeightMap& weights);

}  // namespace embd
