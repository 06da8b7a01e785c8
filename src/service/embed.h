#pragma once

#include <span>
#include <vector>

#include "api/embed.h"
#include "service/operation.h"

namespace embd {

// The parts of the dense, sparse and token-wise embeddings that are their own.
InferenceRequest MakeEmbed(EmbedRequest request, const ModelFacts& facts,
                           OperationFor<EmbedResponse>::Done done);

InferenceRequest MakeEmbedTokens(EmbedTokensRequest request, const ModelFacts& facts,
                                 OperationFor<EmbedTokensResponse>::Done done);

InferenceRequest MakeEmbedSparse(EmbedSparseRequest request, const ModelFacts& facts,
                                 OperationFor<EmbedSparseResponse>::Done done);

// The values of a row that are not 0, ascending by index.
std::vector<SparseValue> SparseOf(std::span<const float> row);

}  // namespace embd
