#include "tensor/arena.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace embd {
namespace {

constexpr std::size_t kAlign = 64;
constexpr std::int64_t kStrideFloats = kAlign / sizeof(float);

constexpr std::size_t RoundUp(std::size_t bytes) { return (bytes + kAlign - 1) / kAlign * kAlign; }

constexpr std::int64_t Stride(std::int64_t cols) {
  return (cols + kStrideFloats - 1) / kStrideFloats * kStrideFloats;
}

}  // namespace

std::byte* Arena::Bytes(std::size_t count) {
  const std::size_t left = block_.size() - used_;
  // `count` first: rounding a count near the type's end up would wrap to something small.
  if (count > left || RoundUp(count) > left) {
    std::fprintf(stderr, "arena of %zu bytes: %zu asked for, %zu left\n", block_.size(), count,
                 left);
    std::abort();
  }
  std::byte* const piece = block_.data() + used_;
  used_ += RoundUp(count);
  high_water_ = std::max(high_water_, used_);
  return piece;
}

float* Arena::Floats(std::size_t count) {
  return reinterpret_cast<float*>(Bytes(FloatsBytes(count)));
}

MatrixView Arena::Matrix(std::int64_t rows, std::int64_t cols) {
  float* const data = reinterpret_cast<float*>(Bytes(MatrixBytes(rows, cols)));
  return {.data = data, .rows = rows, .cols = cols, .stride = Stride(cols)};
}

std::size_t Arena::FloatsBytes(std::size_t count) { return RoundUp(count * sizeof(float)); }

std::size_t Arena::MatrixBytes(std::int64_t rows, std::int64_t cols) {
  return static_cast<std::size_t>(rows * Stride(cols)) * sizeof(float);
}

}  // namespace embd
