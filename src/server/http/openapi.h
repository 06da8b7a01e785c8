#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "api/server_info.h"
#include "server/http/routes.h"

namespace embd::http {

// More than the document takes, for the memory plan.
inline constexpr std::size_t kApiDocumentBytes = std::size_t{80} << 10U;

// The OpenAPI 3.0.3 document of these routes on a server for this model. Bodies are described by
// the functions that read them.
std::string WriteApiDocument(std::span<const Route> routes, const ServerInfo& info);

}  // namespace embd::http
