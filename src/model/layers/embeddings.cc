#include "model/layers/embeddings.h"

namespace embd {
namespace {

TensorView SkipRows(const TensorView& table, std::int64_t rows) {
  const std::size_t row_bytes = static_cast<std::size_t>(table.shape[1]) * SizeOf(table.dtype);
  return {.data = table.data + static_cast<std::size_t>(rows) * row_bytes,
          .dtype = table.dtype,
          .shape = {table.shape[0] - rows, table.shape[1]}};
}

}  // namespace

void EmbeddingsSpec::AddTo(WeightManifest& manifest) const {
  manifest.tables.insert(manifest.tables.end(), {words, positions, types});
  manifest.norms.push_back(norm);
}

Embeddings::Embeddings(const EmbeddingsSpec& spec, const WeightLoader& loader)
    : words_(loader.Table(spec.words)),
      positions_(loader.Table(spec.positions)),
      position_rows_(SkipRows(positions_.view(), spec.position_offset)),
      types_(loader.Table(spec.types)),
      norm_(loader.Norm(spec.norm)) {}

void Embeddings::Forward(const Step& step, MatrixView x) const {
  const bool several = types_.view().shape[0] > 1;
  step.backend.Embed({.words = words_.view(),
                      .positions = position_rows_,
                      .types = types_.view(),
                      .ids = step.batch.ids,
                      .position_ids = step.batch.position_ids,
                      .type_ids = several ? step.batch.type_ids : std::span<const std::uint32_t>()},
                     x, step.lane);
  step.backend.Norm(x, norm_.view(), {}, x, step.lane);
}

}  // namespace embd
