#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string_view>

#include "kernels/lane.h"
#include "kernels/options.h"
#include "tensor/tensor_view.h"

namespace embd {

// A weight matrix [out, in] as the checkpoint holds it, and its bias [out] (data null: none).
struct LinearWeight {
  TensorView weight;
  TensorView bias;
};

// One or more weight matrices in the layout and type that a backend computes with. Made by
// Backend::Prepare, immutable, usable only with the backend that made it, from any thread.
class PreparedWeight {
 public:
  virtual ~PreparedWeight() = default;
  std::int64_t out_features() const { return out_features_; }
  std::int64_t in_features() const { return in_features_; }

 protected:
  PreparedWeight(std::int64_t out_features, std::int64_t in_features)
      : out_features_(out_features), in_features_(in_features) {}

 private:
  std::int64_t out_features_;
  std::int64_t in_features_;
};

// Row `t` of the result is the sum of one row from each table. All tables have `hidden` columns.
// Ids are in range: the tokenizer and the batch builder see to it.
struct EmbedArgs {
  TensorView words;                             // [vocabulary, hidden]
  TensorView positions;                         // [positions, hidden]; data null: none
  TensorView types;                             // [types, hidden]; data null: none
  std::span<const std::uint32_t> ids;           // [tokens]
  std::span<const std::uint32_t> position_ids;  // [tokens]
  std::span<const std::uint32_t> type_ids;      // [tokens]; none: all of type 0
};

struct LinearOptions {
  Activation activation = Activation::kNone;
  // Another weight of the same shape and format, whose product (with its bias) the activated result
  // is multiplied by; null: none.
  const PreparedWeight* gate = nullptr;
  // Added to the activated result when its data is not null; [rows, out]. May be `out` itself.
  ConstMatrixView residual;
};

// What a query's scores are added by how far its keys are, before the softmax, and which keys it
// does not see. Distances count tokens, from the query to the key.
struct DistanceBias {
  static constexpr std::int64_t kUnlimited = std::numeric_limits<std::int64_t>::max();

  bool causal = false;               // no key after the query
  std::int64_t window = kUnlimited;  // no key further away
  // [heads]: -slope * |distance|; null: none.
  const float* slopes = nullptr;
  // [heads, 2 * reach + 1]: row h holds what is added at distances -reach to reach, and at those
  // beyond what is at the ends. Data null: none. Models that keep such values by buckets of
  // distances write them out at load.
  ConstMatrixView table = {};
};

// Scaled dot-product attention over packed sequences: token i of a sequence attends to the tokens
// of the same sequence, softmax(q k^T * scale + bias) v, for each head by itself.
struct AttentionArgs {
  // [tokens, (heads + 2 * kv_heads) * head_size]: all q, then all k, then all v
  ConstMatrixView qkv;
  std::span<const std::uint32_t>
      offsets;  // [sequences + 1]: where each sequence starts, and the end
  int heads = 0;
  int head_size = 0;
  float scale = 1.0F;
  int kv_heads = 0;  // a divisor of heads, as many of which share each key and value; 0: heads
  DistanceBias distance = {};

  int keys() const { return kv_heads == 0 ? heads : kv_heads; }
};

// Turns pairs of values of every head by an angle that grows with the token's position.
struct RotaryArgs {
  std::span<const std::uint32_t> position_ids;  // [tokens]
  // [positions, rotated]: the cosines of a position's angles, one for each pair, then the sines.
  // Of each head the first `rotated` values turn, the others stay; it is even.
  ConstMatrixView angles;
  int head_size = 0;
  RotaryPairs pairs = RotaryPairs::kHalves;
};

struct NormWeights {
  const float* gamma = nullptr;  // [cols]
  const float* beta = nullptr;   // [cols]; null: none
  float epsilon = 1e-12F;
  NormKind kind = NormKind::kLayer;
};

struct NormOptions {
  // A row is so many pieces of equal size, each normalised by itself (the heads of a query); the
  // weights are then of one piece.
  std::int64_t pieces = 1;
  // Added to the result when its data is not null; [rows, cols]. May be `out` itself.
  ConstMatrixView residual = {};
};

// The largest step a worker will run and the largest shapes in it, from which scratch is sized.
struct ScratchNeed {
  std::int64_t max_tokens = 0;
  std::int64_t max_sequence_tokens = 0;
  std::int64_t max_features = 0;  // the widest input of a Linear
  int max_head_size = 0;
  bool gated = false;  // some Linear has a gate
};

// The coarse operations of a forward pass. A backend is immutable and shared by all threads; the
// caller's thread does the work, or its `lane`'s share of it. Every operation ends with
// lane.Sync(), so its result may be used at once. An element's value depends only on its own row's
// (or sequence's) input, never on what else is in the step nor on how lanes split it. None
// allocates or fails. Views may be misaligned; `out` may not overlap an input unless said
// otherwise.
class Backend {
 public:
  virtual ~Backend() = default;

  // For logs and metrics: "ref", "cpu-avx512", ...
  virtual std::string_view name() const = 0;

  // Bytes that Prepare will allocate for [out, in], known before any weight is read.
  virtual std::size_t PreparedBytes(std::int64_t out, std::int64_t in,
                                    WeightFormat format) const = 0;
  // Stacks the matrices along `out` (query, key and value become one product), whatever floats they
  // are now. All share `in`. Biases are always kept as 32-bit floats. Throws std::bad_alloc only.
  virtual std::unique_ptr<PreparedWeight> Prepare(std::span<const LinearWeight> stacked,
                                                  WeightFormat format) const = 0;
  // Bytes of Lane::scratch that the operations below need.
  virtual std::size_t ScratchBytes(const ScratchNeed& need) const = 0;

  // out [tokens, hidden]
  virtual void Embed(const EmbedArgs& args, MatrixView out, const Lane& lane) const = 0;
  // in [rows, in_features] -> out [rows, out_features] = activation(in W^T + bias) + residual
  // or, with a gate,                                 activation(in W^T + bias) * gate + residual.
  // A row with a value that is not finite gives one that is not finite, in any format; with weights
  // of kInt8 so does one whose least and largest value lie further apart than any float (3.4e38).
  virtual void Linear(ConstMatrixView in, const PreparedWeight& weight,
                      const LinearOptions& options, MatrixView out, const Lane& lane) const = 0;
  // out [tokens, heads * head_size]
  virtual void Attention(const AttentionArgs& args, MatrixView out, const Lane& lane) const = 0;
  // x [tokens, any number of heads * head_size], in place.
  virtual void Rotate(const RotaryArgs& args, MatrixView x, const Lane& lane) const = 0;
  // Each row to the size that the kind says, then * gamma + beta + residual. `out` may be `in`.
  virtual void Norm(ConstMatrixView in, const NormWeights& weights, const NormOptions& options,
                    MatrixView out, const Lane& lane) const = 0;
  // hidden [tokens, cols] -> out [sequences, cols]
  // A column with a value that is not finite gives one that is not finite.
  virtual void Pool(ConstMatrixView hidden, std::span<const std::uint32_t> offsets, Pooling pooling,
                    MatrixView out, const Lane& lane) const = 0;
};

}  // namespace embd
