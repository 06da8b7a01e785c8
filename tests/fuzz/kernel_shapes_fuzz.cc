// Operations of every instruction set that the machine runs, over shapes, strides and options that
// the input chooses, against the reference. The values come from a generator that the input seeds;
// what lies between and behind rows is NaN, so reading it spoils a result, and stays NaN.

#include <fuzzer/FuzzedDataProvider.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include "kernels/cpu/cpu_backend.h"
#include "kernels/half.h"
#include "kernels/ref/ref_backend.h"

namespace embd {
namespace {

constexpr float kEpsilon = std::numeric_limits<float>::epsilon();
constexpr float kNone = std::numeric_limits<float>::quiet_NaN();
constexpr float kTiny = 1e-40F;    // a scale at which values are denormals, ...
constexpr float kStep = 1.5e-45F;  // ... and how far they lie apart

void Require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "kernel_shapes_fuzz: %s\n", what);
  std::abort();
}

class Matrix {
 public:
  Matrix(std::int64_t rows, std::int64_t cols, std::int64_t gap = 0, std::int64_t shift = 0)
      : rows_(rows), cols_(cols), stride_(cols + gap), shift_(shift) {
    // Ends with the last row: what reads on is seen by ASan.
    const std::int64_t size = rows == 0 ? 0 : (rows - 1) * stride_ + cols;
    block_.assign(static_cast<std::size_t>(shift + size), kNone);
  }

  void Fill(std::mt19937& random, float scale) {
    std::normal_distribution<float> normal(0.0F, scale);
    for (std::int64_t r = 0; r < rows_; ++r) {
      for (std::int64_t c = 0; c < cols_; ++c) view().row(r)[c] = normal(random);
    }
  }
  MatrixView view() {
    return {.data = block_.data() + shift_, .rows = rows_, .cols = cols_, .stride = stride_};
  }
  TensorView tensor() const {  // of a matrix without gaps
    return {.data = reinterpret_cast<const std::byte*>(block_.data() + shift_),
            .dtype = DType::kF32,
            .shape = {rows_, cols_}};
  }
  void RequireGaps() {
    for (std::size_t i = 0; i < block_.size(); ++i) {
      const std::int64_t at = static_cast<std::int64_t>(i) - shift_;
      if (at >= 0 && at % stride_ < cols_) continue;
      Require(std::isnan(block_[i]), "written between rows");
    }
  }

 private:
  std::int64_t rows_, cols_, stride_, shift_;
  std::vector<float> block_;
};

// |actual - expected| <= tolerance(row, column) everywhere.
template <typename F>
void RequireNear(Matrix& actual, Matrix& expected, F tolerance, const char* what) {
  for (std::int64_t r = 0; r < expected.view().rows; ++r) {
    for (std::int64_t c = 0; c < expected.view().cols; ++c) {
      const float wanted = expected.view().row(r)[c];
      const float got = actual.view().row(r)[c];
      if (std::abs(got - wanted) <= tolerance(r, c)) continue;
      std::fprintf(stderr, "[%d, %d]: %g, expected %g within %g\n", static_cast<int>(r),
                   static_cast<int>(c), got, wanted, tolerance(r, c));
      Require(false, what);
    }
  }
  actual.RequireGaps();
}

// Scratch of exactly the declared size, for an operation as one of several lanes would run it.
class Scratch {
 public:
  Scratch(const Backend& backend, const ScratchNeed& need)
      : bytes_((backend.ScratchBytes(need) + 63) / 64 * 64),
        block_(static_cast<std::byte*>(std::aligned_alloc(64, bytes_ + 64))) {}
  ~Scratch() { std::free(block_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  template <typename F>
  void RunAs(int lanes, F run) {
    for (int i = 0; i < lanes; ++i) {
      Arena arena({block_, bytes_});
      run(Lane{.index = i, .count = lanes, .barrier = nullptr, .scratch = &arena});
    }
  }

 private:
  std::size_t bytes_;
  std::byte* block_;
};

// One input: who computes, and what the sizes are drawn from.
struct Run {
  explicit Run(FuzzedDataProvider& input)
      : in(input),
        isas(SupportedCpuIsas()),
        backend(MakeCpuBackend(isas[in.ConsumeIntegralInRange<std::size_t>(0, isas.size() - 1)])),
        random(in.ConsumeIntegral<std::uint32_t>()),
        lanes(in.ConsumeIntegralInRange(1, 5)) {}

  std::int64_t Size(std::int64_t from, std::int64_t to) {
    return in.ConsumeIntegralInRange<std::int64_t>(from, to);
  }
  // Of inputs: of an ordinary size or denormals.
  float Scale() { return in.ConsumeBool() ? kTiny : 1.0F; }
  // A matrix of random values, at an odd address and with gaps if the input says so.
  Matrix Random(std::int64_t rows, std::int64_t cols, float scale = 1.0F) {
    Matrix matrix = Empty(rows, cols);
    matrix.Fill(random, scale);
    return matrix;
  }
  Matrix Empty(std::int64_t rows, std::int64_t cols) {
    return {rows, cols, Size(0, 9), Size(0, 3)};
  }

  FuzzedDataProvider& in;
  std::vector<CpuIsa> isas;
  std::unique_ptr<const Backend> backend;
  std::unique_ptr<const Backend> ref = MakeRefBackend();
  std::mt19937 random;
  int lanes;
};

void FuzzLinear(Run& run) {
  const std::int64_t rows = run.Size(0, 40);
  const std::int64_t k = run.Size(1, 400);
  const std::int64_t out = run.Size(1, 120);
  const auto format = static_cast<WeightFormat>(run.Size(0, 3));
  const auto activation = static_cast<Activation>(run.Size(0, 5));
  const bool gated = run.in.ConsumeBool();
  const bool with_residual = run.in.ConsumeBool();
  const float size = run.Scale();
  // Of a size at which sums are of the size of the inputs.
  const float scale = 1 / std::sqrt(static_cast<float>(k));
  Matrix weights[2] = {Matrix(out, k), Matrix(out, k)};
  Matrix biases[2] = {Matrix(1, out), Matrix(1, out)};
  std::unique_ptr<PreparedWeight> actual[2];
  std::unique_ptr<PreparedWeight> expected[2];
  for (int i = 0; i < 2; ++i) {
    weights[i].Fill(run.random, scale);
    biases[i].Fill(run.random, size);
    const LinearWeight part{.weight = weights[i].tensor(), .bias = biases[i].tensor()};
    actual[i] = run.backend->Prepare({&part, 1}, format);
    expected[i] = run.ref->Prepare({&part, 1}, format);
  }
  Matrix in = run.Random(rows, k, size);
  Matrix residual = run.Random(rows, out, size);
  Matrix want = Matrix(rows, out);
  Matrix got = run.Empty(rows, out);
  const auto linear = [&](const Backend& backend, std::unique_ptr<PreparedWeight>* weight,
                          Matrix& to, const Lane& lane) {
    LinearOptions options{.activation = activation, .residual = {}};
    if (gated) options.gate = weight[1].get();
    if (with_residual) options.residual = residual.view();
    backend.Linear(in.view(), *weight[0], options, to.view(), lane);
  };
  linear(*run.ref, expected, want, {});
  Scratch scratch(*run.backend, {.max_tokens = rows, .max_features = k, .gated = gated});
  scratch.RunAs(run.lanes, [&](const Lane& lane) { linear(*run.backend, actual, got, lane); });
  // Sums of k products of size scale, as far as rounding errors add up; GELU after integers from a
  // table; a factor of up to 8 for the other factor of a gate.
  const float length = static_cast<float>(k);
  const float sum = kEpsilon * (4 + std::sqrt(length)) * (length * scale + 8) +
                    (format == WeightFormat::kInt8 ? 8e-6F : 1e-6F);
  // Denormals are rounded to a step at each addition. The other activations are as near as above.
  const bool exact = activation == Activation::kNone || activation == Activation::kRelu;
  const float allowed =
      exact && size == kTiny ? (length + 8) * kStep : sum * (gated ? 16.0F : 1.0F);
  RequireNear(
      got, want, [&](std::int64_t, std::int64_t) { return allowed; }, "linear");
}

void FuzzAttention(Run& run) {
  const int kv_heads = static_cast<int>(run.Size(1, 2));
  const int heads = kv_heads * static_cast<int>(run.Size(1, 2));
  const int head_size = static_cast<int>(run.Size(1, 288));
  std::vector<std::uint32_t> offsets = {0};
  std::uint32_t longest = 0;
  // Fewer sequences where heads are large, since the reference takes its time.
  for (std::int64_t i = run.Size(0, head_size > 80 ? 1 : 3); i > 0; --i) {
    const auto length = static_cast<std::uint32_t>(run.Size(0, 150));
    offsets.push_back(offsets.back() + length);
    longest = std::max(longest, length);
  }
  AttentionArgs args{.qkv = {},
                     .offsets = offsets,
                     .heads = heads,
                     .head_size = head_size,
                     .scale = 1 / std::sqrt(static_cast<float>(head_size)),
                     .kv_heads = kv_heads};
  args.distance.causal = run.in.ConsumeBool();
  if (run.in.ConsumeBool()) args.distance.window = run.Size(0, 220);
  Matrix slopes = run.Random(1, heads, 0.1F);
  if (run.in.ConsumeBool()) args.distance.slopes = slopes.view().data;
  Matrix table = run.Random(heads, 2 * run.Size(0, 100) + 1);
  if (run.in.ConsumeBool()) args.distance.table = table.view();
  const float size = run.Scale();
  Matrix qkv = run.Random(offsets.back(), std::int64_t{heads + 2 * kv_heads} * head_size, size);
  args.qkv = qkv.view();
  const std::int64_t cols = std::int64_t{heads} * head_size;
  Matrix want(offsets.back(), cols);
  Matrix got = run.Empty(offsets.back(), cols);
  const ScratchNeed need{.max_tokens = longest,
                         .max_sequence_tokens = longest,
                         .max_features = 1,
                         .max_head_size = head_size};
  Scratch(*run.ref, need).RunAs(1, [&](const Lane& lane) {
    run.ref->Attention(args, want.view(), lane);
  });
  Scratch(*run.backend, need).RunAs(run.lanes, [&](const Lane& lane) {
    run.backend->Attention(args, got.view(), lane);
  });
  // Scores are below 8 sqrt(head size), biases below 200 times the slope; a weight's relative error
  // is that of its score, and values are below 6. Denormals are rounded to a step at each addition.
  const float score = 8 * std::sqrt(static_cast<float>(head_size)) + 200 * 0.5F + 5;
  const float allowed =
      kEpsilon * (4 * score + 16) * 6 * size + static_cast<float>(longest) * kStep;
  RequireNear(
      got, want, [&](std::int64_t, std::int64_t) { return allowed; }, "attention");
}

void FuzzNorm(Run& run) {
  const std::int64_t pieces = run.Size(1, 4);
  const std::int64_t cols = run.Size(3, 300);
  const std::int64_t rows = run.Size(0, 12);
  const float size = run.Scale();
  Matrix in = run.Random(rows, pieces * cols, 3.0F * size);
  Matrix residual = run.Random(rows, pieces * cols);
  Matrix weights = run.Random(2, cols);
  const NormWeights norm{.gamma = weights.view().row(0),
                         .beta = run.in.ConsumeBool() ? weights.view().row(1) : nullptr,
                         .epsilon = 0.01F,
                         .kind = static_cast<NormKind>(run.Size(0, 1))};
  NormOptions options{.pieces = pieces};
  if (run.in.ConsumeBool()) options.residual = residual.view();
  Matrix want(rows, pieces * cols);
  Matrix got = run.Empty(rows, pieces * cols);
  run.ref->Norm(in.view(), norm, options, want.view(), {});
  Scratch(*run.backend, {}).RunAs(run.lanes, [&](const Lane& lane) {
    run.backend->Norm(in.view(), norm, options, got.view(), lane);
  });
  // Epsilon keeps the spread above 0.1, so values of size 15 and their mean's error grow tenfold,
  // and gamma is below 6, as are beta and residual. A step of a denormal grows as far.
  const float length = 4 + std::sqrt(static_cast<float>(cols));
  const bool adds = norm.beta != nullptr || options.residual.data != nullptr;
  const float allowed =
      kEpsilon * (length * 15 * 10 * 6 * size + (adds ? 12.0F : 0.0F)) + 3 * 10 * 6 * kStep;
  RequireNear(
      got, want, [&](std::int64_t, std::int64_t) { return allowed; }, "norm");
}

void FuzzRotary(Run& run) {
  const auto head_size = static_cast<int>(run.Size(1, 140));
  const std::int64_t heads = run.Size(0, 4);
  const std::int64_t rows = run.Size(0, 12);
  Matrix angles = run.Random(5, 2 * run.Size(0, head_size / 2));
  std::vector<std::uint32_t> positions;
  for (std::int64_t i = 0; i < rows; ++i) {
    positions.push_back(static_cast<std::uint32_t>(run.Size(0, 4)));
  }
  const RotaryArgs args{.position_ids = positions,
                        .angles = angles.view(),
                        .head_size = head_size,
                        .pairs = static_cast<RotaryPairs>(run.Size(0, 1))};
  const float size = run.Scale();
  Matrix got = run.Random(rows, heads * head_size, size);
  Matrix want(rows, heads * head_size);
  for (std::int64_t r = 0; r < rows; ++r) {
    std::copy_n(got.view().row(r), got.view().cols, want.view().row(r));
  }
  run.ref->Rotate(args, want.view(), {});
  Scratch(*run.backend, {}).RunAs(run.lanes, [&](const Lane& lane) {
    run.backend->Rotate(args, got.view(), lane);
  });
  // Two products of values below 6.
  const float allowed = kEpsilon * 2 * 36 * size + 2 * kStep;
  RequireNear(
      got, want, [&](std::int64_t, std::int64_t) { return allowed; }, "rotary");
}

constexpr DType kTypes[] = {DType::kF32, DType::kF16, DType::kBF16};

// Some rows of an embedding table in any float type; ends with the last row, as Matrix does.
class Table {
 public:
  Table(Run& run, std::int64_t rows, std::int64_t cols)
      : dtype_(kTypes[run.Size(0, 2)]), shape_{rows, cols} {
    // Small enough for denormals of either 16-bit type, too.
    const float sizes[] = {1.0F, 1e-6F, kTiny};
    Matrix values(rows, cols);
    values.Fill(run.random, sizes[run.Size(0, 2)]);
    bytes_.resize(static_cast<std::size_t>(rows * cols) * SizeOf(dtype_));
    std::byte* to = bytes_.data();
    for (std::int64_t i = 0; i < rows * cols; ++i, to += SizeOf(dtype_)) {
      const float value = values.view().data[i];
      const std::uint16_t narrow =
          dtype_ == DType::kF16 ? F16FromFloat(value) : BF16FromFloat(value);
      dtype_ == DType::kF32 ? std::memcpy(to, &value, 4) : std::memcpy(to, &narrow, 2);
    }
  }
  TensorView view() const { return {.data = bytes_.data(), .dtype = dtype_, .shape = shape_}; }

 private:
  DType dtype_;
  Shape shape_;
  std::vector<std::byte> bytes_;
};

void FuzzEmbed(Run& run) {
  const std::int64_t tokens = run.Size(0, 20);
  const std::int64_t cols = run.Size(1, 300);
  const Table words(run, run.Size(1, 5), cols);
  const Table positions(run, run.Size(1, 5), cols);
  const Table types(run, run.Size(1, 2), cols);
  const auto ids_of = [&](const Table& table) {
    std::vector<std::uint32_t> ids;
    for (std::int64_t i = 0; i < tokens; ++i) {
      ids.push_back(static_cast<std::uint32_t>(run.Size(0, table.view().shape[0] - 1)));
    }
    return ids;
  };
  const std::vector<std::uint32_t> ids[] = {ids_of(words), ids_of(positions), ids_of(types)};
  EmbedArgs args{.words = words.view(),
                 .positions = {},
                 .types = {},
                 .ids = ids[0],
                 .position_ids = ids[1],
                 .type_ids = {}};
  if (run.in.ConsumeBool()) args.positions = positions.view();
  if (run.in.ConsumeBool()) args.types = types.view();
  if (run.in.ConsumeBool()) args.type_ids = ids[2];
  Matrix want(tokens, cols);
  Matrix got = run.Empty(tokens, cols);
  run.ref->Embed(args, want.view(), {});
  Scratch(*run.backend, {}).RunAs(run.lanes, [&](const Lane& lane) {
    run.backend->Embed(args, got.view(), lane);
  });
  // The same two additions in the same order.
  RequireNear(
      got, want, [](std::int64_t, std::int64_t) { return 0.0F; }, "embed");
}

void FuzzPool(Run& run) {
  const std::int64_t cols = run.Size(1, 300);
  const auto pooling = static_cast<Pooling>(run.Size(0, 3));
  const float size = run.Scale();
  std::vector<std::uint32_t> offsets = {0};
  for (std::int64_t i = run.Size(0, 4); i > 0; --i) {
    offsets.push_back(offsets.back() + static_cast<std::uint32_t>(run.Size(1, 60)));
  }
  const auto sequences = static_cast<std::int64_t>(offsets.size()) - 1;
  Matrix hidden = run.Random(offsets.back(), cols, size);
  Matrix want(sequences, cols);
  Matrix got = run.Empty(sequences, cols);
  run.ref->Pool(hidden.view(), offsets, pooling, want.view(), {});
  Scratch(*run.backend, {}).RunAs(run.lanes, [&](const Lane& lane) {
    run.backend->Pool(hidden.view(), offsets, pooling, got.view(), lane);
  });
  // Half an epsilon of each partial sum, of which none is above 60 values of 6, divided by as many
  // as there are; of one logarithm or one row nothing or little.
  const float allowed = pooling == Pooling::kMean     ? kEpsilon * 180 * size + kStep
                        : pooling == Pooling::kSplade ? kEpsilon * 4 * size + kStep
                                                      : 0.0F;
  RequireNear(
      got, want, [&](std::int64_t, std::int64_t) { return allowed; }, "pool");
}

}  // namespace
}  // namespace embd

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzedDataProvider input(data, size);
  const int operation = input.ConsumeIntegralInRange(0, 5);
  embd::Run run(input);
  if (operation == 0) embd::FuzzLinear(run);
  if (operation == 1) embd::FuzzAttention(run);
  if (operation == 2) embd::FuzzNorm(run);
  if (operation == 3) embd::FuzzRotary(run);
  if (operation == 4) embd::FuzzEmbed(run);
  if (operation == 5) embd::FuzzPool(run);
  return 0;
}
