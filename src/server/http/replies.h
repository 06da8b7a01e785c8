#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "api/embed.h"
#include "base/result.h"
#include "server/http/body_reader.h"
#include "server/http/message.h"

namespace embd::http {

inline constexpr std::string_view kJsonType = "application/json";
inline constexpr std::string_view kTextType = "text/plain; charset=utf-8";

// The answers that every route gives alike.

Response EmptyReply(int status);
Response TextReply(int status, std::string text);
Response JsonReply(std::string json);
// {"error","error_type"} with the status that belongs to the kind; with retry-after when the server
// is full.
Response ErrorReply(const Error& error, std::chrono::nanoseconds total);
// {"message","code","type"}, as OpenAI's clients read it.
Response OpenAiErrorReply(const Error& error, std::chrono::nanoseconds total);
Response RejectionReply(Rejection rejection);
// An answer that the model computed: with the x-* headers and a log record.
Response ComputedReply(std::string json, const ComputeInfo& compute,
                       std::chrono::nanoseconds total);

}  // namespace embd::http
