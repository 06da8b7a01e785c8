#include "server/http/router.h"

#include <gtest/gtest.h>

#include <optional>

namespace embd::http {
namespace {

std::optional<std::string> Header(const Response& response, std::string_view name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return value;
  }
  return std::nullopt;
}

struct RouterCase {
  std::string_view method, path, content_type, authorization;
  int status;  // 0: goes to the route
  std::string_view allow;
};

Request HeadOf(const RouterCase& c) {
  Request head;
  head.method = c.method;
  head.path = c.path;
  head.content_type = c.content_type;
  head.authorization = c.authorization;
  return head;
}

void Check(const Router& router, std::span<const RouterCase> cases) {
  for (const RouterCase& c : cases) {
    const Router::Decision decision = router.Decide(HeadOf(c));
    SCOPED_TRACE(std::string(c.method) + " " + std::string(c.path));
    EXPECT_EQ(decision.route != nullptr, c.status == 0);
    if (c.status == 0 || !decision.answer) continue;
    EXPECT_EQ(decision.answer->status, c.status);
    EXPECT_EQ(Header(*decision.answer, "allow").value_or(""), c.allow);
  }
}

constexpr std::string_view kJson = "application/json";

TEST(Router, FindsRoutesAndAnswersWhereThereIsNone) {
  constexpr RouterCase kCases[] = {
      {"POST", "/embed", kJson, "", 0, ""},
      {"POST", "/", kJson, "", 0, ""},
      {"GET", "/", "", "", 0, ""},
      {"HEAD", "/", "", "", 0, ""},
      {"GET", "/health", "", "", 0, ""},
      {"HEAD", "/info", "", "", 0, ""},
      {"GET", "/metrics", "", "", 0, ""},
      {"GET", "/embed", "", "", 405, "POST"},
      {"PUT", "/embed", kJson, "", 405, "POST"},
      {"POST", "/info", kJson, "", 405, "GET,HEAD"},
      {"DELETE", "/", "", "", 405, "GET,HEAD,POST"},
      {"post", "/embed", kJson, "", 405, "POST"},
      {"POST", "/embed/", kJson, "", 404, ""},
      {"GET", "/v1/models", "", "", 0, ""},
      {"POST", "/v1/models", kJson, "", 405, "GET,HEAD"},
      {"POST", "/models/x/pipeline/feature-extraction", kJson, "", 0, ""},
      {"POST", "/models/org/x/pipeline/feature-extraction", kJson, "", 0, ""},
      {"POST", "/models//pipeline/feature-extraction", kJson, "", 404, ""},
      {"POST", "/models/pipeline/feature-extraction", kJson, "", 404, ""},
      {"POST", "/pipeline/feature-extraction/org/x", kJson, "", 0, ""},
      {"POST", "/pipeline/feature-extraction/", kJson, "", 404, ""},
      {"GET", "/models/x/pipeline/feature-extraction", "", "", 405, "POST"},
      {"POST", "*", kJson, "", 404, ""},
      {"POST", "/embed", "", "", 415, ""},
      {"POST", "/embed", "text/plain", "", 415, ""},
      {"OPTIONS", "/embed", "", "", 200, "POST"},
      {"OPTIONS", "/nowhere", "", "", 200, ""},
      {"OPTIONS", "*", "", "", 200, ""},
  };
  Check(Router(Routes(), {}), kCases);
}

TEST(Router, AsksForTheKeyWhereItMust) {
  constexpr RouterCase kCases[] = {
      {"POST", "/embed", kJson, "Bearer secret", 0, ""},
      {"POST", "/embed", kJson, "", 401, ""},
      {"POST", "/embed", "", "", 401, ""},  // before the type is looked at
      {"POST", "/embed", kJson, "Bearer secreT", 401, ""},
      {"POST", "/embed", kJson, "Bearer secret ", 401, ""},
      {"POST", "/embed", kJson, "bearer secret", 401, ""},
      {"POST", "/embed", kJson, "Bearer  secret", 401, ""},
      {"POST", "/embed", kJson, "secret", 401, ""},
      {"POST", "/", kJson, "", 401, ""},
      {"GET", "/info", "", "", 401, ""},
      {"GET", "/embed", "", "", 401, "POST"},
      {"GET", "/embed", "", "Bearer secret", 405, "POST"},
      {"POST", "/health", "", "", 405, "GET,HEAD"},
      {"GET", "/health", "", "", 0, ""},
      {"GET", "/ping", "", "", 0, ""},
      {"GET", "/", "", "", 0, ""},
      {"GET", "/metrics", "", "", 0, ""},
      {"GET", "/nowhere", "", "", 404, ""},
      {"OPTIONS", "/embed", "", "", 200, "POST"},
  };
  Check(Router(Routes(), {.api_key = "secret", .cors_allow_origin = {}}), kCases);
}

TEST(IsJsonType, KnowsJsonByItsNames) {
  for (const std::string_view type :
       {"application/json", "Application/JSON", "application/json; charset=utf-8",
        "application/json ;x", "application/vnd.api+json", "application/x+JSON;y"}) {
    EXPECT_TRUE(IsJsonType(type)) << type;
  }
  for (const std::string_view type :
       {"", "json", "text/json", "application/jsonx", "application/+json", "application/",
        "application/json/x", "application/xml", "applicatio"}) {
    EXPECT_FALSE(IsJsonType(type)) << type;
  }
}

struct CorsCase {
  std::vector<std::string> listed;
  std::string_view origin;
  std::optional<std::string> allowed;
};

TEST(Router, AllowsOriginsAsConfigured) {
  const CorsCase cases[] = {
      {{}, "", "*"},
      {{}, "http://a", "*"},
      {{"http://b", "*"}, "http://a", "*"},
      {{"http://a", "http://b"}, "http://b", "http://b"},
      {{"http://a"}, "http://A", std::nullopt},
      {{"http://a"}, "", std::nullopt},
  };
  for (const CorsCase& c : cases) {
    const Router router(Routes(), {.api_key = std::nullopt, .cors_allow_origin = c.listed});
    Request head;
    head.origin = c.origin;
    Response response;
    router.AddCors(head, response);
    EXPECT_EQ(Header(response, "access-control-allow-origin"), c.allowed) << c.origin;
    EXPECT_EQ(Header(response, "vary"),
              "origin, access-control-request-method, access-control-request-headers");
  }
}

}  // namespace
}  // namespace embd::http
