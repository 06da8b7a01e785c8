#pragma once

#include "kernels/cpu/kernel_table.h"

namespace embd::cpu {

// Rows, or pieces of rows, normalised one by one. Sums run in an order that only a piece's size
// decides.
template <typename V>
class NormKernel {
 public:
  static void Run(const NormTask& task) {
    for (std::int64_t row = 0; row < task.rows; ++row) {
      for (std::int64_t piece = 0; piece < task.pieces; ++piece) {
        const std::int64_t at = piece * task.cols;
        const float* const in = task.in + row * task.in_stride + at;
        float* const out = task.out + row * task.out_stride + at;
        const Piece scale =
            task.kind == NormKind::kLayer ? LayerScale(task, in) : RmsScale(task, in);
        if (task.residual == nullptr) {
          Scale<false>(task, in, scale, nullptr, out);
        } else {
          Scale<true>(task, in, scale, task.residual + row * task.residual_stride + at, out);
        }
      }
    }
  }

 private:
  using Reg = typename V::Reg;

  // (x - mean) * scale
  struct Piece {
    Reg mean, scale;
  };

  static Reg InverseRoot(float square) { return V::Div(V::Set(1.0F), V::Sqrt(V::Set(square))); }

  // Mean first, then the squares of what differs from it: one pass with sums of squares would lose
  // all digits where the mean is large.
  [[gnu::always_inline]] static Piece LayerScale(const NormTask& task, const float* in) {
    const std::int64_t whole = task.cols - task.cols % V::kWidth;
    const std::int64_t left = task.cols - whole;
    const auto count = static_cast<float>(task.cols);

    Reg sum = V::Zero();
    for (std::int64_t c = 0; c < whole; c += V::kWidth) sum = V::Add(sum, V::Load(in + c));
    if (left > 0) sum = V::Add(sum, V::LoadPartial(in + whole, left));
    const Reg mean = V::Set(V::Sum(sum) / count);

    Reg squares = V::Zero();
    for (std::int64_t c = 0; c < whole; c += V::kWidth) {
      const Reg off = V::Sub(V::Load(in + c), mean);
      squares = V::Fma(off, off, squares);
    }
    if (left > 0) {
      const Reg off = V::KeepFirst(V::Sub(V::LoadPartial(in + whole, left), mean), left);
      squares = V::Fma(off, off, squares);
    }
    return {.mean = mean, .scale = InverseRoot(V::Sum(squares) / count + task.epsilon)};
  }

  [[gnu::always_inline]] static Piece RmsScale(const NormTask& task, const float* in) {
    const std::int64_t whole = task.cols - task.cols % V::kWidth;
    Reg squares = V::Zero();
    for (std::int64_t c = 0; c < whole; c += V::kWidth) {
      const Reg x = V::Load(in + c);
      squares = V::Fma(x, x, squares);
    }
    if (whole < task.cols) {
      const Reg x = V::LoadPartial(in + whole, task.cols - whole);
      squares = V::Fma(x, x, squares);
    }
    const float square = V::Sum(squares) / static_cast<float>(task.cols) + task.epsilon;
    return {.mean = V::Zero(), .scale = InverseRoot(square)};
  }

  template <bool kResidual>
  [[gnu::always_inline]] static void Scale(const NormTask& task, const float* in,
                                           const Piece& piece, const float* residual, float* out) {
    const std::int64_t whole = task.cols - task.cols % V::kWidth;
    for (std::int64_t c = 0; c < whole; c += V::kWidth) {
      const Reg unit = V::Mul(V::Sub(V::Load(in + c), piece.mean), piece.scale);
      const Reg beta = task.beta == nullptr ? V::Zero() : V::Load(task.beta + c);
      Reg result = V::Fma(unit, V::Load(task.gamma + c), beta);
      if constexpr (kResidual) result = V::Add(result, V::Load(residual + c));
      V::Store(out + c, result);
    }
    if (const std::int64_t left = task.cols - whole; left > 0) {
      const Reg unit = V::Mul(V::Sub(V::LoadPartial(in + whole, left), piece.mean), piece.scale);
      const Reg beta = task.beta == nullptr ? V::Zero() : V::LoadPartial(task.beta + whole, left);
      Reg result = V::Fma(unit, V::LoadPartial(task.gamma + whole, left), beta);
      if constexpr (kResidual) result = V::Add(result, V::LoadPartial(residual + whole, left));
      V::StorePartial(out + whole, result, left);
    }
  }
};

}  // namespace embd::cpu
