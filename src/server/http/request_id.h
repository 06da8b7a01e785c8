#pragma once

#include <string>
#include <string_view>

namespace embd::http {

// Whether a client's name for its request can be handed on: short, and nothing that could break a
// header or a line of a log.
bool IsUsableRequestId(std::string_view id);

// A name that no other request has: 32 random hexadecimal digits. Any thread.
std::string MakeRequestId();

}  // namespace embd::http
