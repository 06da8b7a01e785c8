#pragma once

// Shared by the files under isa/. Everything under vector/ is a template on `V`, a struct of
// vector operations that each of those files defines for itself in its unnamed namespace. That
// gives every instantiation internal linkage, so code for one instruction set cannot stand in for
// another's. For the same reason nothing here calls the standard library's templates.
namespace embd::cpu {

template <int... kIndices>
struct Indices {};

template <int kCount, int... kIndices>
struct MakeIndices : MakeIndices<kCount - 1, kCount - 1, kIndices...> {};
template <int... kIndices>
struct MakeIndices<0, kIndices...> {
  using Type = Indices<kIndices...>;
};

template <typename F, int... kIndices>
[[gnu::always_inline]] constexpr void UnrollOver(F& body, Indices<kIndices...> /*indices*/) {
  (body.template operator()<kIndices>(), ...);
}

// body.operator()<0>(), <1>, ... <kCount - 1>: a loop that is unrolled for certain, which is what
// keeps arrays of registers in registers.
template <int kCount, typename F>
[[gnu::always_inline]] constexpr void Unroll(F&& body) {
  UnrollOver(body, typename MakeIndices<kCount>::Type());
}

}  // namespace embd::cpu
