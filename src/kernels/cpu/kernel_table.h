#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/options.h"
#include "tensor/dtype.h"

// What the files compiled for one instruction set offer to the backend: a table of functions on
// plain pointers. They know neither lanes nor views, and emit no inline function that the rest of
// the program could share: the linker might keep the copy that older machines cannot run.
namespace embd::cpu {

// One row of weights inside the checkpoint, to become one column of the packed form.
struct PackColumn {
  const std::byte* data = nullptr;  // [in]; null: a column of zeros
  DType dtype = DType::kF32;
};

// Transposes `count` columns (at most the register width) to rows of the packed form.
struct PackTask {
  const PackColumn* columns = nullptr;
  int count = 0;
  std::int64_t in_features = 0;
  DType dtype = DType::kF32;   // of the packed form
  std::byte* to = nullptr;     // of the first column and k = 0
  std::int64_t to_stride = 0;  // elements between k and k + 1
};

// The same for 8-bit integers. Each column c is rounded to c / scale with scale = max |c| / 127,
// which is 0 for one that is nothing but zeros (below 2^-100). Four consecutive k of a column make
// a word, and the words of the columns lie side by side.
struct Int8PackTask {
  const PackColumn* columns = nullptr;
  int count = 0;
  std::int64_t in_features = 0;
  std::int8_t* rows = nullptr;      // scratch: register width * padded in_features
  std::byte* to = nullptr;          // of the first column and k = 0
  std::int64_t to_stride = 0;       // bytes between one word of k and the next
  float* scales = nullptr;          // [register width]
  std::int32_t* offsets = nullptr;  // [register width]: what sums must start with
  float* sums = nullptr;            // [register width]: of the column's integers, times its scale
};

// A packed weight matrix.
struct LinearPanels {
  const std::byte* packed = nullptr;  // all panels one after the other
  // All [out_features rounded up to registers]; the first three of integers only.
  const float* scales = nullptr;
  const std::int32_t* offsets = nullptr;
  const float* sums = nullptr;
  const float* bias = nullptr;
};

// out[r][c] = activation(sum over k of in[r][k] * weight[k][c] + bias[c]) * gate + residual[r][c]
// for all rows and the columns of panels [panel_begin, panel_end); gate: 1, or the like sum with
// another matrix, and its bias.
struct LinearTask {
  const float* in = nullptr;
  std::int64_t in_stride = 0;
  LinearPanels weight = {};
  LinearPanels gate = {};     // packed null: none
  DType dtype = DType::kF32;  // of the panels, unless they are integers
  std::int64_t rows = 0;
  std::int64_t in_features = 0;
  std::int64_t out_features = 0;
  std::int64_t panel_begin = 0;
  std::int64_t panel_end = 0;
  Activation activation = Activation::kNone;
  const float* residual = nullptr;
  std::int64_t residual_stride = 0;
  float* out = nullptr;
  std::int64_t out_stride = 0;
  std::byte* scratch = nullptr;
};

// As DistanceBias, of one head.
struct DistanceTask {
  bool causal = false;
  std::int64_t window = 0;
  float slope = 0.0F;
  const float* table = nullptr;  // [2 * reach + 1]; null: none
  std::int64_t reach = 0;
};

// Queries [query_begin, query_end) of one head over all tokens of one sequence.
struct AttentionTask {
  const float* query = nullptr;  // the head's first element of the sequence's first token
  const float* key = nullptr;
  const float* value = nullptr;
  std::int64_t stride = 0;  // between tokens
  std::int64_t tokens = 0;
  std::int64_t query_begin = 0;
  std::int64_t query_end = 0;
  std::int64_t head_size = 0;
  float scale = 1.0F;
  DistanceTask distance = {};
  float* out = nullptr;  // likewise of the first token
  std::int64_t out_stride = 0;
  float* scratch = nullptr;
};

struct NormTask {
  const float* in = nullptr;
  std::int64_t in_stride = 0;
  std::int64_t rows = 0;
  std::int64_t cols = 0;  // of one piece
  std::int64_t pieces = 1;
  NormKind kind = NormKind::kLayer;
  const float* gamma = nullptr;
  const float* beta = nullptr;  // null: none
  float epsilon = 0.0F;
  const float* residual = nullptr;  // null: none
  std::int64_t residual_stride = 0;
  float* out = nullptr;
  std::int64_t out_stride = 0;
};

// The heads of one token, turned in place.
struct RotaryTask {
  float* x = nullptr;
  std::int64_t heads = 0;
  std::int64_t head_size = 0;
  std::int64_t pairs = 0;      // of a head that turn
  const float* cos = nullptr;  // [pairs]
  const float* sin = nullptr;  // [pairs]
  std::int64_t partner = 0;    // where a pair's second value is, from its first
  std::int64_t step = 0;       // and the next pair's first
};

// One row of the sum of up to three tables; data null: none.
struct EmbedTask {
  const std::byte* rows[3] = {};
  DType dtypes[3] = {};
  std::int64_t cols = 0;
  float* out = nullptr;
};

// The mean of `rows` rows, or the largest values of their columns.
struct PoolTask {
  const float* in = nullptr;
  std::int64_t in_stride = 0;
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  float* out = nullptr;
};

// Products of 8-bit integers: weights as in Int8PackTask, activations rounded row by row to 255
// steps between their least and largest, sums exact. Every instruction set gets the same sums.
// in_features are at most kMaxInt8Features, so that none overflows.
struct Int8Kernels {
  int panel_columns;    // a panel is [words of k, panel_columns]; the last may be narrower
  std::int64_t k_unit;  // in_features are padded to a multiple of this
  // For any task of at most so many rows and in_features; a gate makes it two matrices.
  std::size_t (*scratch_bytes)(std::int64_t rows, std::int64_t in_features, int matrices);
  void (*pack)(const Int8PackTask&);
  void (*linear)(const LinearTask&);
};

struct CpuKernels {
  int register_floats;  // packed columns are padded to a multiple of this
  int panel_columns;    // a panel is [in, panel_columns]; the last may be narrower
  int query_block;      // AttentionTask::query_begin must be a multiple of this
  // For a task with in_features weights of any float type; a gate makes them two matrices.
  std::size_t (*linear_scratch_bytes)(std::int64_t in_features, int matrices);
  std::size_t (*attention_scratch_floats)(std::int64_t tokens, std::int64_t head_size);
  void (*pack)(const PackTask&);
  void (*linear)(const LinearTask&);
  void (*attention)(const AttentionTask&);
  void (*norm)(const NormTask&);
  void (*rotate)(const RotaryTask&);
  void (*embed)(const EmbedTask&);
  void (*mean)(const PoolTask&);
  // Of values below 0 it is 0; of any that is not finite, NaN.
  void (*largest)(const PoolTask&);
  Int8Kernels int8;
};

}  // namespace embd::cpu
