#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>

#include "server/http/http2_exchange.h"
#include "server/http/protocol.h"
#include "server/http/wire.h"

struct nghttp2_session;

namespace embd::http {

inline constexpr std::string_view kHttp2Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
// Requests of one connection that may be in the server at once, also those that the client has
// reset but that are still being given up.
inline constexpr std::size_t kMaxStreams = 128;
// Bytes that one connection keeps, measured at 28.8 kB: its session, header tables and frame under
// way. They are part of the budget of all connections.
inline constexpr std::size_t kHttp2ConnectionBytes = std::size_t{29} << 10U;

// HTTP/2 from the client's preface on. Frames are nghttp2's; what a request is and how it is
// answered is the same as in HTTP/1.1. One coroutine reads and writes; answers wake it.
class Http2 final : public Protocol {
 public:
  explicit Http2(Wire& wire);  // throws std::bad_alloc
  ~Http2() override;

  // For a client that cannot be had at the moment: says so and ends.
  static Awaitable<void> TurnAway(Wire& wire);

  Awaitable<void> Run() override;
  void Drain() override;
  void Cancel() override;
  bool Overdue(Wire::TimePoint now, bool contended) override;

 private:
  friend class Http2Exchange;
  friend struct Http2Callbacks;  // what nghttp2 calls (http2_session.cc)
  using Exchanges = std::unordered_map<std::int32_t, std::unique_ptr<Http2Exchange>>;

  void MakeSession();
  void SubmitSettings();

  // False: nothing more can come or go.
  bool Receive();
  bool Feed();
  bool Send();
  bool CollectOutput();
  void Arm(Interest interest);
  bool Finished() const;
  void Leave();
  void SayGoodbye();
  void WatchTime();

  // From the callbacks.
  Http2Exchange* Find(std::int32_t stream);
  Http2Exchange* Begin(std::int32_t stream);  // null: refused
  bool AnyStalled() const;
  void Closed(std::int32_t stream);
  void RemoveIfDone(std::int32_t stream);
  // Something is to be sent, or an exchange has ended.
  void Wake() { wire_.wake().Set(); }

  Wire& wire_;
  ServerState& state_;
  BufferLease session_lease_;
  nghttp2_session* session_ = nullptr;
  Exchanges exchanges_;
  std::string output_;  // frames not sent yet, from `sent_` on
  std::size_t sent_ = 0;
  bool writing_armed_ = false;
  bool leaving_ = false;   // there will be an end
  bool refusing_ = false;  // of new streams
  bool said_goodbye_ = false;
  bool broken_ = false;  // by the client: nothing that it sends is of interest
  Wire::TimePoint idle_since_{};
};

}  // namespace embd::http
