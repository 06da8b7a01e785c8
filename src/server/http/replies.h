#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "api/embed.h"
#include "base/result.h"
#include "server/http/json_body_reader.h"
#include "server/http/message.h"

namespace embd::http {

inline constexpr std::string_view kJsonType = "application/json";
inline constexpr std::string_view kTextType = "text/plain; charset=utf-8";

// How an error looks.
enum class ErrorStyle : std::uint8_t {
  kTei,     // {"error","error_type"}
  kOpenAi,  // {"message","code","type"}
};

// The answers that every route gives alike.

Response EmptyReply(int status);
Response TextReply(int status, std::string text);
Response JsonReply(std::string json);
// With the status that belongs to the kind; with retry-after when the server is full.
Response ErrorReply(const Error& error, std::chrono::nanoseconds total,
                    ErrorStyle style = ErrorStyle::kTei);
Response RejectionReply(Rejection rejection);
// To another path of this server.
Response RedirectReply(std::string path);
// An answer that the model computed: with the x-* headers and a log record.
Response ComputedReply(std::string json, const ComputeInfo& compute,
                       std::chrono::nanoseconds total);

}  // namespace embd::http
