#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tokenizer/decoders/decoder.h"

namespace embd {

// Sequence: one decoder after the other.
class SequenceDecoder : public Decoder {
 public:
  explicit SequenceDecoder(std::vector<std::unique_ptr<Decoder>> steps)
      : steps_(std::move(steps)) {}
  void Decode(std::vector<std::string>& parts) const override {
    for (const std::unique_ptr<Decoder>& step : steps_) step->Decode(parts);
  }

 private:
  std::vector<std::unique_ptr<Decoder>> steps_;
};

}  // namespace embd
