#pragma once

#include <span>
#include <string_view>

namespace embd::http {

// A file of Swagger UI, compressed with gzip, in the binary.
struct DocsFile {
  std::string_view name;
  std::string_view content_type;
  std::string_view gzip;
};

// Empty when the build had no such files.
std::span<const DocsFile> DocsFiles();
// What changes when the files do.
std::string_view DocsVersion();

}  // namespace embd::http
