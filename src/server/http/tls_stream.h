#pragma once

#include <memory>

#include "server/http/stream.h"

struct ssl_st;
struct ssl_ctx_st;

namespace embd::http {

// TLS over a socket, as the server.
class TlsStream final : public Stream {
 public:
  TlsStream(Socket socket, ssl_ctx_st& context);  // throws std::bad_alloc

  bool shakes_hands() const override { return true; }
  Moved Handshake() override;
  Moved Receive(char* to, std::size_t size) override;
  Moved Send(std::string_view first, std::string_view second) override;
  bool holds_input() const override;
  bool end_means_gone() const override { return true; }
  void EndSending() override;

 private:
  struct Free {
    void operator()(ssl_st* ssl) const;
  };
  Moved Failed(int result);

  std::unique_ptr<ssl_st, Free> ssl_;
  bool broken_ = false;
};

}  // namespace embd::http
