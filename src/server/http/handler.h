#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string_view>

#include "engine/cancellation.h"
#include "server/http/message.h"
#include "service/service.h"

namespace embd::http {

// What a request is a part of.
enum class Part : std::uint8_t {
  kWhole,
  kInstance,  // one of many in one body: what is wrong with it is told like any other error
};

// What a handler gets beside the request. Valid until it has responded.
struct Context {
  Service& service;
  Cancellation cancellation;  // set when the client has gone
  std::chrono::steady_clock::time_point start;
  std::string_view api_document = {};  // JSON
  Part part = Part::kWhole;
};

// Takes, once and from any thread, what makes the answer; that runs on the connection's own thread,
// so JSON is written there and not by those who compute. It may throw: then the answer is 500.
using Respond = std::function<void(std::function<Response()>)>;

// Answers one request, at once or later. May throw before it has passed `respond` on. May take what
// it needs out of `request`.
using Handler = void (*)(Request& request, const Context& context, const Respond& respond);

}  // namespace embd::http
