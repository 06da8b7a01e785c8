#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "server/http/operation.h"

namespace embd::http {

enum class Method : std::uint8_t {
  kGet,   // also serves HEAD
  kPost,  // takes a JSON body
};

enum class Access : std::uint8_t {
  kOpen,
  kKey,  // needs the API key if the server has one
};

struct Route {
  Method method;
  std::string_view path;  // may hold one `*`: any text that is not empty, slashes included
  Access access;
  const Operation& operation;
};

// Every route of the server.
std::span<const Route> Routes();

}  // namespace embd::http
