#include "base/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <thread>
#include <vector>

namespace embd {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;

constexpr const char* kTime =
    "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9]"
    "\\.[0-9][0-9][0-9][0-9][0-9][0-9]Z";

std::string Captured(const LogOptions& options, const std::function<void(Log&)>& use) {
  ::testing::internal::CaptureStdout();
  {
    Log log(options);
    use(log);
  }
  return ::testing::internal::GetCapturedStdout();
}

TEST(Log, TextLine) {
  const std::string out = Captured({}, [](Log& log) {
    log.Info("Ready");
    log.Warn("slow", {{"step", "1"}, {"why", "a b"}});
    log.Error("broken");
  });
  EXPECT_THAT(out,
              MatchesRegex(std::string(kTime) + "  INFO embd: Ready\n" + kTime +
                           "  WARN embd: slow step=1 why=a b\n" + kTime + " ERROR embd: broken\n"));
}

TEST(Log, ColorsOnlyWhenAsked) {
  const auto write = [](Log& log) { log.Info("Ready"); };
  EXPECT_THAT(Captured({.color = false}, write), Not(HasSubstr("\x1b")));
  const std::string colored = Captured({.color = true}, write);
  EXPECT_THAT(colored, HasSubstr("\x1b[32m INFO\x1b[0m"));
  EXPECT_THAT(colored, HasSubstr(" Ready\n"));
}

TEST(Log, JsonLineHasKeysInOrder) {
  const std::string out = Captured({.json = true, .color = true}, [](Log& log) {
    log.Info("a \"quoted\" \\ line\nand\ttab", {{"key", "v\x01"}});
  });
  EXPECT_THAT(out, MatchesRegex(std::string("\\{\"timestamp\":\"") + kTime +
                                "\",\"level\":\"INFO\",\"message\":"
                                "\"a \\\\\"quoted\\\\\" \\\\\\\\ line\\\\nand\\\\u0009tab\","
                                "\"key\":\"v\\\\u0001\",\"target\":\"embd\"\\}\n"));
}

TEST(Log, SpansStandWhereTheReferenceHasThem) {
  const auto write = [](Log& log) {
    const LogField fields[] = {{"total_time", "1.5ms"}, {"note", "a \"b\"\n"}};
    log.Write(LogLevel::kInfo, "Success", {{"request_id", "7"}}, {"embed", fields});
    log.Write(LogLevel::kInfo, "Success", {}, {"health"});
  };
  EXPECT_THAT(Captured({}, write),
              MatchesRegex(std::string(kTime) +
                           "  INFO embed\\{total_time=\"1.5ms\" note=\"a \\\\\"b\\\\\"\\\\n\"\\}: "
                           "embd: Success request_id=7\n" +
                           kTime + "  INFO health: embd: Success\n"));
  const std::string json = Captured({.json = true}, write);
  const std::string span = R"({"total_time":"1.5ms","note":"a \"b\"\n","name":"embed"})";
  EXPECT_THAT(json, HasSubstr(R"("message":"Success","request_id":"7","target":"embd","span":)" +
                              span + R"(,"spans":[)" + span + "]}\n"));
  EXPECT_THAT(json, HasSubstr(R"("span":{"name":"health"},"spans":[{"name":"health"}]})"));
  EXPECT_THAT(Captured({.json = true, .spans = false}, write),
              HasSubstr(R"("message":"Success","request_id":"7","target":"embd"})"));
}

TEST(Log, ControlCharactersCannotForgeLines) {
  const std::string out = Captured({}, [](Log& log) {
    log.Info("one\nInjected", {{"k", "\x1b[31m\r"}});
  });
  EXPECT_THAT(out, HasSubstr("one\\nInjected k=\\x1b[31m\\x0d\n"));
  EXPECT_EQ(std::count(out.begin(), out.end(), '\n'), 1);
}

TEST(Log, NonAsciiPassesUnchanged) {
  EXPECT_THAT(Captured({.json = true}, [](Log& log) { log.Info("wörld 你"); }),
              HasSubstr("\"message\":\"wörld 你\""));
}

TEST(Log, LevelsBelowTheThresholdAreSilent) {
  const auto all = [](Log& log) {
    log.Write(LogLevel::kTrace, "t");
    log.Debug("d");
    log.Info("i");
    log.Warn("w");
    log.Error("e");
    log.Write(LogLevel::kOff, "never");
  };
  const auto lines = [](const std::string& out) {
    return std::count(out.begin(), out.end(), '\n');
  };
  EXPECT_EQ(lines(Captured({.level = LogLevel::kTrace}, all)), 5);
  EXPECT_EQ(lines(Captured({.level = LogLevel::kInfo}, all)), 3);
  EXPECT_EQ(lines(Captured({.level = LogLevel::kError}, all)), 1);
  EXPECT_EQ(lines(Captured({.level = LogLevel::kOff}, all)), 0);
}

TEST(Log, LinesOfManyThreadsStayWhole) {
  const std::string out = Captured({}, [](Log& log) {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&log] {
        for (int j = 0; j < 200; ++j) log.Info(std::string(100, 'x') + "|");
      });
    }
  });
  std::size_t begin = 0;
  int count = 0;
  for (std::size_t end; (end = out.find('\n', begin)) != std::string::npos; begin = end + 1) {
    EXPECT_EQ(end - begin, std::string("2026-01-31T12:00:00.123456Z  INFO embd: ").size() + 101);
    ++count;
  }
  EXPECT_EQ(count, 800);
}

}  // namespace
}  // namespace embd
