#include "base/log.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <array>
#include <chrono>
#include <ctime>
#include <iterator>

namespace embd {
namespace {

struct LevelName {
  std::string_view padded;  // right-aligned in text lines
  std::string_view plain;
  std::string_view color;
};

constexpr std::array<LevelName, 5> kLevels = {{{"TRACE", "TRACE", "\x1b[35m"},
                                               {"DEBUG", "DEBUG", "\x1b[34m"},
                                               {" INFO", "INFO", "\x1b[32m"},
                                               {" WARN", "WARN", "\x1b[33m"},
                                               {"ERROR", "ERROR", "\x1b[31m"}}};
constexpr std::string_view kDim = "\x1b[2m";
constexpr std::string_view kReset = "\x1b[0m";
constexpr std::string_view kTarget = "embd";

// "2026-01-31T12:00:00.123456Z"
void AppendTime(fmt::memory_buffer& line) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(now).count();
  const std::time_t seconds = micros / 1'000'000;
  fmt::format_to(std::back_inserter(line), "{:%Y-%m-%dT%H:%M:%S}.{:06}Z", fmt::gmtime(seconds),
                 micros % 1'000'000);
}

void Append(fmt::memory_buffer& line, std::string_view text) {
  line.append(text.data(), text.data() + text.size());
}

// A line stays one line and a terminal obeys nobody: control characters are spelt out.
void AppendText(fmt::memory_buffer& line, std::string_view text) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n') {
      Append(line, "\\n");
    } else if (byte < 0x20 || byte == 0x7F) {
      fmt::format_to(std::back_inserter(line), "\\x{:02x}", byte);
    } else {
      line.push_back(c);
    }
  }
}

void AppendJsonString(fmt::memory_buffer& line, std::string_view text) {
  line.push_back('"');
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      line.push_back('\\');
      line.push_back(c);
    } else if (c == '\n') {
      Append(line, "\\n");
    } else if (byte < 0x20 || byte == 0x7F) {
      fmt::format_to(std::back_inserter(line), "\\u{:04x}", byte);
    } else {
      line.push_back(c);
    }
  }
  line.push_back('"');
}

struct Line {
  const LevelName& level;
  std::string_view message;
  std::initializer_list<LogField> fields;
  const LogSpan& span;
};

void AppendTextSpan(fmt::memory_buffer& line, const LogSpan& span) {
  if (span.name.empty()) return;
  Append(line, span.name);
  if (!span.fields.empty()) line.push_back('{');
  for (const LogField& field : span.fields) {
    if (&field != span.fields.data()) line.push_back(' ');
    Append(line, field.key);
    line.push_back('=');
    AppendJsonString(line, field.value);
  }
  Append(line, span.fields.empty() ? ": " : "}: ");
}

void FormatText(fmt::memory_buffer& line, bool color, const Line& what) {
  if (color) Append(line, kDim);
  AppendTime(line);
  if (color) Append(line, kReset);
  line.push_back(' ');
  if (color) Append(line, what.level.color);
  Append(line, what.level.padded);
  if (color) Append(line, kReset);
  line.push_back(' ');
  AppendTextSpan(line, what.span);
  if (color) Append(line, kDim);
  Append(line, kTarget);
  line.push_back(':');
  if (color) Append(line, kReset);
  line.push_back(' ');
  AppendText(line, what.message);
  for (const LogField& field : what.fields) {
    line.push_back(' ');
    Append(line, field.key);
    line.push_back('=');
    AppendText(line, field.value);
  }
}

void AppendJsonField(fmt::memory_buffer& line, const LogField& field) {
  AppendJsonString(line, field.key);
  line.push_back(':');
  AppendJsonString(line, field.value);
}

void AppendJsonSpan(fmt::memory_buffer& line, const LogSpan& span) {
  line.push_back('{');
  for (const LogField& field : span.fields) {
    AppendJsonField(line, field);
    line.push_back(',');
  }
  AppendJsonField(line, {"name", std::string(span.name)});
  line.push_back('}');
}

void FormatJson(fmt::memory_buffer& line, bool spans, const Line& what) {
  Append(line, R"({"timestamp":")");
  AppendTime(line);
  fmt::format_to(std::back_inserter(line), R"(","level":"{}","message":)", what.level.plain);
  AppendJsonString(line, what.message);
  for (const LogField& field : what.fields) {
    line.push_back(',');
    AppendJsonField(line, field);
  }
  fmt::format_to(std::back_inserter(line), R"(,"target":"{}")", kTarget);
  if (spans && !what.span.name.empty()) {
    Append(line, R"(,"span":)");
    AppendJsonSpan(line, what.span);
    Append(line, R"(,"spans":[)");
    AppendJsonSpan(line, what.span);
    line.push_back(']');
  }
  line.push_back('}');
}

}  // namespace

struct Log::Impl {
  explicit Impl(const LogOptions& log_options)
      : options(log_options), logger("embd", std::make_shared<spdlog::sinks::stdout_sink_mt>()) {
    logger.set_pattern("%v");
    // A reader that has gone away must neither end the server nor fill its standard error.
    logger.set_error_handler([](const std::string&) {});
    logger.set_level(spdlog::level::trace);
    logger.flush_on(spdlog::level::trace);
  }

  LogOptions options;
  spdlog::logger logger;
};

Log::Log(const LogOptions& options) : impl_(std::make_unique<Impl>(options)) {}
Log::~Log() = default;

bool Log::Enabled(LogLevel level) const {
  return level >= impl_->options.level && level != LogLevel::kOff;
}

void Log::Write(LogLevel level, std::string_view message, std::initializer_list<LogField> fields,
                const LogSpan& span) {
  if (!Enabled(level)) return;
  fmt::memory_buffer line;
  const Line what = {kLevels[static_cast<std::size_t>(level)], message, fields, span};
  if (impl_->options.json) {
    FormatJson(line, impl_->options.spans, what);
  } else {
    FormatText(line, impl_->options.color, what);
  }
  impl_->logger.log(spdlog::level::info, std::string_view(line.data(), line.size()));
}

}  // namespace embd
