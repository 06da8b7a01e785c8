#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/http/test_server.h"

struct nghttp2_session;

namespace embd::http::testing {

struct Http2ClientOptions {
  std::uint32_t window = 65535;  // of each stream's answer
  bool knows_limit = true;       // of streams; else it opens as many as it is told
};

// The other end of an HTTP/2 connection. Nothing moves but within its calls; every wait ends after
// half a minute with a test failure.
class Http2Client {
 public:
  using Headers = std::vector<std::pair<std::string, std::string>>;

  struct Stream {
    int status = 0;
    std::vector<int> interim;
    std::map<std::string, std::string> headers;
    std::string body;
    bool ended = false;                  // the answer is whole
    std::optional<std::uint32_t> reset;  // the server's error code, or the client's own

    // Of what is still to be sent.
    std::string to_send;
    bool more_to_come = false;
  };

  explicit Http2Client(Client client, const Http2ClientOptions& options = {});
  ~Http2Client();
  Http2Client(const Http2Client&) = delete;
  Http2Client& operator=(const Http2Client&) = delete;

  std::int32_t Get(const std::string& path, const Headers& headers = {});
  std::int32_t Post(const std::string& path, std::string_view body, const Headers& headers = {});
  // A request whose body comes by SendBody.
  std::int32_t Begin(const std::string& path, const Headers& headers = {});
  void SendBody(std::int32_t stream, std::string_view part, bool last);
  void Reset(std::int32_t stream);
  // Sends what may be sent now and takes what has come.
  void Pump();

  // The stream once it has ended or was reset.
  const Stream& Wait(std::int32_t stream);
  // Waits until the server has closed.
  void WaitForEnd();
  // Moves bytes until the condition holds.
  template <typename Condition>
  bool Until(Condition condition) {
    while (!condition()) {
      if (!Move()) return condition();
    }
    return true;
  }

  const Stream& stream(std::int32_t id) { return streams_[id]; }
  // The code of the server's GOAWAY.
  std::optional<std::uint32_t> goodbye() const { return goodbye_; }
  bool at_end() const { return at_end_; }

 private:
  friend struct Http2ClientCallbacks;

  std::int32_t Submit(const char* method, const std::string& path, const Headers& headers,
                      bool body);
  void SendAll();
  // Sends, waits for bytes and takes them. False: at the end, or nothing came.
  bool Move();
  bool Receive(int patience_ms);

  Client client_;
  nghttp2_session* session_ = nullptr;
  std::map<std::int32_t, Stream> streams_;
  std::optional<std::uint32_t> goodbye_;
  bool at_end_ = false;
};

}  // namespace embd::http::testing
