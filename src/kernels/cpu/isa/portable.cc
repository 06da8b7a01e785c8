#include "kernels/cpu/isa/find_kernels.h"
#include "kernels/cpu/vector/kernels.h"
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

 private:
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
