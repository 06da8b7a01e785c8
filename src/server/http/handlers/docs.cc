#include "server/http/docs_files.h"

#include <algorithm>
#include <string>

#include "server/http/handlers/handlers.h"
#include "server/http/routes.h"

namespace embd::http {
namespace {

constexpr std::string_view kFolder = "/docs/";
constexpr std::string_view kHtmlType = "text/html; charset=utf-8";
constexpr std::string_view kScriptType = "text/javascript; charset=utf-8";
// Nothing from elsewhere, and nothing to elsewhere. Swagger UI sets styles on its elements and
// shows pictures that are part of its style sheet.
constexpr std::string_view kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'";

// Everything is named relative to the page, so that it also works behind a prefix.
constexpr std::string_view kPage =
    R"(<!doctype html><html lang="en"><head><meta charset="utf-8"><title>embd</title>)"
    R"(<link rel="icon" type="image/png" href="favicon-32x32.png">)"
    R"(<link rel="stylesheet" href="swagger-ui.css"></head><body><div id="swagger-ui"></div>)"
    R"(<script src="swagger-ui-bundle.js"></script><script src="start.js"></script></body></html>)";
constexpr std::string_view kStart =
    R"(SwaggerUIBundle({url: "../api-doc/openapi.json", dom_id: "#swagger-ui", validatorUrl: null});)"
    "\n";

// What there is without Swagger UI.
std::string PlainPage() {
  std::string html =
      R"(<!doctype html><html lang="en"><head><meta charset="utf-8"><title>embd</title></head><body>)"
      R"(<h1>embd</h1><p>The API in full: <a href="../api-doc/openapi.json">openapi.json</a>.</p><ul>)";
  for (const Route& route : Routes()) {
    html += route.method == Method::kGet ? "<li>GET <code>" : "<li>POST <code>";
    html += std::string(route.path) + "</code>: " + std::string(route.operation.summary);
  }
  return html + "</ul></body></html>";
}

Response Page(std::string_view type, std::string body) {
  Response response = TextReply(200, std::move(body));
  response.content_type = type;
  response.headers = {{"content-security-policy", std::string(kPolicy)},
                      {"cache-control", "no-cache"}};
  return response;
}

// Every browser takes gzip, so the files are not there in any other form.
Response File(const DocsFile& file, const std::string& known) {
  const std::string tag = "\"" + std::string(DocsVersion()) + "\"";
  Response response = EmptyReply(304);
  if (known != tag) {
    response = TextReply(200, std::string(file.gzip));
    response.content_type = file.content_type;
    response.headers = {{"content-encoding", "gzip"}, {"x-content-type-options", "nosniff"}};
  }
  response.headers.emplace_back("etag", tag);
  response.headers.emplace_back("cache-control", "public, max-age=86400");
  return response;
}

Response Find(std::string_view name, const std::string& known) {
  const std::span<const DocsFile> files = DocsFiles();
  if (name.empty()) {
    return Page(kHtmlType, files.empty() ? PlainPage() : std::string(kPage));
  }
  if (name == "start.js" && !files.empty()) return Page(kScriptType, std::string(kStart));
  const auto file =
      std::find_if(files.begin(), files.end(), [&](const DocsFile& f) { return f.name == name; });
  return file == files.end() ? EmptyReply(404) : File(*file, known);
}

void HandleDocs(Request& request, const Context& /*context*/, const Respond& respond) {
  respond([name = request.path.substr(kFolder.size()), known = request.if_none_match] {
    return Find(name, known);
  });
}

void HandleRedirect(Request& /*request*/, const Context& /*context*/, const Respond& respond) {
  respond([] { return RedirectReply(std::string(kFolder)); });
}

}  // namespace

const Operation kDocs = {
    .handle = HandleDocs,
    .span = "docs",
    .tag = "Documentation",
    .summary = "Read and try the API in a browser",
    .answer = {"Page", R"({"type":"string"})"},
    .answer_type = kHtmlType,
};

const Operation kDocsFile = {
    .handle = HandleDocs,
    .span = "docs",
    .tag = "Documentation",
    .summary = "Get a file of the page",
    .hidden = true,
};

const Operation kDocsRedirect = {
    .handle = HandleRedirect,
    .span = "docs",
    .tag = "Documentation",
    .summary = "Go to the page",
    .answer_status = 303,
};

}  // namespace embd::http
