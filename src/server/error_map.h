#pragma once

#include <string_view>

#include "base/result.h"

namespace embd {

// How an ErrorKind looks from outside: the one table of statuses and names.
struct ErrorMapping {
  int http_status;
  std::string_view type;  // "error_type" in JSON bodies
};

const ErrorMapping& MapError(ErrorKind kind);

}  // namespace embd
