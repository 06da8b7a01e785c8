#pragma once

// Elementary functions on registers. All have the argument range and error that their comment
// says; the tests measure them against double precision. The activations of NaN are NaN: where
// an argument is one, V::Max returns its second.
namespace embd::cpu {

template <typename V>
struct Math {
  using Reg = typename V::Reg;

  // 2^x for x <= 0, within 2 units in the last place; 0 below -126. The polynomial is a minimax fit
  // on [-1/2, 1/2] (relative error 2e-9).
  [[gnu::always_inline]] static Reg Exp2(Reg x) {
    // Adding 1.5 * 2^23 leaves the nearest integer in the low bits.
    const Reg shifted = V::Add(x, V::Set(0x1.8p23F));
    const Reg fraction = V::Sub(x, V::Sub(shifted, V::Set(0x1.8p23F)));
    Reg power = V::Set(1.5353361873854794e-4F);
    power = V::Fma(power, fraction, V::Set(1.339887442259459e-3F));
    power = V::Fma(power, fraction, V::Set(9.618437357882051e-3F));
    power = V::Fma(power, fraction, V::Set(5.5503324710993084e-2F));
    power = V::Fma(power, fraction, V::Set(2.4022647913625955e-1F));
    power = V::Fma(power, fraction, V::Set(6.931472028550819e-1F));
    power = V::Fma(power, fraction, V::Set(1.0F));
    return V::ZeroWhereLess(V::AddToExponent(power, shifted), x, V::Set(-126.0F));
  }

  // e^x for x <= 0; relative error about |x| * 6e-8.
  [[gnu::always_inline]] static Reg Exp(Reg x) {
    return Exp2(V::Mul(x, V::Set(1.4426950408889634F)));
  }

  // x Phi(x), Phi the normal distribution function; absolute error below 1e-7 + 6e-8 |x|.
  // Written as max(x, 0) - t(|x|) with t(a) = a Phi(-a), which is small and smooth. Phi(-a) is
  // e^(-a^2/2) E(a), and E is a polynomial in y = 1 / (1 + 0.4 a): a minimax fit on [0, 7],
  // weighted so that the error of t is below 7e-9.
  [[gnu::always_inline]] static Reg Gelu(Reg x) {
    const Reg a = V::Min(V::Abs(x), V::Set(20.0F));
    const Reg y = V::Reciprocal(V::Fma(a, V::Set(0.4F), V::Set(1.0F)));
    Reg e = V::Set(5.7431325316429138e-2F);
    e = V::Fma(e, y, V::Set(-2.584839165210724e-1F));
    e = V::Fma(e, y, V::Set(3.451390266418457e-1F));
    e = V::Fma(e, y, V::Set(9.346893057227135e-3F));
    e = V::Fma(e, y, V::Set(1.900457888841629e-1F));
    e = V::Fma(e, y, V::Set(1.565212905406952e-1F));
    const Reg density = Exp2(V::Mul(V::Mul(a, V::Set(-0.72134752044448170F)), a));
    const Reg tail = V::Mul(V::Mul(e, y), V::Mul(density, a));
    return V::Sub(V::Max(V::Zero(), x), tail);
  }

  // 1 / (1 + e^-x)
  [[gnu::always_inline]] static Reg Sigmoid(Reg x) {
    const Reg e = Exp(V::Negate(V::Abs(x)));
    const Reg low = V::Mul(e, V::Reciprocal(V::Add(V::Set(1.0F), e)));  // of -|x|
    return V::SelectNegative(x, low, V::Sub(V::Set(1.0F), low));
  }

  [[gnu::always_inline]] static Reg Silu(Reg x) { return V::Mul(x, Sigmoid(x)); }

  [[gnu::always_inline]] static Reg GeluTanh(Reg x) {
    // x/2 (1 + tanh u) = x sigmoid(2u). Beyond 12 the sigmoid is 0 or 1, and u would overflow.
    const Reg a = V::Max(V::Min(x, V::Set(12.0F)), V::Set(-12.0F));
    const Reg cubic = V::Fma(V::Mul(a, V::Set(0.044715F)), V::Mul(a, a), a);
    return V::Mul(x, Sigmoid(V::Mul(cubic, V::Set(1.5957691216057308F))));
  }

  // Absolute error below 2e-7.
  [[gnu::always_inline]] static Reg Tanh(Reg x) {
    const Reg e = Exp(V::Mul(V::Abs(x), V::Set(-2.0F)));
    const Reg one = V::Set(1.0F);
    const Reg magnitude = V::Mul(V::Sub(one, e), V::Reciprocal(V::Add(one, e)));
    return V::SelectNegative(x, V::Negate(magnitude), magnitude);
  }

  [[gnu::always_inline]] static Reg Relu(Reg x) { return V::Max(V::Zero(), x); }
};

// What follows products of integers, whose own error is a thousand times larger: where V has it, a
// table does for GELU, with an absolute error below 4e-6.
template <typename V>
struct Int8Math : Math<V> {
  using Reg = typename V::Reg;

  [[gnu::always_inline]] static Reg Gelu(Reg x) {
    if constexpr (requires { V::TableGelu(x); }) {
      return V::TableGelu(x);
    } else {
      return Math<V>::Gelu(x);
    }
  }
};

}  // namespace embd::cpu
