#pragma once

#include <memory>

#include "model/encoder.h"
#include "model/model_spec.h"

namespace embd {

// BERT (Devlin et al. 2018): absolute positions, token types, post-norm layers. Checkpoints of
// BertModel and of the pre-training and masked-language models around it, whose heads are not used.
// Throws LoadError for config values that are missing, contradictory or not supported.
std::unique_ptr<const Architecture> MakeBert(const ModelSpec& spec);

}  // namespace embd
