#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/classify.h"
#include "api/embed.h"
#include "api/server_info.h"
#include "api/tokenize.h"
#include "base/result.h"

namespace embd::http {

// The longest that AppendFloat appends.
inline constexpr std::size_t kMaxFloatChars = 17;

// Appends the shortest decimal that reads back as the same float, laid out as TEI does it: with a
// decimal point from 1e-6 up to below 1e13, else with an exponent (1e-7, 1.2345679e-8, 1e13).
// NaN and infinities become null.
void AppendFloat(std::string& out, float value);

// Appends [v,v,...].
void AppendFloats(std::string& out, std::span<const float> values);

// Appends `text`, which is UTF-8, in quotes.
void AppendString(std::string& out, std::string_view text);

// [[...],...], one list for each input.
std::string WriteEmbeddings(const EmbedResponse& response);

// [[[...],...],...], for each input one list for each token.
std::string WriteTokenEmbeddings(const EmbedTokensResponse& response);

// [[{"index":...,"value":...},...],...], one list for each input.
std::string WriteSparseEmbeddings(const EmbedSparseResponse& response);

// [{"score":...,"label":...},...], of a batch one such list for each input.
std::string WritePredictions(const PredictResponse& response,
                             const std::vector<std::string>& labels, bool is_batch);

// [{"index":...,"text":...,"score":...},...]; the texts are left out when there are none.
std::string WriteRanks(const RerankResponse& response, const std::vector<std::string>& texts);

// [[{"id":...,"text":...,"special":...,"start":...,"stop":...},...],...], one list for each text.
std::string WriteTokens(const TokenizeResponse& response);

// ["...",...]
std::string WriteTexts(const DecodeResponse& response);

// The body of GET /info.
std::string WriteInfo(const ServerInfo& info);

// {"error":...,"error_type":...}
std::string WriteError(const Error& error);

// {"message":...,"code":...,"type":...}
std::string WriteOpenAiError(const Error& error);

}  // namespace embd::http
