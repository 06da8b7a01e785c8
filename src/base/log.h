#pragma once

#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace embd {

enum class LogLevel { kTrace, kDebug, kInfo, kWarn, kError, kOff };

struct LogOptions {
  LogLevel level = LogLevel::kInfo;
  bool json = false;   // one JSON object a line instead of text
  bool color = false;  // ANSI colours in text lines
  bool spans = true;   // JSON lines tell their span
};

// One more key of a log line. Values are printed as they are in text lines and as strings in JSON.
struct LogField {
  std::string_view key;
  std::string value;
};

// What a line is written in the course of, and what is known of it.
struct LogSpan {
  std::string_view name;  // empty: nothing
  std::span<const LogField> fields = {};
};

// Writes whole lines to standard output: "<UTC time>Z  LEVEL span{key="value"}: embd: message
// key=value", or in JSON {"timestamp","level","message",<fields>,"target","span":{<fields>,"name"},
// "spans":[<the same>]}, both as TEI's log collectors know them. Created once by the application
// and passed by reference; safe from any thread. Code on the request path does not log below the
// server.
class Log {
 public:
  explicit Log(const LogOptions& options);
  ~Log();

  bool Enabled(LogLevel level) const;
  void Write(LogLevel level, std::string_view message, std::initializer_list<LogField> fields = {},
             const LogSpan& span = {});

  void Debug(std::string_view message, std::initializer_list<LogField> fields = {}) {
    Write(LogLevel::kDebug, message, fields);
  }
  void Info(std::string_view message, std::initializer_list<LogField> fields = {}) {
    Write(LogLevel::kInfo, message, fields);
  }
  void Warn(std::string_view message, std::initializer_list<LogField> fields = {}) {
    Write(LogLevel::kWarn, message, fields);
  }
  void Error(std::string_view message, std::initializer_list<LogField> fields = {}) {
    Write(LogLevel::kError, message, fields);
  }

 private:
  struct Impl;  // holds the spdlog sink, which no other file sees
  std::unique_ptr<Impl> impl_;
};

}  // namespace embd
