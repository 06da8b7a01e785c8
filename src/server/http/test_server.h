#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/test_model.h"
#include "server/http/http_server.h"
#include "service/test_tokenizer.h"

namespace embd::http::testing {

struct Answer {
  int status = 0;
  std::string head;  // with the status line
  std::string body;
  // The value of a header, or nothing.
  std::optional<std::string> header(std::string_view name) const;
};

// The other end of a connection. Every wait ends after half a minute with a test failure, so that a
// server that hangs does not hang the tests.
class Client {
 public:
  explicit Client(int socket) : socket_(socket) {}
  Client(Client&& other) noexcept : socket_(other.socket_), buffer_(std::move(other.buffer_)) {
    other.socket_ = -1;
  }
  ~Client() { Close(); }

  int socket() const { return socket_; }
  void Send(std::string_view bytes) const;
  // As much as the kernel takes without waiting.
  std::size_t SendSome(std::string_view bytes) const;
  // The next answer; a status of 0 when the connection ended first.
  Answer Receive(bool head_only = false);
  Answer Ask(std::string_view request) {
    Send(request);
    return Receive();
  }
  // Whether the server closed, with nothing more to read.
  bool AtEnd();
  // Whether nothing arrives within a short while.
  bool Silent() const;
  void CloseSending() const;
  void Close();

 private:
  bool ReadMore();

  int socket_;
  std::string buffer_;
};

std::string Post(std::string_view path, std::string_view body, std::string_view headers = "");
std::string Get(std::string_view path, std::string_view headers = "");

// A request, and what the test model answers: 2 + 5 + 6 + 3, and on.
inline constexpr std::string_view kBody = R"({"inputs":"w5 w6","normalize":false})";
inline constexpr std::string_view kAnswer = "[[16.0,17.0,18.0,19.0]]";
// How long tests wait for what should come at once.
inline constexpr int kPatienceMs = 30'000;

// Nothing is logged.
inline LogOptions Quiet() { return {.level = LogLevel::kOff}; }

// A server over a model that tests can hold at a gate.
class TestServer {
 public:
  explicit TestServer(const HttpServerOptions& options = {}, const LogOptions& log = {});

  Client Connect();  // over a socket pair
  HttpServer& http() { return *http_; }
  Service& service() { return *service_; }
  Metrics& metrics() { return metrics_; }
  embd::testing::Gate& gate() { return gate_; }
  embd::testing::TestModel& model() { return model_; }
  // Makes every step of the model wait at the gate. Before the first request.
  void CloseGate();
  void End() { http_.reset(); }

  static ServerInfo Info();

 private:
  std::unique_ptr<const Tokenizer> tokenizer_ = embd::testing::MakeTestTokenizer();
  embd::testing::Gate gate_;
  embd::testing::TestModel model_;
  Metrics metrics_{64};
  Log log_;
  std::optional<Scheduler> scheduler_;
  std::optional<Service> service_;
  std::optional<HttpServer> http_;
};

// Waits, for half a minute at most, until the condition holds.
bool Eventually(const std::function<bool()>& condition);

}  // namespace embd::http::testing
