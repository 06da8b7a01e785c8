#pragma once

#include <cstdint>

#include "kernels/cpu/vector/math.h"
#include "kernels/cpu/vector/unroll.h"

namespace embd::cpu {

// One chunk of keys for a few registers of queries: scores[key][query], scaled for powers of two,
// become weights relative to the largest score so far.
struct SoftmaxTask {
  float* scores = nullptr;
  std::int64_t keys = 0;
  bool first = false;        // no chunk went before
  float* largest = nullptr;  // [queries]: in and out
  float* sums = nullptr;     // [queries]: in and out, the sum of all weights so far
  float* shrink = nullptr;   // [queries]: out unless first, what earlier results must be scaled by
};

template <typename V>
class Softmax {
 public:
  static void Run(std::int64_t regs, const SoftmaxTask& task) {
    switch (regs) {
      case 1:
        return RunRegs<1>(task);
      case 2:
        return RunRegs<2>(task);
      default:
        return RunRegs<V::kPanelRegs>(task);
    }
  }

 private:
  using Reg = typename V::Reg;

  template <int kRegs>
  static void RunRegs(const SoftmaxTask& task) {
    Reg largest[kRegs];
    Maximum<kRegs>(task, largest);
    Unroll<kRegs>([&]<int kReg>() __attribute__((always_inline)) {
      float* const before = task.largest + kReg * V::kWidth;
      if (!task.first) {
        largest[kReg] = V::Max(largest[kReg], V::Load(before));
        const Reg shrink = Math<V>::Exp2(V::Sub(V::Load(before), largest[kReg]));
        V::Store(task.shrink + kReg * V::kWidth, shrink);
      }
      V::Store(before, largest[kReg]);
    });
    Reg sums[kRegs];
    Weigh<kRegs>(task, largest, sums);
    Unroll<kRegs>([&]<int kReg>() __attribute__((always_inline)) {
      float* const total = task.sums + kReg * V::kWidth;
      if (!task.first) {
        const Reg shrink = V::Load(task.shrink + kReg * V::kWidth);
        sums[kReg] = V::Fma(V::Load(total), shrink, sums[kReg]);
      }
      V::Store(total, sums[kReg]);
    });
  }

  template <int kRegs>
  [[gnu::always_inline]] static void Maximum(const SoftmaxTask& task, Reg (&largest)[kRegs]) {
    const float* row = task.scores;
    Unroll<kRegs>([&]<int kReg>() __attribute__((always_inline)) {
      largest[kReg] = V::Load(row + kReg * V::kWidth);
    });
    for (std::int64_t key = 1; key < task.keys; ++key) {
      row += std::int64_t{kRegs} * V::kWidth;
      Unroll<kRegs>([&]<int kReg>() __attribute__((always_inline)) {
        largest[kReg] = V::Max(largest[kReg], V::Load(row + kReg * V::kWidth));
      });
    }
  }

  // The weights in place of the scores, and their sums in order of the keys.
  template <int kRegs>
  [[gnu::always_inline]] static void Weigh(const SoftmaxTask& task, const Reg (&largest)[kRegs],
                                           Reg (&sums)[kRegs]) {
    Unroll<kRegs>([&]<int kReg>() __attribute__((always_inline)) { sums[kReg] = V::Zero(); });
    float* row = task.scores;
    for (std::int64_t key = 0; key < task.keys; ++key) {
      Unroll<kRegs>([&]<int kReg>() __attribute__((always_inline)) {
        float* const score = row + kReg * V::kWidth;
        const Reg weight = Math<V>::Exp2(V::Sub(V::Load(score), largest[kReg]));
        sums[kReg] = V::Add(sums[kReg], weight);
        V::Store(score, weight);
      });
      row += std::int64_t{kRegs} * V::kWidth;
    }
  }
};

}  // namespace embd::cpu
