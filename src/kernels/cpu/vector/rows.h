#pragma once

#include "kernels/cpu/kernel_table.h"

namespace embd::cpu {

// Operations on rows: each result depends on its own row (or sequence) alone, and sums run in an
// order that only the row's length decides.
template <typename V>
class RowKernels {
 public:
  static void LayerNorm(const NormTask& task) {
    for (std::int64_t row = 0; row < task.rows; ++row) {
      NormRow(task, task.in + row * task.in_stride, task.out + row * task.out_stride);
    }
  }

  static void Embed(const EmbedTask& task) {
    std::int64_t col = 0;
    for (; col + V::kWidth <= task.cols; col += V::kWidth) {
      Reg sum = V::LoadAs(task.rows[0], col, task.dtypes[0]);
      for (int table = 1; table < 3; ++table) {
        if (task.rows[table] == nullptr) continue;
        sum = V::Add(sum, V::LoadAs(task.rows[table], col, task.dtypes[table]));
      }
      V::Store(task.out + col, sum);
    }
    for (; col < task.cols; ++col) {
      Reg sum = V::LoadOneAs(task.rows[0], col, task.dtypes[0]);
      for (int table = 1; table < 3; ++table) {
        if (task.rows[table] == nullptr) continue;
        sum = V::Add(sum, V::LoadOneAs(task.rows[table], col, task.dtypes[table]));
      }
      V::StorePartial(task.out + col, sum, 1);
    }
  }

  static void Mean(const PoolTask& task) {
    const Reg count = V::Set(static_cast<float>(task.rows));
    std::int64_t col = 0;
    for (; col + V::kWidth <= task.cols; col += V::kWidth) {
      Reg sum = V::Zero();
      for (std::int64_t row = 0; row < task.rows; ++row) {
        sum = V::Add(sum, V::Load(task.in + row * task.in_stride + col));
      }
      V::Store(task.out + col, V::Div(sum, count));
    }
    if (const std::int64_t left = task.cols - col; left > 0) {
      Reg sum = V::Zero();
      for (std::int64_t row = 0; row < task.rows; ++row) {
        sum = V::Add(sum, V::LoadPartial(task.in + row * task.in_stride + col, left));
      }
      V::StorePartial(task.out + col, V::Div(sum, count), left);
    }
  }

  static void Largest(const PoolTask& task) {
    std::int64_t col = 0;
    for (; col + V::kWidth <= task.cols; col += V::kWidth) {
      const float* const in = task.in + col;
      V::Store(task.out + col, LargestOf(task, [=](std::int64_t at) { return V::Load(in + at); }));
    }
    if (const std::int64_t left = task.cols - col; left > 0) {
      const float* const in = task.in + col;
      V::StorePartial(
          task.out + col,
          LargestOf(task, [=](std::int64_t at) { return V::LoadPartial(in + at, left); }), left);
    }
  }

 private:
  using Reg = typename V::Reg;

  // `load`: the register at so many floats from the first row's.
  template <typename F>
  [[gnu::always_inline]] static Reg LargestOf(const PoolTask& task, F load) {
    Reg largest = V::Zero();
    Reg mark = V::Zero();  // NaN once a value was not finite: a maximum alone may lose it again
    for (std::int64_t row = 0; row < task.rows; ++row) {
      const Reg value = load(row * task.in_stride);
      largest = V::Max(largest, value);
      mark = V::Fma(value, V::Zero(), mark);
    }
    return V::Add(largest, mark);
  }

  // Mean first, then the squares of what differs from it: one pass with sums of squares would lose
  // all digits where the mean is large.
  static void NormRow(const NormTask& task, const float* in, float* out) {
    const std::int64_t cols = task.cols;
    const std::int64_t whole = cols - cols % V::kWidth;
    const std::int64_t left = cols - whole;
    const auto count = static_cast<float>(cols);

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
    const float variance = V::Sum(squares) / count + task.epsilon;
    const Reg scale = V::Div(V::Set(1.0F), V::Sqrt(V::Set(variance)));

    for (std::int64_t c = 0; c < whole; c += V::kWidth) {
      const Reg unit = V::Mul(V::Sub(V::Load(in + c), mean), scale);
      const Reg beta = task.beta == nullptr ? V::Zero() : V::Load(task.beta + c);
      V::Store(out + c, V::Fma(unit, V::Load(task.gamma + c), beta));
    }
    if (left > 0) {
      const Reg unit = V::Mul(V::Sub(V::LoadPartial(in + whole, left), mean), scale);
      const Reg beta = task.beta == nullptr ? V::Zero() : V::LoadPartial(task.beta + whole, left);
      const Reg gamma = V::LoadPartial(task.gamma + whole, left);
      V::StorePartial(out + whole, V::Fma(unit, gamma, beta), left);
    }
  }
};

}  // namespace embd::cpu
