#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include "server/http/handler.h"
#include "server/http/json_body_reader.h"
#include "server/http/replies.h"

namespace embd::http {

// Inputs that are kept for the service to refuse when they are too many.
inline constexpr std::size_t kLeastKept = 4096;

inline JsonBodyReader ReaderOf(std::string_view body, const Context& context) {
  const std::size_t limit = context.service.info().max_client_batch_size;
  return {body, std::max(kLeastKept, limit)};
}

// What `read` makes of the request's body, which is then gone: from here on only its values are
// needed. Nothing when the body is refused; that is then answered.
template <typename Body>
std::optional<Body> ReadBody(Request& request, const Context& context, const Respond& respond,
                             bool (*read)(BodyReader&, Body&)) {
  JsonBodyReader reader = ReaderOf(request.body, context);
  std::optional<Body> body(std::in_place);
  if (read(reader, *body)) {
    request.body = std::string();
    return body;
  }
  if (context.part == Part::kInstance) {
    respond([detail = reader.error().detail, start = context.start] {
      return ErrorReply({.kind = ErrorKind::kValidation, .message = detail},
                        std::chrono::steady_clock::now() - start);
    });
  } else {
    respond([rejected = reader.rejection()] { return RejectionReply(rejected); });
  }
  return std::nullopt;
}

}  // namespace embd::http
