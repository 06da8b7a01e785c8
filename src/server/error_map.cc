#include "server/error_map.h"

#include <array>
#include <cstddef>

namespace embd {
namespace {

// In the order of ErrorKind.
constexpr std::array<ErrorMapping, 7> kMappings = {{
    {.http_status = 422, .type = "Validation"},
    {.http_status = 400, .type = "Empty"},
    {.http_status = 422, .type = "Tokenizer"},
    {.http_status = 429, .type = "Overloaded"},
    {.http_status = 424, .type = "Backend"},
    {.http_status = 503, .type = "Unhealthy"},
    // Only a server that is going down answers so: a client that has gone reads nothing.
    {.http_status = 503, .type = "Unhealthy"},
}};
static_assert(static_cast<std::size_t>(ErrorKind::kCancelled) + 1 == kMappings.size());

}  // namespace

const ErrorMapping& MapError(ErrorKind kind) { return kMappings[static_cast<std::size_t>(kind)]; }

}  // namespace embd
