#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <utility>

#include "api/validation.h"
#include "server/http/handler.h"
#include "server/http/replies.h"

namespace embd::http {

// A member of the service that does what a request asks.
template <typename ServiceRequest, typename Answer>
using ServiceCall = void (Service::*)(ServiceRequest, const Cancellation&, Service::Done<Answer>);

// Has the service do it and answers with the JSON that `write` makes of its answer, on the
// connection's thread, or with its error.
template <typename ServiceRequest, typename Answer, typename Write>
void Run(ServiceCall<ServiceRequest, Answer> call, ServiceRequest request, const Context& context,
         const Respond& respond, ErrorStyle errors, Write write) {
  const auto done = [respond, start = context.start, errors,
                     write = std::move(write)](Result<Answer> result) {
    respond([result = std::move(result), start, errors, write]() -> Response {
      const auto total = std::chrono::steady_clock::now() - start;
      if (!result) return ErrorReply(result.error(), total, errors);
      if constexpr (requires { result->compute; }) {
        return ComputedReply(write(*result), result->compute, total);
      } else {
        return JsonReply(write(*result));
      }
    });
  };
  (context.service.*call)(std::move(request), context.cancellation, done);
}

// Answers what is refused before the service is asked.
inline void Refuse(const Error& error, const Context& context, const Respond& respond,
                   ErrorStyle errors) {
  context.service.CountRefusal(/*is_batch=*/true, error);
  respond([error, errors, start = context.start] {
    return ErrorReply(error, std::chrono::steady_clock::now() - start, errors);
  });
}

}  // namespace embd::http
