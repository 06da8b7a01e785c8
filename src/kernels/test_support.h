#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <limits>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "kernels/backend.h"
#include "kernels/cpu/cpu_backend.h"
#include "kernels/ref/ref_backend.h"

// What the tests of backends share: matrices with odd strides and alignments, and a parameter for
// each instruction set that the machine runs.
namespace embd::kernel_test {

inline constexpr float kEpsilon = std::numeric_limits<float>::epsilon();

// A matrix whose rows begin `shift` floats past an aligned address and lie `stride` apart. What is
// not part of it holds NaN, so that reading it spoils the result and writing it shows.
class TestMatrix {
 public:
  TestMatrix(std::int64_t rows, std::int64_t cols, std::int64_t extra_stride = 0,
             std::int64_t shift = 0)
      : rows_(rows), cols_(cols), stride_(cols + extra_stride), shift_(shift) {
    block_.assign(static_cast<std::size_t>(rows * stride_ + shift + 16),
                  std::numeric_limits<float>::quiet_NaN());
  }

  static TestMatrix Random(std::int64_t rows, std::int64_t cols, std::uint32_t seed,
                           std::int64_t extra_stride = 0, std::int64_t shift = 0,
                           float scale = 1.0F) {
    TestMatrix matrix(rows, cols, extra_stride, shift);
    std::mt19937 random(seed);
    std::normal_distribution<float> normal(0.0F, scale);
    matrix.Fill([&] { return normal(random); });
    return matrix;
  }

  void Fill(const std::function<float()>& next) {
    for (std::int64_t r = 0; r < rows_; ++r) {
      for (std::int64_t c = 0; c < cols_; ++c) at(r, c) = next();
    }
  }

  float& at(std::int64_t row, std::int64_t col) { return view().row(row)[col]; }
  MatrixView view() {
    return {.data = block_.data() + shift_, .rows = rows_, .cols = cols_, .stride = stride_};
  }
  // Rows [begin, end) as a matrix of their own.
  MatrixView rows(std::int64_t begin, std::int64_t end) {
    return {.data = view().row(begin), .rows = end - begin, .cols = cols_, .stride = stride_};
  }

  // Whether nothing outside the rows was written.
  bool padding_is_untouched() const {
    for (std::size_t i = 0; i < block_.size(); ++i) {
      const std::int64_t at = static_cast<std::int64_t>(i) - shift_;
      const bool inside = at >= 0 && at < rows_ * stride_ && at % stride_ < cols_;
      if (!inside && block_[i] == block_[i]) return false;
    }
    return true;
  }

 private:
  std::int64_t rows_;
  std::int64_t cols_;
  std::int64_t stride_;
  std::int64_t shift_;
  std::vector<float> block_;
};

inline bool SameBits(ConstMatrixView a, ConstMatrixView b) {
  if (a.rows != b.rows || a.cols != b.cols) return false;
  for (std::int64_t row = 0; row < a.rows; ++row) {
    if (std::memcmp(a.row(row), b.row(row), static_cast<std::size_t>(a.cols) * 4) != 0)
      return false;
  }
  return true;
}

// Checks every element with the tolerance that `tolerance(row, col)` allows it.
template <typename F>
void ExpectNear(ConstMatrixView actual, ConstMatrixView expected, F tolerance,
                const std::string& what) {
  for (std::int64_t row = 0; row < expected.rows; ++row) {
    for (std::int64_t col = 0; col < expected.cols; ++col) {
      const float difference = actual.row(row)[col] - expected.row(row)[col];
      // Written so that a NaN fails.
      ASSERT_TRUE(difference <= tolerance(row, col) && difference >= -tolerance(row, col))
          << what << " at [" << row << ", " << col << "]: " << actual.row(row)[col] << ", expected "
          << expected.row(row)[col] << " within " << tolerance(row, col);
    }
  }
}

// A dense weight with its bytes at an odd address, as a safetensors file may have it.
class TestWeight {
 public:
  TestWeight(DType dtype, Shape shape, std::uint32_t seed, float scale = 1.0F)
      : dtype_(dtype), shape_(shape) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal(0.0F, scale);
    bytes_.resize(1 + static_cast<std::size_t>(shape.elements()) * SizeOf(dtype));
    for (std::int64_t i = 0; i < shape.elements(); ++i) {
      const float value = normal(random);
      std::uint32_t bits = 0;
      std::memcpy(&bits, &value, sizeof(bits));
      if (dtype == DType::kBF16) bits >>= 16U;
      // A half with the float's sign and leading fraction, and an exponent from 2^-7 to 2^0.
      if (dtype == DType::kF16) bits = (bits >> 16U & 0x83ffU) | (8U + (bits >> 5U & 7U)) << 10U;
      std::memcpy(bytes_.data() + 1 + static_cast<std::size_t>(i) * SizeOf(dtype), &bits,
                  SizeOf(dtype));
    }
  }

  TensorView view() const { return {.data = bytes_.data() + 1, .dtype = dtype_, .shape = shape_}; }

 private:
  DType dtype_;
  Shape shape_;
  std::vector<std::byte> bytes_;
};

// Values that a test keeps, in 32-bit floats.
inline TensorView View(const std::vector<float>& values, Shape shape) {
  return {.data = std::as_bytes(std::span(values)).data(), .dtype = DType::kF32, .shape = shape};
}

// Scratch of exactly the declared size for one lane.
class LaneScratch {
 public:
  LaneScratch(const Backend& backend, const ScratchNeed& need)
      : block_(backend.ScratchBytes(need) + 64), arena_(Aligned(backend.ScratchBytes(need))) {}

  Lane lane(int index = 0, int count = 1, BarrierRef barrier = nullptr) {
    return {.index = index, .count = count, .barrier = barrier, .scratch = &arena_};
  }

 private:
  std::span<std::byte> Aligned(std::size_t bytes) {
    const auto address = reinterpret_cast<std::uintptr_t>(block_.data());
    return {block_.data() + (64 - address % 64) % 64, bytes};
  }

  std::vector<std::byte> block_;
  Arena arena_;
};

// One run per instruction set that this machine has.
class IsaTest : public ::testing::TestWithParam<CpuIsa> {
 protected:
  std::unique_ptr<const Backend> backend_ = MakeCpuBackend(GetParam());
  std::unique_ptr<const Backend> ref_ = MakeRefBackend();
};

inline std::string IsaName(const ::testing::TestParamInfo<CpuIsa>& row) {
  std::string name(CpuIsaName(row.param));
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

}  // namespace embd::kernel_test

#define EMBD_FOR_EACH_ISA(suite)                                                        \
  INSTANTIATE_TEST_SUITE_P(All, suite, ::testing::ValuesIn(::embd::SupportedCpuIsas()), \
                           ::embd::kernel_test::IsaName)
