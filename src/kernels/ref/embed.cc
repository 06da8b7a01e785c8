#include "kernels/ref/ops.h"
#include "tensor/convert.h"

namespace embd::ref {
namespace {

float Element(const TensorView& table, std::int64_t row, std::int64_t col) {
  float value = 0;
  const std::int64_t index = row * table.shape[1] + col;
  ConvertToFloat(table.data + index * static_cast<std::int64_t>(SizeOf(table.dtype)), table.dtype,
                 1, &value);
  return value;
}

}  // namespace

void Embed(const EmbedArgs& args, MatrixView out, Lane::Range rows) {
  for (std::int64_t token = rows.begin; token < rows.end; ++token) {
    for (std::int64_t col = 0; col < out.cols; ++col) {
      float sum = Element(args.words, args.ids[token], col);
      if (args.types.data != nullptr) {
        sum += Element(args.types, args.type_ids.empty() ? 0 : args.type_ids[token], col);
      }
      if (args.positions.data != nullptr) {
        sum += Element(args.positions, args.position_ids[token], col);
      }
      out.row(token)[col] = sum;
    }
  }
}

}  // namespace embd::ref
