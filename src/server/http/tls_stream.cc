#include "server/http/tls_stream.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <new>

namespace embd::http {
namespace {

constexpr std::size_t kRecord = SSL3_RT_MAX_PLAIN_LENGTH;

// How OpenSSL reads and writes the socket. Its own way sends a SIGPIPE when the other side is gone.
int SocketOf(BIO* bio) { return *static_cast<const int*>(BIO_get_data(bio)); }

int ReadSocket(BIO* bio, char* to, std::size_t size, std::size_t* got) {
  BIO_clear_retry_flags(bio);
  const ssize_t result = ::recv(SocketOf(bio), to, size, MSG_DONTWAIT);
  if (result < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_read(bio);
  if (result == 0) BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
  *got = result > 0 ? static_cast<std::size_t>(result) : 0;
  return result > 0 ? 1 : 0;
}

int WriteSocket(BIO* bio, const char* from, std::size_t size, std::size_t* sent) {
  BIO_clear_retry_flags(bio);
  const ssize_t result = ::send(SocketOf(bio), from, size, MSG_DONTWAIT | MSG_NOSIGNAL);
  if (result < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_write(bio);
  *sent = result > 0 ? static_cast<std::size_t>(result) : 0;
  return result > 0 ? 1 : 0;
}

long Control(BIO* bio, int command, long /*number*/, void* /*pointer*/) {
  if (command == BIO_CTRL_EOF) return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0 ? 1 : 0;
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

int FreeSocket(BIO* bio) {
  delete static_cast<int*>(BIO_get_data(bio));
  return 1;
}

struct MethodFree {
  void operator()(BIO_METHOD* method) const { BIO_meth_free(method); }
};

const BIO_METHOD* SocketMethod() {
  static const std::unique_ptr<BIO_METHOD, MethodFree> kMethod = [] {
    std::unique_ptr<BIO_METHOD, MethodFree> method(
        BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket without SIGPIPE"));
    if (method == nullptr) throw std::bad_alloc();
    BIO_meth_set_read_ex(method.get(), ReadSocket);
    BIO_meth_set_write_ex(method.get(), WriteSocket);
    BIO_meth_set_ctrl(method.get(), Control);
    BIO_meth_set_destroy(method.get(), FreeSocket);
    return method;
  }();
  return kMethod.get();
}

}  // namespace

void TlsStream::Free::operator()(ssl_st* ssl) const { SSL_free(ssl); }

TlsStream::TlsStream(Socket socket, ssl_ctx_st& context)
    : Stream(std::move(socket)), ssl_(SSL_new(&context)) {
  if (ssl_ == nullptr) throw std::bad_alloc();
  auto descriptor = std::make_unique<int>(this->socket().native_handle());
  BIO* const bio = BIO_new(SocketMethod());
  if (bio == nullptr) throw std::bad_alloc();
  BIO_set_data(bio, descriptor.release());
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_.get(), bio, bio);
  SSL_set_accept_state(ssl_.get());
}

Stream::Moved TlsStream::Failed(int result) {
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      return {Status::kWantsRead};
    case SSL_ERROR_WANT_WRITE:
      return {Status::kWantsWrite};
    case SSL_ERROR_ZERO_RETURN:
      return {Status::kEnd};
    default:
      broken_ = true;
      ERR_clear_error();
      return {Status::kBroken};
  }
}

Stream::Moved TlsStream::Handshake() {
  if (broken_) return {Status::kBroken};
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_.get());
  return result == 1 ? Moved{Status::kDone} : Failed(result);
}

Stream::Moved TlsStream::Receive(char* to, std::size_t size) {
  if (broken_) return {Status::kBroken};
  ERR_clear_error();
  std::size_t got = 0;
  const int result = SSL_read_ex(ssl_.get(), to, size, &got);
  return result == 1 ? Moved{Status::kDone, got} : Failed(result);
}

// A head and a small body go in one record. What could not be sent must be given again: the callers
// do, and the same bytes come together again.
Stream::Moved TlsStream::Send(std::string_view first, std::string_view second) {
  if (broken_) return {Status::kBroken};
  std::array<char, kRecord> joined;  // NOLINT(cppcoreguidelines-pro-type-member-init)
  std::string_view bytes = first.empty() ? second : first;
  if (!first.empty() && !second.empty() && first.size() < kRecord) {
    const std::size_t more = std::min(second.size(), kRecord - first.size());
    std::memcpy(joined.data(), first.data(), first.size());
    std::memcpy(joined.data() + first.size(), second.data(), more);
    bytes = {joined.data(), first.size() + more};
  }
  ERR_clear_error();
  std::size_t sent = 0;
  const int result = SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &sent);
  return result == 1 ? Moved{Status::kDone, sent} : Failed(result);
}

bool TlsStream::holds_input() const { return SSL_pending(ssl_.get()) > 0; }

void TlsStream::EndSending() {
  if (!broken_ && SSL_is_init_finished(ssl_.get()) != 0) {
    ERR_clear_error();
    SSL_shutdown(ssl_.get());
    ERR_clear_error();
  }
  Stream::EndSending();
}

}  // namespace embd::http
