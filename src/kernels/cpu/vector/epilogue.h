#pragma once

#include "kernels/cpu/kernel_table.h"
#include "kernels/cpu/vector/math.h"

namespace embd::cpu {

// The rows and columns of one tile, and the registers that the columns take.
struct Place {
  std::int64_t row, rows, first, cols, regs;
};

// What comes after a tile's sums: activation, by the functions of `M`, gate, residual, and the way
// to `out`.
template <typename V, typename M = Math<V>>
class Epilogue {
 public:
  using Reg = typename V::Reg;

  // `value(r, c)`: the sum with its bias, of the tile's row r and the register of columns at c.
  template <typename F>
  static void Run(const LinearTask& task, const Place& place, F value) {
    WithActivation(task.activation, [&](auto activate) {
      Finish([&](std::int64_t r, std::int64_t c) { return activate(value(r, c)); }, task, place);
    });
  }

  // `gate(r, c)`: likewise of the gate.
  template <typename F, typename G>
  static void RunGated(const LinearTask& task, const Place& place, F value, G gate) {
    WithActivation(task.activation, [&](auto activate) {
      const auto result = [&](std::int64_t r, std::int64_t c) {
        return V::Mul(activate(value(r, c)), gate(r, c));
      };
      Finish(result, task, place);
    });
  }

 private:
  template <typename F>
  [[gnu::always_inline]] static void WithActivation(Activation activation, F body) {
    switch (activation) {
      case Activation::kNone:
        return body([](Reg x) { return x; });
      case Activation::kGelu:
        return body([](Reg x) { return M::Gelu(x); });
      case Activation::kGeluTanh:
        return body([](Reg x) { return M::GeluTanh(x); });
      case Activation::kRelu:
        return body([](Reg x) { return M::Relu(x); });
      case Activation::kSilu:
        return body([](Reg x) { return M::Silu(x); });
      case Activation::kTanh:
        return body([](Reg x) { return M::Tanh(x); });
    }
  }

  template <typename F>
  static void Finish(F result, const LinearTask& task, const Place& place) {
    for (std::int64_t r = 0; r < place.rows; ++r) {
      const std::int64_t row = place.row + r;
      const float* const residual = task.residual == nullptr
                                        ? nullptr
                                        : task.residual + row * task.residual_stride + place.first;
      float* const out = task.out + row * task.out_stride + place.first;
      std::int64_t c = 0;
      for (; c + V::kWidth <= place.cols; c += V::kWidth) {
        Reg x = result(r, c);
        if (residual != nullptr) x = V::Add(x, V::Load(residual + c));
        V::Store(out + c, x);
      }
      if (const std::int64_t left = place.cols - c; left > 0) {
        Reg x = result(r, c);
        if (residual != nullptr) x = V::Add(x, V::LoadPartial(residual + c, left));
        V::StorePartial(out + c, x, left);
      }
    }
  }
};

}  // namespace embd::cpu
