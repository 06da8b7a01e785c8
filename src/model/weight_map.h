#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tensor/safetensors.h"

namespace embd {

// One row of an architecture's table of tensors.
struct TensorRule {
  std::string name;  // canonical, without any prefix
  Shape shape;
  bool required = true;
  std::vector<std::string> aliases;  // other accepted spellings of `name`
};

// The tensors of a checkpoint under an architecture's canonical names. Views stay valid while the
// Checkpoint lives.
class WeightMap {
 public:
  // Tries `prefixes` in order and takes the first under which the first rule's tensor exists.
  // Throws LoadError naming every tensor that is missing, of another shape, or not a float type.
  static WeightMap Resolve(const Checkpoint& checkpoint, const std::vector<TensorRule>& rules,
                           const std::vector<std::string>& prefixes);

  // The tensor of a rule; data is null when it is optional and absent. Asking for a name that no
  // rule has is a bug and aborts.
  TensorView Get(std::string_view name) const;

  // Tensors of the checkpoint that no rule took, by full name and shape.
  const std::vector<std::string>& unused() const { return unused_; }

 private:
  std::map<std::string, TensorView, std::less<>> tensors_;
  std::vector<std::string> unused_;
};

}  // namespace embd
