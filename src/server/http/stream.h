#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "server/http/io_thread.h"

namespace embd::http {

// The bytes of one connection, both ways: a TCP or Unix socket as it is, or TLS over one. Nothing
// here blocks. One thread.
class Stream {
 public:
  enum class Status : std::uint8_t {
    kDone,        // some bytes moved
    kWantsRead,   // none did; try again when the socket can be read
    kWantsWrite,  // none did; try again when it can be written to
    kEnd,         // the other side will send no more
    kBroken,
  };
  struct Moved {
    Status status = Status::kBroken;
    std::size_t bytes = 0;  // more than zero when done
  };

  explicit Stream(Socket socket) : socket_(std::move(socket)) {}
  virtual ~Stream() = default;
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  // Whether anything comes before the first byte.
  virtual bool shakes_hands() const { return false; }
  // What comes there. kDone: nothing (more).
  virtual Moved Handshake() { return {Status::kDone}; }
  // `size` > 0.
  virtual Moved Receive(char* to, std::size_t size) = 0;
  // Sends a beginning of `first` followed by `second`, which are not both empty.
  virtual Moved Send(std::string_view first, std::string_view second) = 0;
  // Whether bytes that the socket no longer knows of wait to be received.
  virtual bool holds_input() const { return false; }
  // Whether a client that will send no more will not read either.
  virtual bool end_means_gone() const { return false; }
  // Whether Receive would find something now.
  bool HasArrived();
  // Says that nothing more will be sent. The other side may still send.
  virtual void EndSending();

  Socket& socket() { return socket_; }

 private:
  Socket socket_;
};

// A socket as it is.
class PlainStream final : public Stream {
 public:
  using Stream::Stream;
  Moved Receive(char* to, std::size_t size) override;
  Moved Send(std::string_view first, std::string_view second) override;
};

// Takes over a connected stream socket of any family.
Socket TakeSocket(IoThread& thread, int descriptor);

}  // namespace embd::http
