#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/mapped_file.h"
#include "tensor/tensor_view.h"

namespace embd {

// One tensor as a safetensors header describes it; the offsets count from the start of the file.
struct TensorEntry {
  std::string name;
  DType dtype = DType::kF32;
  Shape shape;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

// Reads and checks the header of a safetensors file (https://github.com/huggingface/safetensors,
// "Format"): `file` is the whole file. The result is sorted by begin. Touches no tensor data.
// Throws LoadError, naming `origin` and the tensor, for: a file shorter than its header says, a
// header over 100 MB or that is not JSON, unknown dtypes, negative or overflowing shapes, more than
// four dimensions, names that appear twice, offsets that leave the file, overlap, leave gaps or
// disagree with shape and dtype.
std::vector<TensorEntry> ParseSafetensorsHeader(std::string_view file, const std::string& origin);

// The weights of a model: one safetensors file, or the shards that an index names. Opening maps the
// files and reads their headers only. Owns the mappings; const access is safe from any thread.
class Checkpoint {
 public:
  // `path` is model.safetensors, or model.safetensors.index.json with its shards beside it. Of
  // sharded weights exactly the tensors that the index lists are taken. An index that names a shard
  // other than by a plain file name, or a tensor that the shard lacks, is refused; the files
  // themselves may be symbolic links, as they are in the hub's cache.
  static Checkpoint Open(const std::filesystem::path& path);

  // Nothing when there is no tensor of that name.
  const TensorView* Find(std::string_view name) const;
  // All tensors by name.
  const std::map<std::string, TensorView, std::less<>>& tensors() const { return tensors_; }
  // Where the weights came from, for messages.
  const std::string& origin() const { return origin_; }
  std::uint64_t file_bytes() const;

  // Makes a tensor's pages resident, or gives them back when its packed form has taken over.
  void Prefault(const TensorView& tensor) const;
  void Release(const TensorView& tensor) const;

 private:
  Checkpoint() = default;
  void OpenSingle(const std::filesystem::path& path);
  void OpenSharded(const std::filesystem::path& index_path);
  const MappedFile& FileOf(const TensorView& tensor) const;

  std::string origin_;
  std::vector<MappedFile> files_;
  std::map<std::string, TensorView, std::less<>> tensors_;
};

}  // namespace embd
