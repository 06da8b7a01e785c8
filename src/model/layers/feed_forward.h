#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "model/layers/step.h"
#include "model/weight_loader.h"
#include "model/weight_manifest.h"

namespace embd {

// x = norm(x + down(activation(up(x))))
struct FeedForwardSpec {
  LinearSpec up;
  Activation activation = Activation::kGelu;
  LinearSpec down;
  NormSpec norm;

  void AddTo(WeightManifest& manifest) const;
  // Of the arena, while Forward runs over that many tokens.
  std::size_t ActivationBytes(std::int64_t tokens) const;
};

class FeedForward {
 public:
  FeedForward(const FeedForwardSpec& spec, const WeightLoader& loader);

  // x [tokens, hidden], in place.
  void Forward(const Step& step, MatrixView x) const;

 private:
  std::unique_ptr<const PreparedWeight> up_;
  Activation activation_;
  std::unique_ptr<const PreparedWeight> down_;
  NormParameters norm_;
};

}  // namespace embd
