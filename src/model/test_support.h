#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/page_buffer.h"
#include "kernels/backend.h"
#include "model/model.h"
#include "model/model_spec.h"
#include "model/weight_formats.h"
#include "tensor/safetensors.h"

namespace embd::test {

// Tests run in the source folder.
std::filesystem::path GoldenModel(const std::string& name);

// The backends that tests run on this machine: "ref" and the instruction sets by name.
std::vector<std::string> BackendNames();
std::unique_ptr<const Backend> MakeNamedBackend(const std::string& name);
// As a part of a test's name.
std::string Underscored(std::string name);

// Of two lists of one length; NaN if any value is.
float LargestDifference(const std::vector<float>& a, const std::vector<float>& b);

// A folder that goes with the test, filled with a copy of a golden model.
class ModelCopy {
 public:
  explicit ModelCopy(const std::string& golden);
  ~ModelCopy();
  ModelCopy(const ModelCopy&) = delete;
  ModelCopy& operator=(const ModelCopy&) = delete;

  const std::filesystem::path& root() const { return root_; }
  void Write(const std::string& file, const std::string& content) const;
  void Remove(const std::string& file) const;
  // Replaces the first `from` in a file, which must be there.
  void Replace(const std::string& file, const std::string& from, const std::string& to) const;

 private:
  std::filesystem::path root_;
};

// The message of the LoadError that `action` throws; "" when it throws none.
std::string RefusalOf(const std::function<void()>& action);

struct FakeTensor {
  std::string name;
  DType dtype = DType::kF32;
  Shape shape;
};
// A safetensors file whose tensors are all zeros.
void WriteSafetensors(const std::filesystem::path& path, const std::vector<FakeTensor>& tensors);
// Writes 32-bit floats into a tensor of such a file, from its `first` element on.
void OverwriteTensor(const std::filesystem::path& path, const std::string& tensor,
                     std::size_t first, const std::vector<float>& values);

// Everything that start-up makes of a folder, in its order.
struct LoadedModel {
  LoadedModel(const std::filesystem::path& folder, std::unique_ptr<const Backend> backend,
              WeightPrecision precision = WeightPrecision::kFloat32);

  std::unique_ptr<const Backend> backend;
  ModelSpec spec;
  std::unique_ptr<const Architecture> architecture;
  Checkpoint checkpoint;
  WeightMap weights;
  WeightFormats formats;
  EncoderModel model;
};

// A packed batch that owns its numbers.
struct OwnedBatch {
  std::vector<std::uint32_t> ids, type_ids, position_ids, offsets;

  PackedBatch view() const {
    return {.ids = ids, .type_ids = type_ids, .position_ids = position_ids, .offsets = offsets};
  }
  StepLimits limits() const;
  // The batch of one of its sequences.
  OwnedBatch Alone(std::size_t sequence) const;
};

// What transformers computes for one batch with a golden model.
struct Expected {
  OwnedBatch batch;
  std::vector<float> hidden;  // [tokens, hidden]
  std::vector<float> pooled;  // [sequences, hidden]
};
Expected ReadExpected(const std::filesystem::path& folder);

// The outputs of a step, copied without strides.
struct Rows {
  std::vector<float> pooled;
  std::vector<float> tokens;
};
// One step over `batch` in memory of exactly the declared size, by `lanes` threads.
Rows RunStep(const Model& model, const OwnedBatch& batch, int lanes = 1);

}  // namespace embd::test
