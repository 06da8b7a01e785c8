#pragma once

#include "kernels/cpu/kernel_table.h"

namespace embd::cpu {

// Operations on rows: each result depends on its own row (or sequence) alone, and sums run in an
// order that only the row's length decides.
template <typename V>
class RowKernels {
 public:
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
};

}  // namespace embd::cpu
