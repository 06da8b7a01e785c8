#include "server/http/request_head.h"

#include <gtest/gtest.h>

namespace embd::http {
namespace {

using Status = HeadScanner::Status;

constexpr std::string_view kHead =
    "POST /embed?x=1 HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
    "Content-Length: 12\r\nAuthorization: Bearer k\r\nOrigin: http://o\r\n\r\n";

int Parse(std::string_view text, RequestHead& head) {
  HeadScanner scanner;
  switch (scanner.Scan(text)) {
    case Status::kBad:
      return 400;
    case Status::kTooLarge:
      return 431;
    case Status::kIncomplete:
      return -1;
    case Status::kComplete:
      break;
  }
  return ParseHead(text.substr(0, scanner.length()), head);
}

int StatusOf(std::string_view text) {
  RequestHead head;
  return Parse(text, head);
}

TEST(HeadScanner, FindsTheEndInAnyPieces) {
  HeadScanner scanner;
  for (std::size_t length = 0; length < kHead.size(); ++length) {
    ASSERT_EQ(scanner.Scan(kHead.substr(0, length)), Status::kIncomplete) << length;
  }
  const std::string with_body = std::string(kHead) + "{\"inputs\":1}";
  ASSERT_EQ(scanner.Scan(with_body), Status::kComplete);
  EXPECT_EQ(scanner.length(), kHead.size());
}

TEST(ParseHead, TakesWhatTheServerNeeds) {
  RequestHead head;
  ASSERT_EQ(Parse(kHead, head), 0);
  EXPECT_EQ(head.request.method, "POST");
  EXPECT_EQ(head.request.path, "/embed");
  EXPECT_EQ(head.request.content_type, "application/json");
  EXPECT_EQ(head.request.authorization, "Bearer k");
  EXPECT_EQ(head.request.origin, "http://o");
  EXPECT_EQ(head.content_length, 12U);
  EXPECT_TRUE(head.http11);
  EXPECT_TRUE(head.keep_alive);
  EXPECT_FALSE(head.chunked);
  EXPECT_FALSE(head.expects_continue);
}

struct PathCase {
  std::string_view target;
  std::string_view path;
};

TEST(ParseHead, ReducesTargetsToPaths) {
  constexpr PathCase kCases[] = {{"/", "/"},
                                 {"/a?b", "/a"},
                                 {"/a?b=http://c/d", "/a"},
                                 {"/a/", "/a/"},
                                 {"*", "*"},
                                 {"http://host", "/"},
                                 {"http://host?x", "/"},
                                 {"http://host:80/info?x", "/info"}};
  for (const PathCase& c : kCases) {
    RequestHead head;
    ASSERT_EQ(Parse("GET " + std::string(c.target) + " HTTP/1.1\r\n\r\n", head), 0) << c.target;
    EXPECT_EQ(head.request.path, c.path);
  }
}

struct KeepAliveCase {
  std::string_view version, connection;
  bool keep_alive;
};

TEST(ParseHead, KnowsWhenTheConnectionStaysOpen) {
  constexpr KeepAliveCase kCases[] = {{"1.1", "", true},           {"1.1", "close", false},
                                      {"1.1", "keep-alive", true}, {"1.1", "CLOSE", false},
                                      {"1.0", "", false},          {"1.0", "keep-alive", true},
                                      {"1.0", "close", false},     {"1.1", "x, close", false}};
  for (const KeepAliveCase& c : kCases) {
    std::string text = "GET / HTTP/" + std::string(c.version) + "\r\n";
    if (!c.connection.empty()) text += "Connection: " + std::string(c.connection) + "\r\n";
    RequestHead head;
    ASSERT_EQ(Parse(text + "\r\n", head), 0);
    EXPECT_EQ(head.keep_alive, c.keep_alive) << c.version << " " << c.connection;
    EXPECT_EQ(head.http11, c.version == "1.1");
  }
}

TEST(ParseHead, ReadsHowTheBodyComes) {
  RequestHead head;
  ASSERT_EQ(
      Parse("POST / HTTP/1.1\r\nTransfer-Encoding: Chunked\r\nExpect: 100-Continue\r\n\r\n", head),
      0);
  EXPECT_TRUE(head.chunked);
  EXPECT_TRUE(head.expects_continue);
  RequestHead twice;
  ASSERT_EQ(Parse("POST / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n", twice), 0);
  EXPECT_EQ(twice.content_length, 5U);
}

// What another server on the way might read as another request, or what is no HTTP/1 at all.
TEST(ParseHead, RefusesWhatIsNotPlain) {
  for (const std::string_view text : {
           "\r\n",
           "G\r\n\r\n",
           "GET /\r\n\r\n",
           "GET / HTTP/2.0\r\n\r\n",
           "GET / HTTP/1.2\r\n\r\n",
           "GET / HTP/1.1\r\n\r\n",
           "GET  / HTTP/1.1\r\n\r\n",
           "GET / HTTP/1.1 \r\n\r\n",
           "G@T / HTTP/1.1\r\n\r\n",
           "GET /\x01 HTTP/1.1\r\n\r\n",
           "PRI * HTTP/2.0\r\n\r\n",
           " GET / HTTP/1.1\r\n\r\n",
           "GET / HTTP/1.1\nHost: a\r\n\r\n",
           "GET / HTTP/1.1\r\nHost: a\n\r\n",
           "GET / HTTP/1.1\r\nHost: a\r\n\n",
           "GET / HTTP/1.1\n\n",
           "GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n",
           "GET / HTTP/1.1\r\nA: b\r\n\tc\r\n\r\n",
           "GET / HTTP/1.1\r\nA : b\r\n\r\n",
           "GET / HTTP/1.1\r\n: b\r\n\r\n",
           "GET / HTTP/1.1\r\nA\r\n\r\n",
           "GET / HTTP/1.1\r\nA\x80: b\r\n\r\n",
           "GET / HTTP/1.1\r\nA: b\rc\r\n\r\n",
           "POST / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
           "POST / HTTP/1.1\r\nContent-Length: 5, 6\r\n\r\n",
           "POST / HTTP/1.1\r\nContent-Length: +5\r\n\r\n",
           "POST / HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
           "POST / HTTP/1.1\r\nContent-Length: 5x\r\n\r\n",
           "POST / HTTP/1.1\r\nContent-Length: 0x5\r\n\r\n",
           "POST / HTTP/1.1\r\nContent-Length:\r\n\r\n",
           "POST / HTTP/1.1\r\nContent-Length: 18446744073709551616\r\n\r\n",
           "POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
           "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n",
           "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
           "POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
           "POST / HTTP/1.1\r\nTransfer-Encoding: xchunked\r\n\r\n",
           "POST / HTTP/1.1\r\nTransfer-Encoding: identity\r\n\r\n",
           "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
       }) {
    EXPECT_EQ(StatusOf(text), 400) << text;
  }
  EXPECT_EQ(StatusOf(std::string_view("GET / HTTP/1.1\r\nA: b\0c\r\n\r\n", 26)), 400);
}

TEST(ParseHead, LimitsTheNumberOfHeadersButNotTheirLength) {
  const auto with_headers = [](std::size_t count) {
    std::string text = "GET / HTTP/1.1\r\n";
    for (std::size_t i = 0; i < count; ++i) text += "A: b\r\n";
    return StatusOf(text + "\r\n");
  };
  EXPECT_EQ(with_headers(kMaxHeaders), 0);
  EXPECT_EQ(with_headers(kMaxHeaders + 1), 431);
  EXPECT_EQ(StatusOf("GET / HTTP/1.1\r\nA: " + std::string(61440, 'x') + "\r\n\r\n"), 0);
  EXPECT_EQ(StatusOf("GET / HTTP/1.1\r\nA: " + std::string(kMaxHeadBytes, 'x')), 431);
  EXPECT_EQ(StatusOf("GET / HTTP/1.1\r\nA: " + std::string(kMaxHeadBytes, 'x') + "\r\n\r\n"), 431);
}

}  // namespace
}  // namespace embd::http
