#pragma once

#include <span>
#include <string>
#include <string_view>

#include "api/embed.h"
#include "api/server_info.h"
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

// The body of GET /info.
std::string WriteInfo(const ServerInfo& info);

// {"error":...,"error_type":...}
std::string WriteError(const Error& error);

// {"message":...,"code":...,"type":...}
std::string WriteOpenAiError(const Error& error);

}  // namespace embd::http
