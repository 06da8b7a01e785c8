#include "kernels/cpu/isa/find_kernels.h"
#include "kernels/cpu/vector/kernels.h"
#include "kernels/half.h"
#include "tensor/convert.h"

namespace embd::cpu {
namespace {

// Four floats in the compiler's own vector type: the binary's baseline, whatever the architecture.
struct Portable {
  using Reg = float __attribute__((vector_size(16)));
  using Bits = std::uint32_t __attribute__((vector_size(16)));
  static constexpr int kWidth = 4;
  static constexpr int kTileRows = 6;
  static constexpr int kPanelRegs = 2;

  static Reg Zero() { return Reg{}; }
  static Reg Set(float x) { return Reg{x, x, x, x}; }
  static Reg Load(const float* from) {
    Reg x;
    __builtin_memcpy(&x, from, sizeof(x));
    return x;
  }
  static void Store(float* to, Reg x) { __builtin_memcpy(to, &x, sizeof(x)); }
  static Reg LoadPartial(const float* from, std::int64_t n) {
    Reg x = Zero();
    for (std::int64_t i = 0; i < n; ++i) x[i] = from[i];
    return x;
  }
  static void StorePartial(float* to, Reg x, std::int64_t n) {
    for (std::int64_t i = 0; i < n; ++i) to[i] = x[i];
  }
  static Reg KeepFirst(Reg x, std::int64_t n) {
    for (std::int64_t i = n; i < kWidth; ++i) x[i] = 0.0F;
    return x;
  }

  static Reg Add(Reg a, Reg b) { return a + b; }
  static Reg Sub(Reg a, Reg b) { return a - b; }
  static Reg Mul(Reg a, Reg b) { return a * b; }
  static Reg Div(Reg a, Reg b) { return a / b; }
  static Reg Fma(Reg a, Reg b, Reg c) { return a * b + c; }
  static Reg Max(Reg a, Reg b) { return a > b ? a : b; }
  static Reg Min(Reg a, Reg b) { return a < b ? a : b; }
  static Reg Abs(Reg x) { return AsReg(AsBits(x) & 0x7fffffffU); }
  static Reg Negate(Reg x) { return AsReg(AsBits(x) ^ 0x80000000U); }
  static Reg Sqrt(Reg x) {
    for (int i = 0; i < kWidth; ++i) x[i] = __builtin_sqrtf(x[i]);
    return x;
  }
  static float Sum(Reg x) { return (x[0] + x[2]) + (x[1] + x[3]); }

  static Reg Reciprocal(Reg x) { return Set(1.0F) / x; }
  // x * 2^n, where n is in the low bits of `shifted`.
  static Reg AddToExponent(Reg x, Reg shifted) {
    return AsReg(AsBits(x) + (AsBits(shifted) << 23));
  }
  static Reg ZeroWhereLess(Reg value, Reg x, Reg limit) { return x < limit ? Zero() : value; }
  static Reg SelectNegative(Reg x, Reg negative, Reg other) {
    return AsBits(x) >= 0x80000000U ? negative : other;
  }

  static Reg LoadAs(const std::byte* from, std::int64_t index, DType dtype) {
    Reg x;
    for (int i = 0; i < kWidth; ++i) x[i] = One(from, index + i, dtype);
    return x;
  }
  static Reg LoadOneAs(const std::byte* from, std::int64_t index, DType dtype) {
    return Reg{One(from, index, dtype), 0.0F, 0.0F, 0.0F};
  }

  static void Transpose(Reg (&r)[4]) {
    for (int i = 0; i < 4; ++i) {
      for (int j = 0; j < i; ++j) {
        const float other = r[i][j];
        r[i][j] = r[j][i];
        r[j][i] = other;
      }
    }
  }

  static void StoreAs(std::byte* to, std::int64_t index, Reg x, DType dtype) {
    if (dtype == DType::kF32) {
      __builtin_memcpy(to + index * 4, &x, sizeof(x));
      return;
    }
    for (int i = 0; i < kWidth; ++i) {
      const std::uint16_t half = dtype == DType::kF16 ? F16FromFloat(x[i]) : BF16FromFloat(x[i]);
      __builtin_memcpy(to + (index + i) * 2, &half, 2);
    }
  }

  // The larger of the values as integers, which for floats without a sign is the same but for NaN:
  // that is larger than all.
  static Reg MaxBits(Reg a, Reg b) { return AsBits(a) > AsBits(b) ? a : b; }
  static float LargestBits(Reg x) {
    const Reg two = MaxBits(x, Reg{x[2], x[3], x[2], x[3]});
    return MaxBits(two, Reg{two[1], two[1], two[1], two[1]})[0];
  }

  static float Largest(Reg x) {
    const Reg two = Max(x, Reg{x[2], x[3], x[2], x[3]});
    return Max(two, Reg{two[1], two[1], two[1], two[1]})[0];
  }

  using Ints = std::int32_t __attribute__((vector_size(16)));
  using Shorts = std::int16_t __attribute__((vector_size(16)));
  static constexpr int kInt8TileRows = 4;
  static constexpr int kInt8PanelRegs = 2;
  static constexpr int kInt8Parts = 1;
  static constexpr int kInt8KUnit = 4;
  static constexpr int kActivationBytes = 1;
  static constexpr int kActivationOffset = 128;

  static Ints LoadInts(const std::int32_t* from) {
    Ints x;
    __builtin_memcpy(&x, from, sizeof(x));
    return x;
  }
  static void StoreInts(std::int32_t* to, Ints x) { __builtin_memcpy(to, &x, sizeof(x)); }
  static Reg FromInts(Ints x) { return __builtin_convertvector(x, Reg); }
  static void StoreS8(std::int8_t* to, Reg x) {
    // Adding 1.5 * 2^23 leaves the nearest integer in the low bits.
    const Bits bits = AsBits(x + 0x1.8p23F);
    for (int i = 0; i < kWidth; ++i) to[i] = static_cast<std::int8_t>(bits[i] & 0xffU);
  }
  static void StoreActivations(std::byte* to, Reg x) {
    StoreS8(reinterpret_cast<std::int8_t*>(to), Sub(x, Set(128.0F)));
  }
  template <int kPart>
  static Ints LoadWeights(const std::byte* from) {
    Ints x;
    __builtin_memcpy(&x, from, sizeof(x));
    return x;
  }
  static Ints Broadcast(const std::byte* from) {
    std::int32_t word = 0;
    __builtin_memcpy(&word, from, sizeof(word));
    return Ints{word, word, word, word};
  }
  // Two products of integers up to 127 and 128 fit 16 bits.
  static Ints Dot(Ints sums, Ints value, Ints columns) {
    const Shorts pairs = Even(value) * Even(columns) + Odd(value) * Odd(columns);
    Ints words;
    __builtin_memcpy(&words, &pairs, sizeof(words));
    return sums + ((words << 16) >> 16) + (words >> 16);
  }

 private:
  static Shorts Even(Ints bytes) {
    Shorts pairs;
    __builtin_memcpy(&pairs, &bytes, sizeof(pairs));
    return (pairs << 8) >> 8;
  }
  static Shorts Odd(Ints bytes) {
    Shorts pairs;
    __builtin_memcpy(&pairs, &bytes, sizeof(pairs));
    return pairs >> 8;
  }
  static Bits AsBits(Reg x) {
    Bits bits;
    __builtin_memcpy(&bits, &x, sizeof(bits));
    return bits;
  }
  static Reg AsReg(Bits bits) {
    Reg x;
    __builtin_memcpy(&x, &bits, sizeof(x));
    return x;
  }
  static float One(const std::byte* from, std::int64_t index, DType dtype) {
    if (dtype == DType::kF32) {
      float x = 0.0F;
      __builtin_memcpy(&x, from + index * 4, 4);
      return x;
    }
    std::uint16_t half = 0;
    __builtin_memcpy(&half, from + index * 2, 2);
    return dtype == DType::kF16 ? FloatFromF16(half) : FloatFromBF16(half);
  }
};

constexpr CpuKernels kKernels = MakeKernels<Portable>();

}  // namespace

const CpuKernels& PortableKernels() { return kKernels; }

}  // namespace embd::cpu
