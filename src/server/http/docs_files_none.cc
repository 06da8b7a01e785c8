#include "server/http/docs_files.h"

namespace embd::http {

std::span<const DocsFile> DocsFiles() { return {}; }

std::string_view DocsVersion() { return "none"; }

}  // namespace embd::http
