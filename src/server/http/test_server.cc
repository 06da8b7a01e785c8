#include "server/http/test_server.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <thread>

namespace embd::http::testing {
namespace {

using namespace std::chrono_literals;

bool Ready(int socket, short events, int timeout_ms) {
  pollfd state = {socket, events, 0};
  return ::poll(&state, 1, timeout_ms) > 0;
}

}  // namespace

std::optional<std::string> Answer::header(std::string_view name) const {
  const std::string line = "\r\n" + std::string(name) + ": ";
  const std::size_t at = head.find(line);
  if (at == std::string::npos) return std::nullopt;
  const std::size_t begin = at + line.size();
  return head.substr(begin, head.find('\r', begin) - begin);
}

void Client::Send(std::string_view bytes) const {
  while (!bytes.empty()) {
    const std::size_t sent = SendSome(bytes);
    bytes.remove_prefix(sent);
    if (sent == 0 && !Ready(socket_, POLLOUT, kPatienceMs)) {
      ADD_FAILURE() << "the server does not read";
      return;
    }
    if (sent == 0 && errno != EAGAIN) return;  // the server closed
  }
}

std::size_t Client::SendSome(std::string_view bytes) const {
  const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  return sent > 0 ? static_cast<std::size_t>(sent) : 0;
}

bool Client::ReadMore() {
  if (!Ready(socket_, POLLIN, kPatienceMs)) {
    ADD_FAILURE() << "the server does not answer";
    return false;
  }
  std::array<char, 65536> part{};
  const ssize_t got = ::recv(socket_, part.data(), part.size(), 0);
  if (got <= 0) return false;
  buffer_.append(part.data(), static_cast<std::size_t>(got));
  return true;
}

Answer Client::Receive(bool head_only) {
  Answer answer;
  std::size_t end = 0;
  while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
    if (!ReadMore()) return {};
  }
  answer.head = buffer_.substr(0, end + 2);
  answer.status = std::stoi(answer.head.substr(9, 3));
  buffer_.erase(0, end + 4);
  const auto length_text = answer.header("content-length");
  const std::size_t length =
      head_only || !length_text ? 0 : static_cast<std::size_t>(std::stoul(*length_text));
  while (buffer_.size() < length) {
    if (!ReadMore()) return {};
  }
  answer.body = buffer_.substr(0, length);
  buffer_.erase(0, length);
  return answer;
}

bool Client::AtEnd() { return buffer_.empty() && !ReadMore() && buffer_.empty(); }

bool Client::Silent() const { return buffer_.empty() && !Ready(socket_, POLLIN, 50); }

void Client::CloseSending() const { ::shutdown(socket_, SHUT_WR); }

void Client::Close() {
  if (socket_ >= 0) ::close(socket_);
  socket_ = -1;
}

std::string Post(std::string_view path, std::string_view body, std::string_view headers) {
  return "POST " + std::string(path) + " HTTP/1.1\r\nhost: test\r\n" + std::string(headers) +
         "content-type: application/json\r\ncontent-length: " + std::to_string(body.size()) +
         "\r\n\r\n" + std::string(body);
}

std::string Get(std::string_view path, std::string_view headers) {
  return "GET " + std::string(path) + " HTTP/1.1\r\nhost: test\r\n" + std::string(headers) + "\r\n";
}

ServerInfo TestServer::Info() {
  ServerInfo info;
  info.model_id = "test/model";
  info.served_model_name = "test/model";
  info.started_at = 1700000000;
  info.max_input_length = 64;
  info.max_concurrent_requests = 256;
  info.tokenization_workers = 1;
  info.version = "0.0.0";
  return info;
}

TestServer::TestServer(const HttpServerOptions& options, const LogOptions& log) : log_(log) {
  scheduler_.emplace(
      model_,
      SchedulerOptions{.workers = 1,
                       .step = {.max_tokens = 256, .max_sequences = 32, .max_sequence_tokens = 64},
                       .queue_capacity = Info().max_concurrent_requests},
      metrics_);
  service_.emplace(*tokenizer_, *scheduler_, metrics_,
                   ServiceOptions{.info = Info(), .prompts = {}, .default_prompt = {}});
  http_.emplace(*service_, log_, options);
}

void TestServer::CloseGate() {
  model_.on_run = [this](const PackedBatch&) { gate_.Wait(); };
}

Client TestServer::Connect() {
  std::array<int, 2> pair{};
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()), 0);
  http_->Serve(pair[1]);
  return Client(pair[0]);
}

bool Eventually(const std::function<bool()>& condition) {
  for (int i = 0; i < 3000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(10ms);
  }
  return false;
}

}  // namespace embd::http::testing
