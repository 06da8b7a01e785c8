#include "kernels/cpu/cpu_backend.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "kernels/cpu/attention_split.h"
#include "kernels/cpu/isa/find_kernels.h"
#include "kernels/cpu/linear_split.h"
#include "kernels/cpu/packed_weight.h"

namespace embd {
namespace {

using cpu::CpuKernels;
using cpu::LinearTask;
using cpu::PackedWeight;

// Gives back what an operation took from its lane's scratch.
class ScratchScope {
 public:
  explicit ScratchScope(const Lane& lane) : arena_(*lane.scratch), mark_(arena_.mark()) {}
  ~ScratchScope() { arena_.Rewind(mark_); }
  ScratchScope(const ScratchScope&) = delete;
  ScratchScope& operator=(const ScratchScope&) = delete;

  float* Floats(std::size_t count) { return arena_.Floats(count); }
  std::byte* Bytes(std::size_t count) { return arena_.Bytes(count); }

 private:
  Arena& arena_;
  std::size_t mark_;
};

cpu::DistanceTask DistanceOf(const DistanceBias& bias, std::int64_t head) {
  return {.causal = bias.causal,
          .window = bias.window,
          .slope = bias.slopes == nullptr ? 0.0F : bias.slopes[head],
          .table = bias.table.data == nullptr ? nullptr : bias.table.row(head),
          .reach = bias.table.cols / 2};
}

class CpuBackend : public Backend {
 public:
  CpuBackend(CpuIsa isa, const CpuKernels& kernels)
      : name_("cpu-" + std::string(CpuIsaName(isa))), kernels_(kernels) {}

  std::string_view name() const override { return name_; }

  std::size_t PreparedBytes(std::int64_t out, std::int64_t in, WeightFormat format) const override {
    return PackedWeight::Bytes(out, in, format, kernels_);
  }

  std::unique_ptr<PreparedWeight> Prepare(std::span<const LinearWeight> stacked,
                                          WeightFormat format) const override {
    return std::make_unique<PackedWeight>(stacked, format, kernels_);
  }

  std::size_t ScratchBytes(const ScratchNeed& need) const override {
    const int matrices = need.gated ? 2 : 1;
    const std::size_t linear =
        std::max(kernels_.linear_scratch_bytes(need.max_features, matrices),
                 kernels_.int8.scratch_bytes(need.max_tokens, need.max_features, matrices));
    const std::size_t attention =
        kernels_.attention_scratch_floats(need.max_sequence_tokens, need.max_head_size);
    return Arena::FloatsBytes(std::max((linear + 3) / 4, attention));
  }

  void Embed(const EmbedArgs& args, MatrixView out, const Lane& lane) const override {
    const Lane::Range rows = lane.Share(out.rows);
    const auto row_of = [](const TensorView& table, std::uint32_t row) {
      return table.data +
             std::int64_t{row} * table.shape[1] * static_cast<std::int64_t>(SizeOf(table.dtype));
    };
    for (std::int64_t token = rows.begin; token < rows.end; ++token) {
      cpu::EmbedTask task{.rows = {row_of(args.words, args.ids[token])},
                          .dtypes = {args.words.dtype, args.types.dtype, args.positions.dtype},
                          .cols = out.cols,
                          .out = out.row(token)};
      if (args.types.data != nullptr) {
        task.rows[1] = row_of(args.types, args.type_ids.empty() ? 0 : args.type_ids[token]);
      }
      if (args.positions.data != nullptr) {
        task.rows[2] = row_of(args.positions, args.position_ids[token]);
      }
      kernels_.embed(task);
    }
    lane.Sync();
  }

  void Linear(ConstMatrixView in, const PreparedWeight& weight, const LinearOptions& options,
              MatrixView out, const Lane& lane) const override {
    const auto& packed = static_cast<const PackedWeight&>(weight);
    const cpu::LinearShare share = cpu::ShareLinear(lane, in.rows, packed.panels());
    ScratchScope scratch(lane);
    const ConstMatrixView& residual = options.residual;
    LinearTask task = packed.Task();
    if (options.gate != nullptr) {
      task.gate = static_cast<const PackedWeight&>(*options.gate).Panels();
    }
    task.in = in.row(share.rows.begin);
    task.in_stride = in.stride;
    task.rows = share.rows.end - share.rows.begin;
    task.panel_begin = share.panels.begin;
    task.panel_end = share.panels.end;
    task.activation = options.activation;
    task.residual = residual.data == nullptr ? nullptr : residual.row(share.rows.begin);
    task.residual_stride = residual.stride;
    task.out = out.row(share.rows.begin);
    task.out_stride = out.stride;
    const int matrices = options.gate == nullptr ? 1 : 2;
    task.scratch = scratch.Bytes(
        packed.is_int8() ? kernels_.int8.scratch_bytes(task.rows, task.in_features, matrices)
                         : kernels_.linear_scratch_bytes(task.in_features, matrices));
    packed.is_int8() ? kernels_.int8.linear(task) : kernels_.linear(task);
    lane.Sync();
  }

  void Attention(const AttentionArgs& args, MatrixView out, const Lane& lane) const override {
    const std::int64_t keys_begin = std::int64_t{args.heads} * args.head_size;
    const std::int64_t values_begin = keys_begin + std::int64_t{args.keys()} * args.head_size;
    const std::int64_t sharing = args.heads / args.keys();
    cpu::ForEachAttentionShare(
        args.offsets, args.heads, kernels_.query_block, lane,
        [&](const cpu::AttentionShare& share) {
          ScratchScope scratch(lane);
          const float* const first = args.qkv.row(share.first_token);
          const std::int64_t key_head = share.head / sharing * args.head_size;
          kernels_.attention({.query = first + share.head * args.head_size,
                              .key = first + keys_begin + key_head,
                              .value = first + values_begin + key_head,
                              .stride = args.qkv.stride,
                              .tokens = share.tokens,
                              .query_begin = share.query_begin,
                              .query_end = share.query_end,
                              .head_size = args.head_size,
                              .scale = args.scale,
                              .distance = DistanceOf(args.distance, share.head),
                              .out = out.row(share.first_token) + share.head * args.head_size,
                              .out_stride = out.stride,
                              .scratch = scratch.Floats(kernels_.attention_scratch_floats(
                                  share.tokens, args.head_size))});
        });
    lane.Sync();
  }

  void Rotate(const RotaryArgs& args, MatrixView x, const Lane& lane) const override {
    const Lane::Range rows = lane.Share(x.rows);
    const std::int64_t pairs = args.angles.cols / 2;
    const bool halves = args.pairs == RotaryPairs::kHalves;
    for (std::int64_t token = rows.begin; token < rows.end; ++token) {
      const float* const angles = args.angles.row(args.position_ids[token]);
      kernels_.rotate({.x = x.row(token),
                       .heads = x.cols / args.head_size,
                       .head_size = args.head_size,
                       .pairs = pairs,
                       .cos = angles,
                       .sin = angles + pairs,
                       .partner = halves ? pairs : 1,
                       .step = halves ? 1 : 2});
    }
    lane.Sync();
  }

  void Norm(ConstMatrixView in, const NormWeights& weights, const NormOptions& options,
            MatrixView out, const Lane& lane) const override {
    const Lane::Range rows = lane.Share(in.rows);
    const ConstMatrixView& residual = options.residual;
    kernels_.norm({.in = in.row(rows.begin),
                   .in_stride = in.stride,
                   .rows = rows.end - rows.begin,
                   .cols = in.cols / options.pieces,
                   .pieces = options.pieces,
                   .kind = weights.kind,
                   .gamma = weights.gamma,
                   .beta = weights.beta,
                   .epsilon = weights.epsilon,
                   .residual = residual.data == nullptr ? nullptr : residual.row(rows.begin),
                   .residual_stride = residual.stride,
                   .out = out.row(rows.begin),
                   .out_stride = out.stride});
    lane.Sync();
  }

  void Pool(ConstMatrixView hidden, std::span<const std::uint32_t> offsets, Pooling pooling,
            MatrixView out, const Lane& lane) const override {
    if (pooling == Pooling::kSplade) {
      PoolSplade(hidden, offsets, out, lane);
      lane.Sync();
      return;
    }
    const Lane::Range sequences = lane.Share(out.rows);
    for (std::int64_t sequence = sequences.begin; sequence < sequences.end; ++sequence) {
      const std::int64_t begin = offsets[sequence];
      const std::int64_t end = offsets[sequence + 1];
      // One token is its own mean, to the bit.
      const std::int64_t first = pooling == Pooling::kLastToken ? end - 1 : begin;
      kernels_.mean({.in = hidden.row(first),
                     .in_stride = hidden.stride,
                     .rows = pooling == Pooling::kMean ? end - begin : 1,
                     .cols = hidden.cols,
                     .out = out.row(sequence)});
    }
    lane.Sync();
  }

 private:
  // Lanes share the columns, which are many more than the sequences. The logarithm grows with its
  // argument, so it is taken of the largest value only.
  void PoolSplade(ConstMatrixView hidden, std::span<const std::uint32_t> offsets, MatrixView out,
                  const Lane& lane) const {
    const Lane::Range cols = lane.Share(out.cols, kLineFloats);
    for (std::int64_t sequence = 0; sequence < out.rows; ++sequence) {
      const std::int64_t begin = offsets[sequence];
      float* const row = out.row(sequence);
      kernels_.largest({.in = hidden.row(begin) + cols.begin,
                        .in_stride = hidden.stride,
                        .rows = offsets[sequence + 1] - begin,
                        .cols = cols.end - cols.begin,
                        .out = row + cols.begin});
      for (std::int64_t col = cols.begin; col < cols.end; ++col) {
        if (row[col] != 0) row[col] = std::log1p(row[col]);
      }
    }
  }

  static constexpr std::int64_t kLineFloats = 16;  // of a cache line

  std::string name_;
  const CpuKernels& kernels_;
};

}  // namespace

std::unique_ptr<const Backend> MakeCpuBackend(CpuIsa isa) {
  const CpuIsa checked = CpuIsaFromChoice(CpuIsaName(isa), "cpu backend");
  return std::make_unique<const CpuBackend>(checked, *cpu::FindKernels(checked));
}

}  // namespace embd
