#include "server/http/docs_files.h"

#include <array>
#include <cstddef>

// Puts a file into the read-only data, which is mapped and not read before somebody asks for it.
#define EMBD_INCLUDE_FILE(symbol, path)                                                       \
  asm(".section .rodata\n"                                                                    \
      ".global " #symbol "_begin\n" #symbol "_begin:\n.incbin \"" path "\"\n.global " #symbol \
      "_end\n" #symbol "_end:\n.byte 0\n.previous\n");                                        \
  extern "C" const char symbol##_begin[]; /* NOLINT(modernize-avoid-c-arrays) */              \
  extern "C" const char symbol##_end[];   /* NOLINT(modernize-avoid-c-arrays) */

EMBD_INCLUDE_FILE(embd_swagger_js, EMBD_SWAGGER_UI "/swagger-ui-bundle.js.gz")
EMBD_INCLUDE_FILE(embd_swagger_css, EMBD_SWAGGER_UI "/swagger-ui.css.gz")
EMBD_INCLUDE_FILE(embd_swagger_icon, EMBD_SWAGGER_UI "/favicon-32x32.png.gz")

namespace embd::http {
namespace {

std::string_view Between(const char* begin, const char* end) {
  return {begin, static_cast<std::size_t>(end - begin)};
}

}  // namespace

std::span<const DocsFile> DocsFiles() {
  static const std::array<DocsFile, 3> kFiles = {{
      {"swagger-ui-bundle.js", "text/javascript; charset=utf-8",
       Between(embd_swagger_js_begin, embd_swagger_js_end)},
      {"swagger-ui.css", "text/css; charset=utf-8",
       Between(embd_swagger_css_begin, embd_swagger_css_end)},
      {"favicon-32x32.png", "image/png", Between(embd_swagger_icon_begin, embd_swagger_icon_end)},
  }};
  return kFiles;
}

std::string_view DocsVersion() { return EMBD_SWAGGER_UI_VERSION; }

}  // namespace embd::http
