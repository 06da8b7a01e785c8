#include "model/weight_loader.h"

#include <utility>

#include "tensor/convert.h"

namespace embd {

TensorView WeightLoader::Table(const TableSpec& spec) const {
  const TensorView table = weights_.Get(spec.name);
  checkpoint_.Prefault(table);
  return table;
}

std::unique_ptr<const PreparedWeight> WeightLoader::Linear(const LinearSpec& spec) const {
  std::vector<LinearWeight> stacked;
  for (const std::string& part : spec.parts) {
    stacked.push_back(
        {.weight = weights_.Get(part + ".weight"), .bias = weights_.Get(part + ".bias")});
  }
  std::unique_ptr<const PreparedWeight> prepared = backend_.Prepare(stacked, formats_.Of(spec));
  for (const LinearWeight& part : stacked) {
    checkpoint_.Release(part.weight);
    checkpoint_.Release(part.bias);
  }
  return prepared;
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
