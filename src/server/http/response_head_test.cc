#include "server/http/response_head.h"

#include <gtest/gtest.h>

#include "server/http/duration_text.h"
#include "server/http/replies.h"

namespace embd::http {
namespace {

std::string WithoutDate(std::string head) {
  const std::size_t date = head.find("date: ");
  return head.erase(date, head.find("\r\n", date) + 2 - date);
}

TEST(WriteHead, WritesWhatTheClientNeeds) {
  Response response = JsonReply("[1]");
  response.headers.emplace_back("vary", "origin");
  EXPECT_EQ(WithoutDate(WriteHead(response, {.http11 = true, .keep_alive = true})),
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nvary: origin\r\n"
            "content-length: 3\r\n\r\n");
  EXPECT_EQ(WithoutDate(WriteHead(EmptyReply(404), {.http11 = true, .keep_alive = false})),
            "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
  EXPECT_EQ(WithoutDate(WriteHead(EmptyReply(200), {.http11 = false, .keep_alive = true})),
            "HTTP/1.0 200 OK\r\ncontent-length: 0\r\nconnection: keep-alive\r\n\r\n");
}

TEST(ComputedReply, TellsTimesAsWholeMilliseconds) {
  using namespace std::chrono_literals;
  const ComputeInfo compute = {
      .characters = 7, .tokens = 5, .tokenization = 1999us, .queue = 2ms, .inference = 30ms};
  const Response response = ComputedReply("[]", compute, 40ms);
  const std::vector<std::pair<std::string_view, std::string>> expected = {
      {"x-compute-type", "gpu+optimized"},
      {"x-compute-time", "40"},
      {"x-compute-characters", "7"},
      {"x-compute-tokens", "5"},
      {"x-total-time", "40"},
      {"x-tokenization-time", "1"},
      {"x-queue-time", "2"},
      {"x-inference-time", "30"}};
  EXPECT_EQ(response.headers, expected);
}

TEST(DurationText, ShowsAllDigitsInTheLargestUnit) {
  using std::chrono::nanoseconds;
  EXPECT_EQ(DurationText(nanoseconds(0)), "0ns");
  EXPECT_EQ(DurationText(nanoseconds(999)), "999ns");
  EXPECT_EQ(DurationText(nanoseconds(1000)), "1µs");
  EXPECT_EQ(DurationText(nanoseconds(12'050)), "12.05µs");
  EXPECT_EQ(DurationText(nanoseconds(1'234'567)), "1.234567ms");
  EXPECT_EQ(DurationText(nanoseconds(2'000'000'000)), "2s");
  EXPECT_EQ(DurationText(nanoseconds(61'500'000'000)), "61.5s");
}

}  // namespace
}  // namespace embd::http
