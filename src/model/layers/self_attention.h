#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "model/layers/step.h"
#include "model/weight_loader.h"
#include "model/weight_manifest.h"

namespace embd {

// x = norm(x + output(attention(qkv(x)))), softmax scaled by 1/sqrt(head_size)
struct SelfAttentionSpec {
  LinearSpec qkv;  // three parts: query, key, value
  LinearSpec output;
  NormSpec norm;
  int heads = 0;
  int head_size = 0;

  void AddTo(WeightManifest& manifest) const;
  // Of the arena, while Forward runs over that many tokens.
  std::size_t ActivationBytes(std::int64_t tokens) const;
};

class SelfAttention {
 public:
  SelfAttention(const SelfAttentionSpec& spec, const WeightLoader& loader);

  // x [tokens, hidden], in place.
  void Forward(const Step& step, MatrixView x) const;

 private:
  std::unique_ptr<const PreparedWeight> qkv_;
  std::unique_ptr<const PreparedWeight> output_;
  NormParameters norm_;
  int heads_;
  int head_size_;
};

}  // namespace embd
