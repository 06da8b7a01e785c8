#pragma once

#include "kernels/cpu/kernel_table.h"

namespace embd::cpu {

// A pair (a, b) becomes (a cos - b sin, b cos + a sin).
template <typename V>
class RotaryKernel {
 public:
  static void Run(const RotaryTask& task) {
    for (std::int64_t head = 0; head < task.heads; ++head) {
      float* const x = task.x + head * task.head_size;
      task.step == 1 ? Halves(task, x) : Neighbours(task, x);
    }
  }

 private:
  using Reg = typename V::Reg;

  struct Pair {
    Reg a, b;
  };

  [[gnu::always_inline]] static Pair Turn(Pair x, Reg cos, Reg sin) {
    return {.a = V::Sub(V::Mul(x.a, cos), V::Mul(x.b, sin)),
            .b = V::Add(V::Mul(x.b, cos), V::Mul(x.a, sin))};
  }

  static void Halves(const RotaryTask& task, float* x) {
    float* const other = x + task.partner;
    std::int64_t i = 0;
    for (; i + V::kWidth <= task.pairs; i += V::kWidth) {
      const Pair turned = Turn({.a = V::Load(x + i), .b = V::Load(other + i)},
                               V::Load(task.cos + i), V::Load(task.sin + i));
      V::Store(x + i, turned.a);
      V::Store(other + i, turned.b);
    }
    if (const std::int64_t left = task.pairs - i; left > 0) {
      const Pair turned =
          Turn({.a = V::LoadPartial(x + i, left), .b = V::LoadPartial(other + i, left)},
               V::LoadPartial(task.cos + i, left), V::LoadPartial(task.sin + i, left));
      V::StorePartial(x + i, turned.a, left);
      V::StorePartial(other + i, turned.b, left);
    }
  }

  // Few models have their pairs side by side: what the compiler makes of this does for them.
  static void Neighbours(const RotaryTask& task, float* x) {
    for (std::int64_t i = 0; i < task.pairs; i += V::kWidth) {
      const std::int64_t left = task.pairs - i;
      const std::int64_t count = left < V::kWidth ? left : V::kWidth;
      float* const at = x + i * task.step;
      float a[V::kWidth] = {};
      float b[V::kWidth] = {};
      for (std::int64_t n = 0; n < count; ++n) {
        a[n] = at[n * task.step];
        b[n] = at[n * task.step + task.partner];
      }
      const Pair turned =
          Turn({.a = V::Load(a), .b = V::Load(b)}, V::LoadPartial(task.cos + i, count),
               V::LoadPartial(task.sin + i, count));
      V::Store(a, turned.a);
      V::Store(b, turned.b);
      for (std::int64_t n = 0; n < count; ++n) {
        at[n * task.step] = a[n];
        at[n * task.step + task.partner] = b[n];
      }
    }
  }
};

}  // namespace embd::cpu
