#pragma once

#include <cstdint>
#include <string_view>
#include <utility>

#include "api/server_info.h"
#include "server/http/body_reader.h"
#include "server/http/handler.h"
#include "server/http/replies.h"

namespace embd::http {

// What works on a request, which decides how it may end.
enum class Work : std::uint8_t {
  kNone,       // answered at once
  kTokenizer,  // may be refused for what it asks
  kModel,      // may also be turned away, or fail
};

// One thing that the server does: the handler, and beside it what GET /api-doc/openapi.json tells.
// Constants; their texts are JSON where it says so.
struct Operation {
  Handler handle;
  std::string_view span;  // what its lines in the log are told to be of, as in TEI
  std::string_view tag;
  std::string_view summary;
  Work work = Work::kNone;
  // Goes through the members of the body; null: there is none.
  bool (*body)(BodyReader&) = nullptr;
  std::string_view example = {};  // JSON of a body
  int answer_status = 200;        // of a success
  // Of the body of a success; without a name: there is none.
  Shape answer = {};
  std::string_view answer_type = kJsonType;
  ErrorStyle errors = ErrorStyle::kTei;
  bool hidden = false;              // not in the document
  bool errors_when_unwell = false;  // it tells whether the server is well
  // What is done instead on a server for this model; null: it does not depend on it.
  const Operation& (*choose)(const ServerInfo& info) = nullptr;
};

// What an operation is on a server for this model.
inline const Operation& Chosen(const Operation& operation, const ServerInfo& info) {
  return operation.choose != nullptr ? operation.choose(info) : operation;
}

namespace internal {
template <typename Body>
Body BodyOf(bool (*)(BodyReader&, Body&));
}  // namespace internal

// Operation::body of a function that reads a body into a struct.
template <auto kRead>
bool Describe(BodyReader& reader) {
  decltype(internal::BodyOf(kRead)) body;
  return kRead(reader, body);
}

}  // namespace embd::http
