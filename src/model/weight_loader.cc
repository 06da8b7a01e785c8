#include "model/weight_loader.h"

#include <algorithm>
#include <utility>

#include "model/parallel.h"
#include "tensor/convert.h"

namespace embd {

TensorView WeightLoader::Table(const TableSpec& spec) const {
  const TensorView table = weights_.Get(spec.name);
  checkpoint_.Prefault(table);
  return table;
}

namespace {

TensorView Rows(const TensorView& tensor, std::int64_t first, std::int64_t count) {
  TensorView rows = tensor;
  const std::int64_t row_elements = tensor.shape.elements() / tensor.shape[0];
  rows.data += static_cast<std::size_t>(first * row_elements) * SizeOf(tensor.dtype);
  rows.shape = {count};
  for (int axis = 1; axis < tensor.shape.rank(); ++axis) rows.shape.Append(tensor.shape[axis]);
  return rows;
}

}  // namespace

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

void WeightLoader::Release(const LinearSpec& spec) const {
  for (const std::string& part : spec.parts) {
    const TensorView weight = weights_.Get(part + ".weight");
    const bool shared =
        !spec.tied_table.empty() && weights_.Get(spec.tied_table).data == weight.data;
    if (!shared) checkpoint_.Release(weight);
    checkpoint_.Release(weights_.Get(part + ".bias"));
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
