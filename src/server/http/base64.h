#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace embd::http {

// Appends `bytes` in the standard alphabet, padded (RFC 4648, section 4).
void AppendBase64(std::string& out, std::span<const std::byte> bytes);

}  // namespace embd::http
