#pragma once

#include <optional>
#include <string>
#include <utility>

#include "server/http/body_reader.h"
#include "server/http/handler.h"
#include "server/http/replies.h"

namespace embd::http {

// What `read` makes of the request's body, which is then gone: from here on only its values are
// needed. Nothing when the body is refused; that is then answered.
template <typename Body>
std::optional<Body> ReadBody(Request& request, const Respond& respond,
                             bool (*read)(BodyReader&, Body&)) {
  BodyReader reader(request.body);
  std::optional<Body> body(std::in_place);
  if (!read(reader, *body)) {
    respond([rejected = reader.rejection()] { return RejectionReply(rejected); });
    return std::nullopt;
  }
  request.body = std::string();
  return body;
}

}  // namespace embd::http
