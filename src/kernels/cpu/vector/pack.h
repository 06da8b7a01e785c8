#pragma once

#include "kernels/cpu/kernel_table.h"
#include "kernels/cpu/vector/unroll.h"

namespace embd::cpu {

// Transposes weights [out, in] into packed rows, a square of one register's width at a time, so
// that both the reads and the writes are whole cache lines.
template <typename V>
class PackKernel {
 public:
  static void Run(const PackTask& task) {
    std::int64_t k = 0;
    for (; k + V::kWidth <= task.in_features; k += V::kWidth) {
      Reg square[V::kWidth];
      for (int i = 0; i < V::kWidth; ++i) {
        square[i] = i < task.count ? Load(task.columns[i], k) : V::Zero();
      }
      V::Transpose(square);
      for (int i = 0; i < V::kWidth; ++i) {
        V::StoreAs(task.to, (k + i) * task.to_stride, square[i], task.dtype);
      }
    }
    for (; k < task.in_features; ++k) {
      float row[V::kWidth] = {};
      for (int i = 0; i < task.count; ++i) row[i] = LoadOne(task.columns[i], k);
      V::StoreAs(task.to, k * task.to_stride, V::Load(row), task.dtype);
    }
  }

 private:
  using Reg = typename V::Reg;

  [[gnu::always_inline]] static Reg Load(const PackColumn& column, std::int64_t k) {
    return column.data == nullptr ? V::Zero() : V::LoadAs(column.data, k, column.dtype);
  }

  static float LoadOne(const PackColumn& column, std::int64_t k) {
    float value[V::kWidth];
    if (column.data == nullptr) return 0.0F;
    V::Store(value, V::LoadOneAs(column.data, k, column.dtype));
    return value[0];
  }
};

}  // namespace embd::cpu
