#pragma once

#include <chrono>
#include <cstdint>
#include <memory>

#include "server/http/protocol.h"
#include "server/http/wire.h"

namespace embd::http {

// Clients that may be shaking hands at once; others are closed.
inline constexpr std::size_t kMaxHandshakes = 256;

// One client: a stream of bytes and, as soon as the first of them have told which, the protocol
// over it. Lives on its thread.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(IoThread& thread, std::unique_ptr<Stream> stream, LogAnswers log_answers);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Serves until the connection ends. Called once; the caller keeps `this` until then.
  Awaitable<void> Run();

  // Ends after what has begun to arrive is answered; at once when idle.
  void Drain();
  // Ends now. What the service still owes is waited for.
  void Abort();
  // Whether the client has let too much time pass.
  bool Overdue(Wire::TimePoint now, bool contended);

 private:
  enum class Spoken : std::uint8_t { kNothing, kHttp1, kHttp2 };
  Awaitable<bool> ShakeHands();
  // What the first bytes say. They stay in the input.
  Awaitable<Spoken> Listen();
  // Null: the client is turned away.
  std::unique_ptr<Protocol> Make(Spoken spoken);

  Wire wire_;
  std::unique_ptr<Protocol> protocol_;  // null until it is known
};

}  // namespace embd::http
