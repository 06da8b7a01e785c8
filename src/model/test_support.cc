#include "model/test_support.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <barrier>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <sstream>
#include <thread>

#include "base/load_error.h"
#include "kernels/cpu/cpu_backend.h"
#include "kernels/ref/ref_backend.h"
#include "model/registry.h"

namespace embd::test {
namespace fs = std::filesystem;

fs::path GoldenModel(const std::string& name) { return fs::path("tests/golden/model") / name; }

std::vector<std::string> BackendNames() {
  std::vector<std::string> names = {"ref"};
  for (const CpuIsa isa : SupportedCpuIsas()) names.emplace_back(CpuIsaName(isa));
  return names;
}

std::unique_ptr<const Backend> MakeNamedBackend(const std::string& name) {
  if (name == "ref") return MakeRefBackend();
  return MakeCpuBackend(*CpuIsaFromName(name));
}

std::string Underscored(std::string name) {
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

float LargestDifference(const std::vector<float>& a, const std::vector<float>& b) {
  EXPECT_EQ(a.size(), b.size());
  float largest = 0;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    const float difference = std::abs(a[i] - b[i]);
    if (!(difference <= largest)) largest = difference;  // a NaN stays
  }
  return largest;
}

ModelCopy::ModelCopy(const std::string& golden) {
  std::string name = ::testing::TempDir() + "embd_model_XXXXXX";
  if (mkdtemp(name.data()) == nullptr) std::abort();
  root_ = name;
  fs::copy(GoldenModel(golden), root_, fs::copy_options::recursive);
}

ModelCopy::~ModelCopy() { fs::remove_all(root_); }

void ModelCopy::Write(const std::string& file, const std::string& content) const {
  fs::create_directories((root_ / file).parent_path());
  std::ofstream(root_ / file, std::ios::binary) << content;
}

void ModelCopy::Remove(const std::string& file) const {
  ASSERT_GT(fs::remove_all(root_ / file), 0U) << file;
}

void ModelCopy::Replace(const std::string& file, const std::string& from,
                        const std::string& to) const {
  std::ostringstream content;
  content << std::ifstream(root_ / file, std::ios::binary).rdbuf();
  std::string text = content.str();
  const std::size_t at = text.find(from);
  ASSERT_NE(at, std::string::npos) << from << " in " << file;
  Write(file, text.replace(at, from.size(), to));
}

std::string RefusalOf(const std::function<void()>& action) {
  try {
    action();
  } catch (const LoadError& error) {
    return error.what();
  }
  return "";
}

void WriteSafetensors(const fs::path& path, const std::vector<FakeTensor>& tensors) {
  std::string header = "{";
  std::size_t size = 0;
  for (const FakeTensor& tensor : tensors) {
    const std::size_t end =
        size + static_cast<std::size_t>(tensor.shape.elements()) * SizeOf(tensor.dtype);
    header += (size == 0 ? "\"" : ",\"") + tensor.name + "\":{\"dtype\":\"" +
              std::string(SafetensorsName(tensor.dtype)) +
              "\",\"shape\":" + tensor.shape.ToString() + ",\"data_offsets\":[" +
              std::to_string(size) + "," + std::to_string(end) + "]}";
    size = end;
  }
  header += '}';
  std::ofstream file(path, std::ios::binary);
  for (int byte = 0; byte < 8; ++byte) {
    file.put(static_cast<char>(std::uint64_t{header.size()} >> (8 * byte)));
  }
  file << header << std::string(size, '\0');
}

void OverwriteTensor(const fs::path& path, const std::string& tensor, std::size_t first,
                     const std::vector<float>& values) {
  std::ostringstream content;
  content << std::ifstream(path, std::ios::binary).rdbuf();
  for (const TensorEntry& entry : ParseSafetensorsHeader(content.str(), path.string())) {
    if (entry.name != tensor) continue;
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(entry.begin + first * sizeof(float)));
    file.write(reinterpret_cast<const char*>(values.data()),
               static_cast<std::streamsize>(values.size() * sizeof(float)));
    return;
  }
  FAIL() << tensor;
}

LoadedModel::LoadedModel(const fs::path& folder, std::unique_ptr<const Backend> backend_in,
                         WeightPrecision precision)
    : backend(std::move(backend_in)),
      spec(ReadModelSpec(ModelFiles::FromDirectory(folder), {})),
      architecture(MakeArchitecture(spec)),
      checkpoint(Checkpoint::Open(spec.files.weights)),
      weights(WeightMap::Resolve(checkpoint, architecture->Tensors(), architecture->Prefixes())),
      formats(WeightFormats::Choose(architecture->manifest(), weights, checkpoint, precision)),
      model({.architecture = *architecture,
             .backend = *backend,
             .network = architecture->Load(weights, checkpoint, *backend, formats)}) {}

StepLimits OwnedBatch::limits() const {
  StepLimits limits;
  limits.max_tokens = static_cast<std::int64_t>(ids.size());
  limits.max_sequences = static_cast<std::int64_t>(offsets.size()) - 1;
  for (std::size_t i = 0; i + 1 < offsets.size(); ++i) {
    limits.max_sequence_tokens =
        std::max<std::int64_t>(limits.max_sequence_tokens, offsets[i + 1] - offsets[i]);
  }
  return limits;
}

OwnedBatch OwnedBatch::Alone(std::size_t sequence) const {
  const auto cut = [&](const std::vector<std::uint32_t>& all) {
    return std::vector<std::uint32_t>(all.begin() + offsets[sequence],
                                      all.begin() + offsets[sequence + 1]);
  };
  return {.ids = cut(ids),
          .type_ids = cut(type_ids),
          .position_ids = cut(position_ids),
          .offsets = {0, offsets[sequence + 1] - offsets[sequence]}};
}

namespace {

template <typename T>
std::vector<T> Values(const Checkpoint& file, std::string_view name) {
  const TensorView* tensor = file.Find(name);
  if (tensor == nullptr || SizeOf(tensor->dtype) != sizeof(T)) std::abort();
  std::vector<T> values(static_cast<std::size_t>(tensor->shape.elements()));
  std::memcpy(values.data(), tensor->data, tensor->bytes());
  return values;
}

std::vector<float> Dense(ConstMatrixView matrix) {
  std::vector<float> values;
  for (std::int64_t row = 0; row < matrix.rows; ++row) {
    values.insert(values.end(), matrix.row(row), matrix.row(row) + matrix.cols);
  }
  return values;
}

}  // namespace

Expected ReadExpected(const fs::path& folder) {
  const Checkpoint file = Checkpoint::Open(folder / "expected.safetensors");
  Expected expected;
  expected.batch.ids = Values<std::uint32_t>(file, "ids");
  expected.batch.type_ids = Values<std::uint32_t>(file, "type_ids");
  expected.batch.offsets = Values<std::uint32_t>(file, "offsets");
  const std::vector<std::uint32_t>& offsets = expected.batch.offsets;
  for (std::size_t i = 0; i + 1 < offsets.size(); ++i) {
    for (std::uint32_t at = 0; at < offsets[i + 1] - offsets[i]; ++at) {
      expected.batch.position_ids.push_back(at);
    }
  }
  expected.hidden = Values<float>(file, "hidden");
  expected.pooled = Values<float>(file, "pooled");
  return expected;
}

Rows RunStep(const Model& model, const OwnedBatch& batch, int lanes) {
  const StepLimits limits = batch.limits();
  const PageBuffer activations(model.ActivationBytes(limits));
  std::barrier<> barrier(lanes);
  Rows rows;
  const auto run = [&](int index) {
    const PageBuffer scratch_memory(model.ScratchBytes(limits));
    Arena scratch(scratch_memory.bytes());
    Arena arena(activations.bytes());
    const Lane lane{.index = index,
                    .count = lanes,
                    .barrier = lanes > 1 ? &barrier : nullptr,
                    .scratch = &scratch};
    const Model::Outputs outputs = model.Run(batch.view(), arena, lane);
    if (index == 0) rows = {.pooled = Dense(outputs.pooled), .tokens = Dense(outputs.tokens)};
  };
  std::vector<std::jthread> others;
  for (int index = 1; index < lanes; ++index) others.emplace_back(run, index);
  run(0);
  return rows;
}

}  // namespace embd::test
