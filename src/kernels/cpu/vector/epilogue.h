#pragma once

#include "kernels/cpu/kernel_table.h"
#include "kernels/cpu/vector/math.h"

namespace embd::cpu {

// The rows and columns of one tile, and the registers that the columns take.
struct Place {
  std::int64_t row, rows, first, cols, regs;
};

// What comes after a tile's sums: activation, by the functions of `M`, residual, and the way to
// `out`.
template <typename V, typename M = Math<V>>
class Epilogue {
 public:
  using Reg = typename V::Reg;

  // `value(r, c)`: the sum with its bias, of the tile's row r and the register of columns at c.
  template <typename F>
  static void Run(const LinearTask& task, const Place& place, F value) {
    switch (task.activation) {
      case Activation::kNone:
        return Finish([](Reg x) { return x; }, task, place, value);
      case Activation::kGelu:
        return Finish([](Reg x) { return M::Gelu(x); }, task, place, value);
      case Activation::kGeluTanh:
        return Finish([](Reg x) { return M::GeluTanh(x); }, task, place, value);
      case Activation::kRelu:
        return Finish([](Reg x) { return M::Relu(x); }, task, place, value);
      case Activation::kSilu:
        return Finish([](Reg x) { return M::Silu(x); }, task, place, value);
      case Activation::kTanh:
        return Finish([](Reg x) { return M::Tanh(x); }, task, place, value);
    }
  }

 private:
  template <typename A, typename F>
  static void Finish(A activate, const LinearTask& task, const Place& place, F value) {
    for (std::int64_t r = 0; r < place.rows; ++r) {
      const std::int64_t row = place.row + r;
      const float* const residual = task.residual == nullptr
                                        ? nullptr
                                        : task.residual + row * task.residual_stride + place.first;
      float* const out = task.out + row * task.out_stride + place.first;
      std::int64_t c = 0;
      for (; c + V::kWidth <= place.cols; c += V::kWidth) {
        Reg x = activate(value(r, c));
        if (residual != nullptr) x = V::Add(x, V::Load(residual + c));
        V::Store(out + c, x);
      }
      if (const std::int64_t left = place.cols - c; left > 0) {
        Reg x = activate(value(r, c));
        if (residual != nullptr) x = V::Add(x, V::LoadPartial(residual + c, left));
        V::StorePartial(out + c, x, left);
      }
    }
  }
};

}  // namespace embd::cpu
