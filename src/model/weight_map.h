#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tensor/safetensors.h"

namespace embd {

enum class TensorUse : std::uint8_t {
  kRequired,
  kOptional,
  kIgnored,  // known to be of no use: not reported as unused, whatever its shape and type
};

// Where a tensor may stand that has no prefix of its own.
enum class TensorPlace : std::uint8_t {
  kUnderPrefix,  // with the prefix that the checkpoint uses
  kAnywhere,     // with it or without: heads stand beside the encoder in most checkpoints
};

// One row of an architecture's table of tensors.
struct TensorRule {
  // Canonical, without any prefix. Of an ignored one it may end in '*', which stands for any rest;
  // it is ignored with the prefix and without.
  std::string name;
  Shape shape;
  TensorUse use = TensorUse::kRequired;
  std::vector<std::string> aliases;  // other accepted spellings of `name`
  TensorPlace place = TensorPlace::kUnderPrefix;
  // Optional tensors of one group, which is not empty, are all there or none is.
  std::string group = {};
};

// The tensors of a checkpoint under an architecture's canonical names. Views stay valid while the
// Checkpoint lives. Const access is safe from any thread.
class WeightMap {
 public:
  // Tries `prefixes` in order and takes the first under which the first rule's tensor exists.
  // Throws LoadError naming the tensors that are missing, of another shape, or not a float type.
  static WeightMap Resolve(const Checkpoint& checkpoint, const std::vector<TensorRule>& rules,
                           const std::vector<std::string>& prefixes);

  // The tensor of a rule; data is null when it is optional and absent. Asking for a name that no
  // rule has is a bug and aborts.
  TensorView Get(std::string_view name) const;

  // Tensors of the checkpoint that no rule took, by full name and shape.
  const std::vector<std::string>& unused() const { return unused_; }
  // One line about them for the start log; empty when there are none.
  std::string UnusedWarning() const;

 private:
  std::map<std::string, TensorView, std::less<>> tensors_;
  std::vector<std::string> unused_;
};

}  // namespace embd
