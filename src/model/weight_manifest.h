#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kernels/backend.h"
#include "model/encoder.h"
#include "model/weight_map.h"

namespace embd {

// A lookup table [rows, cols] that stays in the mapped file.
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

  std::int64_t stacked_out() const { return out * static_cast<std::int64_t>(parts.size()); }
};

// A layer norm "<name>.weight" and "<name>.bias", in old checkpoints .gamma and .beta.
struct NormSpec {
  std::string name;
  std::int64_t size = 0;
  float epsilon = 0;
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
  // The widest input of a linear layer.
  std::int64_t MaxFeatures() const;
};

}  // namespace embd
