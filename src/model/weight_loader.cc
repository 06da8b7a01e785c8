#include "model/weight_loader.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <map>
#include <set>
#include <utility>

#include "kernels/half.h"
#include "model/parallel.h"
#include "tensor/convert.h"

namespace embd {

namespace {

// `count` 32-bit floats from `from`, which may be misaligned, as 16-bit ones.
template <std::uint16_t (*kNarrow)(float)>
void Narrow(const std::byte* from, std::int64_t count, std::uint16_t* to) {
  for (std::int64_t i = 0; i < count; ++i) {
    float value = 0;
    std::memcpy(&value, from + i * std::int64_t{sizeof(value)}, sizeof(value));
    to[i] = kNarrow(value);
  }
}

EmbeddingTable NarrowTable(const TensorView& table, DType type) {
  constexpr std::int64_t kPiece = std::int64_t{1} << 18;  // elements
  TensorView narrow = table;
  narrow.dtype = type;
  PageBuffer copy(narrow.bytes());
  narrow.data = copy.data();
  auto* const to = reinterpret_cast<std::uint16_t*>(copy.data());
  const std::int64_t elements = table.shape.elements();
  const auto pieces = static_cast<std::size_t>((elements + kPiece - 1) / kPiece);
  ParallelMap(pieces, [&](std::size_t piece) {
    const std::int64_t first = static_cast<std::int64_t>(piece) * kPiece;
    const std::int64_t count = std::min(kPiece, elements - first);
    const std::byte* const from = table.data + first * std::int64_t{sizeof(float)};
    if (type == DType::kF16) {
      Narrow<F16FromFloat>(from, count, to + first);
    } else {
      Narrow<BF16FromFloat>(from, count, to + first);
    }
    return piece;
  });
  return {std::move(copy), narrow};
}

TensorView Rows(const TensorView& tensor, std::int64_t first, std::int64_t count) {
  TensorView rows = tensor;
  const std::int64_t row_elements = tensor.shape.elements() / tensor.shape[0];
  rows.data += static_cast<std::size_t>(first * row_elements) * SizeOf(tensor.dtype);
  rows.shape = {count};
  for (int axis = 1; axis < tensor.shape.rank(); ++axis) rows.shape.Append(tensor.shape[axis]);
  return rows;
}

}  // namespace

EmbeddingTable WeightLoader::Table(const TableSpec& spec) const {
  const TensorView table = weights_.Get(spec.name);
  const DType type = formats_.Of(spec);
  checkpoint_.Prefault(table);
  if (type == table.dtype) return EmbeddingTable(table);
  EmbeddingTable narrow = NarrowTable(table, type);
  checkpoint_.Release(table);
  return narrow;
}

std::unique_ptr<const PreparedWeight> WeightLoader::Linear(const LinearSpec& spec) const {
  if (!WeightManifest::Has(spec, weights_)) return nullptr;
  std::vector<LinearWeight> stacked;
  for (const std::string& part : spec.parts) {
    stacked.push_back(
        {.weight = weights_.Get(part + ".weight"), .bias = weights_.Get(part + ".bias")});
  }
  std::unique_ptr<const PreparedWeight> prepared = backend_.Prepare(stacked, formats_.Of(spec));
  Release(spec);
  return prepared;
}

std::vector<std::unique_ptr<const PreparedWeight>> WeightLoader::Pieces(
    const LinearSpec& spec) const {
  const TensorView weight = weights_.Get(spec.parts.front() + ".weight");
  const TensorView bias = weights_.Get(spec.parts.front() + ".bias");
  const std::int64_t count = (spec.out + spec.piece - 1) / spec.piece;
  auto pieces = ParallelMap(static_cast<std::size_t>(count), [&](std::size_t i) {
    const std::int64_t first = static_cast<std::int64_t>(i) * spec.piece;
    const std::int64_t rows = std::min(spec.piece, spec.out - first);
    const LinearWeight piece = {.weight = Rows(weight, first, rows),
                                .bias = Rows(bias, first, rows)};
    return std::unique_ptr<const PreparedWeight>(
        backend_.Prepare(std::span(&piece, 1), formats_.Of(spec)));
  });
  Release(spec);
  return pieces;
}

// Whether a tied weight's pages are those of a table in use.
bool WeightLoader::IsMappedTable(const LinearSpec& spec, const TensorView& weight) const {
  if (spec.tied_table.empty()) return false;
  const TensorView table = weights_.Get(spec.tied_table);
  return table.data == weight.data &&
         formats_.Of(TableSpec{.name = spec.tied_table}) == table.dtype;
}

void WeightLoader::Release(const LinearSpec& spec) const {
  for (const std::string& part : spec.parts) {
    const TensorView weight = weights_.Get(part + ".weight");
    if (!IsMappedTable(spec, weight)) checkpoint_.Release(weight);
    checkpoint_.Release(weights_.Get(part + ".bias"));
  }
}

// By runs of tensors that lie side by side: a page with the end of one and the beginning of the
// next can only be given back with both.
void WeightLoader::Finish(const WeightManifest& manifest) const {
  std::set<const std::byte*> in_use;
  for (const TableSpec& spec : manifest.tables) {
    const TensorView table = weights_.Get(spec.name);
    if (formats_.Of(spec) == table.dtype) in_use.insert(table.data);
  }
  std::map<const std::byte*, std::int64_t, std::less<>> done;  // address -> bytes
  for (const auto& [name, tensor] : checkpoint_.tensors()) {
    if (in_use.count(tensor.data) == 0)
      done[tensor.data] = static_cast<std::int64_t>(tensor.bytes());
  }
  for (auto at = done.begin(); at != done.end();) {
    const std::byte* const begin = at->first;
    const std::byte* end = begin;
    for (; at != done.end() && at->first == end; ++at) end += at->second;
    checkpoint_.Release({.data = begin, .dtype = DType::kU8, .shape = {end - begin}});
  }
}

NormParameters WeightLoader::Norm(const NormSpec& spec) const {
  return {Floats(spec.name + ".weight"), Floats(spec.name + ".bias"), spec.epsilon};
}

std::vector<float> WeightLoader::Floats(const std::string& name) const {
  const TensorView tensor = weights_.Get(name);
  std::vector<float> values(static_cast<std::size_t>(tensor.shape.elements()));
  ConvertToFloat(tensor.data, tensor.dtype, values.size(), values.data());
  checkpoint_.Release(tensor);
  return values;
}

}  // namespace embd
