// Any bytes as what a client sends, in pieces that the bytes themselves choose, to a server whose
// model is a stub: everything that comes back is whole, well-formed answers, and the connection
// ends soon after the client's, in HTTP/1.1 and in HTTP/2. Also the parts by themselves: the head's
// scanner finds the same end in one piece and byte by byte, and a chunked body is the same in
// pieces of any size.

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "server/http/chunk_decoder.h"
#include "server/http/http_server.h"
#include "server/http/request_head.h"
#include "stub_service.h"

namespace {

using embd::fuzz::Require;
using embd::http::ChunkDecoder;
using embd::http::HeadScanner;

constexpr std::string_view kHttp2Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

// One server for the whole run.
class Server {
 public:
  void Serve(int socket) { http_.Serve(socket); }

 private:
  embd::fuzz::StubService stub_;
  embd::http::HttpServer http_{stub_.service(), stub_.log(), stub_.HttpOptions()};
};

// What the server answers to `bytes` in pieces of up to `piece` bytes.
std::string Exchange(Server& server, std::string_view bytes, std::size_t piece) {
  std::array<int, 2> pair{};
  Require(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair.data()) == 0);
  server.Serve(pair[1]);
  while (!bytes.empty()) {
    const ssize_t sent = ::send(pair[0], bytes.data(), std::min(piece, bytes.size()), MSG_NOSIGNAL);
    if (sent <= 0) break;  // refused already
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  ::shutdown(pair[0], SHUT_WR);
  std::string answers;
  std::array<char, 4096> part{};
  while (true) {
    pollfd state = {pair[0], POLLIN, 0};
    const int ready = ::poll(&state, 1, 20'000);
    if (ready < 0 && errno == EINTR) continue;  // the fuzzer's own alarm
    Require(ready > 0);                         // it must end
    const ssize_t got = ::recv(pair[0], part.data(), part.size(), 0);
    if (got <= 0) break;
    answers.append(part.data(), static_cast<std::size_t>(got));
  }
  ::close(pair[0]);
  return answers;
}

// Whole frames of HTTP/2 (RFC 9113, section 4.1) of a size that any client takes, settings first.
void CheckFrames(std::string_view frames) {
  constexpr std::size_t kHead = 9;
  constexpr std::size_t kMost = 16384;
  constexpr char kSettings = 4;
  Require(frames.size() > kHead && frames[3] == kSettings);
  while (!frames.empty()) {
    Require(frames.size() >= kHead);
    std::size_t length = 0;
    for (const char c : frames.substr(0, 3)) length = length << 8U | static_cast<unsigned char>(c);
    Require(length <= kMost && frames.size() >= kHead + length);
    frames.remove_prefix(kHead + length);
  }
}

// Status lines at least; bodies of HEAD are left out, so lengths cannot be followed in general.
void CheckAnswers(std::string_view sent, std::string_view answers) {
  if (answers.empty()) return;
  if (sent.substr(0, kHttp2Preface.size()) == kHttp2Preface) return CheckFrames(answers);
  Require(answers.substr(0, 7) == "HTTP/1.");
  Require(answers.find("\r\n\r\n") != std::string_view::npos);
  Require(answers.find("HTTP/1.1 500") == std::string_view::npos);
}

void CheckScanner(std::string_view bytes) {
  HeadScanner whole;
  const HeadScanner::Status expected = whole.Scan(bytes);
  HeadScanner pieces;
  HeadScanner::Status status = HeadScanner::Status::kIncomplete;
  for (std::size_t i = 1; i <= bytes.size() && status == HeadScanner::Status::kIncomplete; ++i) {
    status = pieces.Scan(bytes.substr(0, i));
  }
  Require(status == expected);
  if (status != HeadScanner::Status::kComplete) return;
  Require(pieces.length() == whole.length());
  embd::http::RequestHead head;
  const int refused = embd::http::ParseHead(bytes.substr(0, whole.length()), head);
  Require(refused == 0 || refused == 400 || refused == 431);
  Require(refused != 0 || !head.chunked || head.content_length == 0);
}

std::string Decode(std::string_view bytes, std::size_t piece) {
  ChunkDecoder decoder;
  std::string body;
  for (std::size_t at = 0; at < bytes.size() && !decoder.done() && !decoder.bad();) {
    std::string_view data;
    const std::size_t used = decoder.Next(bytes.substr(at, piece), data);
    Require(used > 0);
    at += used;
    body += data;
  }
  return body + (decoder.done() ? "D" : decoder.bad() ? "B" : "");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Server server;
  const std::string_view bytes(reinterpret_cast<const char*>(data),
                               std::min<std::size_t>(size, 65536));
  CheckScanner(bytes);
  Require(Decode(bytes, 1) == Decode(bytes, bytes.size() + 1));
  const std::size_t piece = bytes.empty() ? 1 : 1 + static_cast<unsigned char>(bytes.back());
  CheckAnswers(bytes, Exchange(server, bytes, piece));
  return 0;
}
