#pragma once

#include "kernels/cpu/kernel_table.h"

namespace embd::cpu {

// Weights: a row of floats x is rounded to integers x / scale with scale = max |x| / 127, ties to
// even. A row without any value of at least 2^-100 has scale 0. One with a NaN or an infinity has
// NaN, so that everything computed from it is none either.
struct Int8Scale {
  float scale = 0.0F;
  float inverse = 0.0F;
};

[[gnu::always_inline]] inline Int8Scale Int8ScaleOf(float span, float steps) {
  if (span < 0x1p-100F) return {.scale = 0.0F, .inverse = 0.0F};
  if (!(span <= __FLT_MAX__)) return {.scale = __builtin_nanf(""), .inverse = 0.0F};
  return {.scale = span / steps, .inverse = steps / span};
}

// Activations: (x - low) / scale with low = min x and scale = (max x - low) / 255; otherwise alike.
// Where that difference is infinite the scale is NaN, too: so would some x - low be, and in halves
// each x would take one more product.
struct Int8Row {
  float low = 0.0F;
  float scale = 0.0F;
};

template <typename V>
class Int8Quantizer {
 public:
  // Quantises `cols` floats to the form of V::StoreActivations, anything up to `padded`.
  static Int8Row Activations(const float* from, std::int64_t cols, std::int64_t padded,
                             std::byte* to) {
    const Bounds bounds = BoundsOf(from, cols);
    const float span = bounds.finite ? bounds.high - bounds.low : __builtin_inff();
    const Int8Scale scale = Int8ScaleOf(span, 255.0F);
    const Reg low = V::Set(bounds.low);
    const Reg inverse = V::Set(scale.inverse);
    const auto store = [&](std::int64_t c, Reg x) __attribute__((always_inline)) {
      V::StoreActivations(to + c * V::kActivationBytes, V::Mul(V::Sub(x, low), inverse));
    };
    std::int64_t c = 0;
    for (; c + V::kWidth <= cols; c += V::kWidth) store(c, V::Load(from + c));
    if (c < cols) {
      store(c, V::LoadPartial(from + c, cols - c));
      c += V::kWidth;
    }
    for (; c < padded; c += V::kWidth) store(c, low);
    return {.low = bounds.low, .scale = scale.scale};
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
      task.offsets[i] = V::kActivationOffset * sum;
      task.sums[i] = task.scales[i] * static_cast<float>(sum);
    }
    Transpose(task, padded);
  }

 private:
  using Reg = typename V::Reg;

  struct Bounds {
    float low = 0.0F;
    float high = 0.0F;
    bool finite = true;
  };

  [[gnu::always_inline]] static void Widen(Reg x, Reg& low, Reg& high, Reg& odd) {
    low = V::Min(low, x);
    high = V::Max(high, x);
    odd = V::Fma(x, V::Zero(), odd);  // 0, or NaN once there was a NaN or an infinity
  }

  static Bounds BoundsOf(const float* from, std::int64_t cols) {
    if (cols < V::kWidth) {
      float filled[V::kWidth];
      for (int i = 0; i < V::kWidth; ++i) filled[i] = from[i < cols ? i : 0];
      return BoundsOf(filled, V::kWidth);
    }
    Reg low = V::Load(from);
    Reg high = low;
    Reg odd = V::Mul(low, V::Zero());
    std::int64_t c = V::kWidth;
    for (; c + V::kWidth <= cols; c += V::kWidth) Widen(V::Load(from + c), low, high, odd);
    if (c < cols) Widen(V::Load(from + cols - V::kWidth), low, high, odd);
    return {.low = -V::Largest(V::Negate(low)),
            .high = V::Largest(high),
            .finite = V::Sum(odd) == 0.0F};
  }

  static float Clear(std::int8_t* row, std::int64_t padded) {
    for (std::int64_t k = 0; k < padded; ++k) row[k] = 0;
    return 0.0F;
  }

  static float Column(const PackColumn& column, std::int64_t count, std::int64_t padded,
                      std::int8_t* row) {
    Reg largest = V::Zero();
    ForEach(column, count, [&](Reg x, std::int64_t) { largest = V::MaxBits(largest, V::Abs(x)); });
    const Int8Scale scale = Int8ScaleOf(V::LargestBits(largest), 127.0F);
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
