#pragma once

#include "kernels/cpu/kernel_table.h"

namespace embd::cpu {

// Rounds a row of floats x to integers of 8 bits: x / scale with scale = max |x| / 127, ties to
// even. A row without any value of at least 2^-100 has scale 0. One with a NaN or an infinity has
// NaN, so that everything computed from it is none either.
struct Int8Scale {
  float scale = 0.0F;
  float inverse = 0.0F;
};

[[gnu::always_inline]] inline Int8Scale Int8ScaleOf(float largest) {
  if (largest < 0x1p-100F) return {.scale = 0.0F, .inverse = 0.0F};
  if (!(largest <= __FLT_MAX__)) return {.scale = __builtin_nanf(""), .inverse = 0.0F};
  return {.scale = largest / 127.0F, .inverse = 127.0F / largest};
}

template <typename V>
class Int8Quantizer {
 public:
  // Quantises `cols` floats to the form of V::StoreActivations, zeros up to `padded`; returns the
  // scale.
  static float Activations(const float* from, std::int64_t cols, std::int64_t padded,
                           std::byte* to) {
    const Int8Scale scale = Int8ScaleOf(Largest(from, cols));
    const Reg inverse = V::Set(scale.inverse);
    std::int64_t c = 0;
    for (; c + V::kWidth <= cols; c += V::kWidth) {
      V::StoreActivations(to + c * V::kActivationBytes, V::Mul(V::Load(from + c), inverse));
    }
    if (c < cols) {
      const Reg x = V::LoadPartial(from + c, cols - c);
      V::StoreActivations(to + c * V::kActivationBytes, V::Mul(x, inverse));
      c += V::kWidth;
    }
    for (; c < padded; c += V::kWidth) {
      V::StoreActivations(to + c * V::kActivationBytes, V::Zero());
    }
    return scale.scale;
  }

  static void Pack(const Int8PackTask& task) {
    const std::int64_t padded =
        (task.in_features + V::kInt8KUnit - 1) / V::kInt8KUnit * V::kInt8KUnit;
    for (int i = 0; i < V::kWidth; ++i) {
      std::int8_t* const row = task.rows + i * padded;
      const bool empty = i >= task.count || task.columns[i].data == nullptr;
      task.scales[i] =
          empty ? Clear(row, padded) : Column(task.columns[i], task.in_features, padded, row);
      std::int32_t sum = 0;
      for (std::int64_t k = 0; k < padded; ++k) sum += row[k];
      task.offsets[i] = -V::kActivationOffset * sum;
    }
    Transpose(task, padded);
  }

 private:
  using Reg = typename V::Reg;

  // As bits, so that NaN is the largest of all.
  static float Largest(const float* from, std::int64_t cols) {
    Reg largest = V::Zero();
    std::int64_t c = 0;
    for (; c + V::kWidth <= cols; c += V::kWidth) {
      largest = V::MaxBits(largest, V::Abs(V::Load(from + c)));
    }
    if (c < cols) largest = V::MaxBits(largest, V::Abs(V::LoadPartial(from + c, cols - c)));
    return V::LargestBits(largest);
  }

  static float Clear(std::int8_t* row, std::int64_t padded) {
    for (std::int64_t k = 0; k < padded; ++k) row[k] = 0;
    return 0.0F;
  }

  static float Column(const PackColumn& column, std::int64_t count, std::int64_t padded,
                      std::int8_t* row) {
    Reg largest = V::Zero();
    ForEach(column, count, [&](Reg x, std::int64_t) { largest = V::MaxBits(largest, V::Abs(x)); });
    const Int8Scale scale = Int8ScaleOf(V::LargestBits(largest));
    const Reg inverse = V::Set(scale.inverse);
    Clear(row + count / V::kWidth * V::kWidth, padded - count / V::kWidth * V::kWidth);
    ForEach(column, count, [&](Reg x, std::int64_t k) { V::StoreS8(row + k, V::Mul(x, inverse)); });
    return scale.scale;
  }

  // Calls body(register, k) for all of a column, the last register filled up with zeros.
  template <typename F>
  [[gnu::always_inline]] static void ForEach(const PackColumn& column, std::int64_t count, F body) {
    std::int64_t k = 0;
    for (; k + V::kWidth <= count; k += V::kWidth) body(V::LoadAs(column.data, k, column.dtype), k);
    if (k == count) return;
    float rest[V::kWidth] = {};
    for (std::int64_t i = 0; k + i < count; ++i) {
      float one[V::kWidth];
      V::Store(one, V::LoadOneAs(column.data, k + i, column.dtype));
      rest[i] = one[0];
    }
    body(V::Load(rest), k);
  }

  // A word of four integers moves like a float.
  static void Transpose(const Int8PackTask& task, std::int64_t padded) {
    const std::int64_t words = padded / 4;
    std::int64_t w = 0;
    for (; w + V::kWidth <= words; w += V::kWidth) {
      Reg square[V::kWidth];
      for (int i = 0; i < V::kWidth; ++i) {
        square[i] =
            V::LoadAs(reinterpret_cast<const std::byte*>(task.rows + i * padded), w, DType::kF32);
      }
      V::Transpose(square);
      std::byte* to = task.to + w * task.to_stride;
      for (int i = 0; i < V::kWidth; ++i, to += task.to_stride) {
        V::StoreAs(to, 0, square[i], DType::kF32);
      }
    }
    for (; w < words; ++w) {
      for (int i = 0; i < V::kWidth; ++i) {
        __builtin_memcpy(task.to + w * task.to_stride + i * 4, task.rows + i * padded + w * 4, 4);
      }
    }
  }
};

}  // namespace embd::cpu
