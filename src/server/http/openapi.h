#pragma once

#include <span>
#include <string>

#include "api/server_info.h"
#include "server/http/routes.h"

namespace embd::http {

// The OpenAPI 3.0.3 document of these routes on a server for this model. Bodies are described by
// the functions that read them.
std::string WriteApiDocument(std::span<const Route> routes, const ServerInfo& info);

}  // namespace embd::http
