#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "model/layers/step.h"

namespace embd {

class WeightLoader;
struct WeightManifest;

// What comes after the transformer: the last hidden states of a step become one row a sequence.
// Immutable, shared by all threads.
class ModelHead {
 public:
  virtual ~ModelHead() = default;

  // hidden [tokens, hidden] -> [sequences, output_size], placed in step.activations. Called by
  // every lane of the step. Does not allocate.
  virtual MatrixView Run(const Step& step, ConstMatrixView hidden) const = 0;
};

// A head with its numbers: it knows its tensors and sizes before any weight is read.
class HeadSpec {
 public:
  virtual ~HeadSpec() = default;

  // Floats of one row.
  virtual std::int64_t output_size() const = 0;
  virtual void AddTo(WeightManifest& manifest) const = 0;
  // Of the arena, while Run runs, its result included.
  virtual std::size_t ActivationBytes(const StepLimits& limits) const = 0;
  virtual std::unique_ptr<const ModelHead> Load(const WeightLoader& loader) const = 0;
};

}  // namespace embd
