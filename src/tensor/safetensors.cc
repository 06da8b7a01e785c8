#include "tensor/safetensors.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <set>
#include <utility>

#include "base/load_error.h"
#include "json/json_document.h"

namespace embd {
namespace {

constexpr std::uint64_t kLengthBytes = 8;
constexpr std::uint64_t kMaxHeaderBytes = 100'000'000;
constexpr std::size_t kMaxIndexBytes = 100'000'000;

[[noreturn]] void Fail(std::string place, std::string expected, std::string found,
                       std::string hint = {}) {
  throw LoadError({.path = std::move(place),
                   .expected = std::move(expected),
                   .found = std::move(found),
                   .hint = std::move(hint)});
}

// The JSON text between the length and the data.
std::string_view HeaderText(std::string_view file, const std::string& origin) {
  if (file.size() < kLengthBytes) {
    Fail(origin, "a safetensors file", fmt::format("{} bytes", file.size()),
         "the file may be an unfinished download");
  }
  std::uint64_t length = 0;
  for (std::size_t i = 0; i < kLengthBytes; ++i) {
    length |= std::uint64_t{static_cast<unsigned char>(file[i])} << (8 * i);
  }
  if (length > kMaxHeaderBytes) {
    Fail(origin, fmt::format("a safetensors header of at most {} bytes", kMaxHeaderBytes),
         fmt::format("a length of {}", length), "the file may be something else");
  }
  if (length > file.size() - kLengthBytes) {
    Fail(origin, fmt::format("a header of {} bytes", length),
         fmt::format("a file of {} bytes", file.size()), "the file may be an unfinished download");
  }
  return file.substr(kLengthBytes, length);
}

DType ReadDType(const JsonValue& tensor) {
  const JsonValue value = tensor.Get("dtype");
  const std::optional<DType> dtype = DTypeFromSafetensors(value.String());
  if (!dtype) value.Fail("a safetensors dtype", Printable(value.String()));
  return *dtype;
}

// The shape, whose size in bytes is known not to overflow when this returns.
Shape ReadShape(const JsonValue& tensor, DType dtype) {
  const JsonValue value = tensor.Get("shape");
  const std::vector<JsonValue> dims = value.Array();
  if (dims.size() > std::size_t{Shape::kMaxRank}) {
    value.Fail(fmt::format("at most {} dimensions", Shape::kMaxRank),
               fmt::format("{}", dims.size()));
  }
  Shape shape;
  std::int64_t bytes = static_cast<std::int64_t>(SizeOf(dtype));
  for (const JsonValue& dim : dims) {
    const std::int64_t extent = dim.Integer(0, INT64_MAX);
    if (__builtin_mul_overflow(bytes, extent, &bytes)) {
      value.Fail("a tensor that fits the address space", "a product of dimensions beyond it");
    }
    shape.Append(extent);
  }
  return shape;
}

TensorEntry ReadEntry(std::string_view name, const JsonValue& tensor, std::uint64_t data_begin,
                      std::uint64_t data_bytes) {
  const DType dtype = ReadDType(tensor);
  const Shape shape = ReadShape(tensor, dtype);
  const JsonValue offsets = tensor.Get("data_offsets");
  const std::vector<JsonValue> bounds = offsets.Array();
  if (bounds.size() != 2) offsets.Fail("two offsets", fmt::format("{}", bounds.size()));
  const auto limit = static_cast<std::int64_t>(data_bytes);
  const std::int64_t begin = bounds[0].Integer(0, limit);
  const std::int64_t end = bounds[1].Integer(begin, limit);
  const std::int64_t needed = shape.elements() * static_cast<std::int64_t>(SizeOf(dtype));
  if (end - begin != needed) {
    offsets.Fail(
        fmt::format("{} bytes for {} of {}", needed, shape.ToString(), SafetensorsName(dtype)),
        fmt::format("{}", end - begin));
  }
  return {.name = std::string(name),
          .dtype = dtype,
          .shape = shape,
          .begin = data_begin + static_cast<std::uint64_t>(begin),
          .end = data_begin + static_cast<std::uint64_t>(end)};
}

void RefuseDuplicateNames(const std::vector<TensorEntry>& entries, const std::string& origin) {
  std::set<std::string_view> names;
  for (const TensorEntry& entry : entries) {
    if (!names.insert(entry.name).second) {
      Fail(fmt::format("{}: {}", origin, Printable(entry.name)), "one tensor of that name", "two");
    }
  }
}

// The data must be the tensors end to end and nothing else. A gap could hide bytes that no reader
// checks, and an overlap is never what a writer meant.
void RefuseGapsAndOverlaps(const std::vector<TensorEntry>& sorted, std::uint64_t data_begin,
                           std::uint64_t file_bytes, const std::string& origin) {
  std::uint64_t expected = data_begin;
  for (const TensorEntry& entry : sorted) {
    if (entry.begin != expected) {
      Fail(fmt::format("{}: {}", origin, Printable(entry.name)),
           fmt::format("data from byte {} on", expected - data_begin),
           fmt::format("byte {}", entry.begin - data_begin),
           entry.begin < expected ? "tensors overlap" : "there is a gap between tensors");
    }
    expected = entry.end;
  }
  if (expected != file_bytes) {
    Fail(origin, fmt::format("{} bytes of tensor data", expected - data_begin),
         fmt::format("{}", file_bytes - data_begin), "the file goes on after the last tensor");
  }
}

}  // namespace

std::vector<TensorEntry> ParseSafetensorsHeader(std::string_view file, const std::string& origin) {
  const std::string_view header = HeaderText(file, origin);
  const std::uint64_t data_begin = kLengthBytes + header.size();
  const JsonDocument document = JsonDocument::Parse(header, origin);
  std::vector<TensorEntry> entries;
  for (const auto& [name, element] : document.root().Object()) {
    const JsonValue value(element, fmt::format("{}: {}", origin, Printable(name)));
    if (name == "__metadata__") {
      value.Object();  // free text about the file, of no use here
      continue;
    }
    entries.push_back(ReadEntry(name, value, data_begin, file.size() - data_begin));
  }
  RefuseDuplicateNames(entries, origin);
  // By end as well, so that an empty tensor stands before the one that begins at the same byte.
  std::sort(entries.begin(), entries.end(), [](const TensorEntry& a, const TensorEntry& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  RefuseGapsAndOverlaps(entries, data_begin, file.size(), origin);
  return entries;
}

Checkpoint Checkpoint::Open(const std::filesystem::path& path) {
  Checkpoint checkpoint;
  checkpoint.origin_ = path.string();
  if (path.extension() == ".json") {
    checkpoint.OpenSharded(path);
  } else {
    checkpoint.OpenSingle(path);
  }
  return checkpoint;
}

namespace {

TensorView ViewOf(const MappedFile& file, const TensorEntry& entry) {
  return {.data = file.bytes().data() + entry.begin, .dtype = entry.dtype, .shape = entry.shape};
}

// A shard is named by a plain file name. Anything that could lead elsewhere (a folder, which may be
// a link; "..") is refused, so that a hostile index cannot have other files read and reported on.
void RefuseForeignPath(const JsonValue& shard) {
  const std::string_view name = shard.String();
  if (name.empty() || name == "." || name == ".." ||
      name.find_first_of(std::string_view("/\\\0", 3)) != std::string_view::npos) {
    shard.Fail("the name of a file beside the index", fmt::format("\"{}\"", Printable(name)));
  }
}

// Which tensors the index wants from which shard.
std::map<std::string, std::set<std::string, std::less<>>> ReadIndex(const JsonDocument& document) {
  const JsonValue weight_map = document.root().Get("weight_map");
  std::map<std::string, std::set<std::string, std::less<>>> shards;
  std::set<std::string_view> names;
  for (const auto& [name, element] : weight_map.Object()) {
    const JsonValue shard(element, fmt::format("{}: {}", weight_map.place(), Printable(name)));
    RefuseForeignPath(shard);
    if (!names.insert(name).second) shard.Fail("one shard for this tensor", "two");
    shards[std::string(shard.String())].emplace(name);
  }
  if (shards.empty()) weight_map.Fail("at least one tensor", "none");
  return shards;
}

}  // namespace

void Checkpoint::OpenSingle(const std::filesystem::path& path) {
  const MappedFile& file = files_.emplace_back(path);
  for (const TensorEntry& entry : ParseSafetensorsHeader(file.text(), path.string())) {
    tensors_.emplace(entry.name, ViewOf(file, entry));
  }
}

void Checkpoint::OpenSharded(const std::filesystem::path& index_path) {
  const JsonDocument document = JsonDocument::ReadFile(index_path, kMaxIndexBytes);
  for (auto& [shard, wanted] : ReadIndex(document)) {
    const std::filesystem::path path = index_path.parent_path() / shard;
    const MappedFile& file = files_.emplace_back(path);
    for (const TensorEntry& entry : ParseSafetensorsHeader(file.text(), path.string())) {
      if (wanted.erase(entry.name) > 0) tensors_.emplace(entry.name, ViewOf(file, entry));
    }
    if (!wanted.empty()) {
      Fail(path.string(), fmt::format("tensor {}, as {} says", Printable(*wanted.begin()), origin_),
           "none", "the index and the shards may be of different versions");
    }
  }
}

const TensorView* Checkpoint::Find(std::string_view name) const {
  const auto found = tensors_.find(name);
  return found == tensors_.end() ? nullptr : &found->second;
}

std::uint64_t Checkpoint::file_bytes() const {
  std::uint64_t bytes = 0;
  for (const MappedFile& file : files_) bytes += file.bytes().size();
  return bytes;
}

void Checkpoint::Prefault(const TensorView& tensor) const {
  const MappedFile& file = FileOf(tensor);
  file.Prefault(static_cast<std::size_t>(tensor.data - file.bytes().data()), tensor.bytes());
}

void Checkpoint::Release(const TensorView& tensor) const {
  const MappedFile& file = FileOf(tensor);
  file.Release(static_cast<std::size_t>(tensor.data - file.bytes().data()), tensor.bytes());
}

const MappedFile& Checkpoint::FileOf(const TensorView& tensor) const {
  const auto owner = std::find_if(files_.begin(), files_.end(), [&](const MappedFile& file) {
    const std::less_equal<> before;
    const std::byte* const begin = file.bytes().data();
    return before(begin, tensor.data) && before(tensor.data, begin + file.bytes().size());
  });
  if (owner == files_.end()) std::abort();  // a view of another checkpoint: a bug in the caller
  return *owner;
}

}  // namespace embd
