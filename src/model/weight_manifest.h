#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kernels/backend.h"
#include "model/encoder.h"
#include "model/weight_map.h"

namespace embd {

// A lookup table [rows, cols], used in the mapped file unless it is kept in narrower floats.
struct TableSpec {
  std::string name;
  std::int64_t rows = 0;
  std::int64_t cols = 0;
};

class WeightFormats;

// Linear layers "<part>.weight" [out, in] and "<part>.bias" [out], stacked along `out` into one
// product when there are several parts.
struct LinearSpec {
  std::vector<std::string> parts;
  std::int64_t out = 0;  // of each part
  std::int64_t in = 0;
  std::string input_norm;  // the norm whose result is this layer's input; empty: none
  // The rest is for heads.
  TensorUse use = TensorUse::kRequired;  // an optional layer may be absent as a whole
  TensorPlace place = TensorPlace::kUnderPrefix;
  std::vector<std::string> bias_names = {};  // other names of the bias
  // The table whose rows are the weights if the checkpoint has none of its own. It stays mapped
  // for its other use; the layer has a prepared copy.
  std::string tied_table = {};
  // Prepared in pieces of so many outputs, each a product of its own; 0: as one. For one part.
  std::int64_t piece = 0;
  bool may_be_int8 = true;

  std::int64_t stacked_out() const { return out * static_cast<std::int64_t>(parts.size()); }
};

// A layer norm "<name>.weight" and "<name>.bias", in old checkpoints .gamma and .beta.
struct NormSpec {
  std::string name;
  std::int64_t size = 0;
  float epsilon = 0;
  TensorPlace place = TensorPlace::kUnderPrefix;
};

// All tensors of a model. From this one list come the rules that a checkpoint is checked against,
// the memory that the weights will take, and the scratch of the widest product.
struct WeightManifest {
  std::vector<TableSpec> tables;  // the first one tells which prefix a checkpoint uses
  std::vector<LinearSpec> linears;
  std::vector<NormSpec> norms;
  std::vector<std::string> ignored;  // as in TensorRule

  std::vector<TensorRule> Rules() const;
  WeightFootprint Footprint(const WeightMap& weights, const Backend& backend,
                            const WeightFormats& formats) const;
  // Whether the checkpoint has the layer: it must have those that are not optional.
  static bool Has(const LinearSpec& linear, const WeightMap& weights);
  // The widest input of a linear layer.
  std::int64_t MaxFeatures() const;
};

}  // namespace embd
