#pragma once

#include <memory>

#include "model/encoder.h"
#include "model/model_spec.h"

namespace embd {

// BERT (Devlin et al. 2018): absolute positions, token types, post-norm layers; with the heads of
// classification and of masked-language models. Throws LoadError for config values that are
// missing, contradictory or not supported.
std::unique_ptr<const Architecture> MakeBert(const ModelSpec& spec);
// The same layers under RoBERTa's names (Liu et al. 2019), XLM-RoBERTa's and CamemBERT's: positions
// begin after the padding id, and the heads are others.
std::unique_ptr<const Architecture> MakeRoberta(const ModelSpec& spec);

}  // namespace embd
