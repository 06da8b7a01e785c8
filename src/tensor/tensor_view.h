#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>

#include "tensor/dtype.h"

namespace embd {

// Up to four dimensions, row-major. A scalar has rank 0 and one element.
class Shape {
 public:
  static constexpr int kMaxRank = 4;

  Shape() = default;
  Shape(std::initializer_list<std::int64_t> dims) {
    for (const std::int64_t dim : dims) Append(dim);
  }

  void Append(std::int64_t dim) { dims_[rank_++] = dim; }
  int rank() const { return rank_; }
  std::int64_t operator[](int axis) const { return dims_[axis]; }
  std::int64_t elements() const {
    std::int64_t count = 1;
    for (int i = 0; i < rank_; ++i) count *= dims_[i];
    return count;
  }
  bool operator==(const Shape& other) const = default;
  // "[30522, 384]"
  std::string ToString() const;

 private:
  std::array<std::int64_t, kMaxRank> dims_ = {};
  int rank_ = 0;
};

// Weights looked at in place (usually inside a mapped file): contiguous, row-major, possibly not
// aligned to the element size. Does not own; valid while the Checkpoint lives.
struct TensorView {
  const std::byte* data = nullptr;
  DType dtype = DType::kF32;
  Shape shape;

  std::size_t bytes() const { return static_cast<std::size_t>(shape.elements()) * SizeOf(dtype); }
};

// Activations looked at in place: `rows` rows of `cols` floats, consecutive rows `stride` floats
// apart. Does not own.
struct MatrixView {
  float* data = nullptr;
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  std::int64_t stride = 0;

  float* row(std::int64_t index) const { return data + index * stride; }
};

struct ConstMatrixView {
  const float* data = nullptr;
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  std::int64_t stride = 0;

  ConstMatrixView() = default;
  ConstMatrixView(const float* data_in, std::int64_t rows_in, std::int64_t cols_in,
                  std::int64_t stride_in)
      : data(data_in), rows(rows_in), cols(cols_in), stride(stride_in) {}
  ConstMatrixView(const MatrixView& m)  // NOLINT(google-explicit-constructor)
      : data(m.data), rows(m.rows), cols(m.cols), stride(m.stride) {}

  const float* row(std::int64_t index) const { return data + index * stride; }
};

}  // namespace embd
