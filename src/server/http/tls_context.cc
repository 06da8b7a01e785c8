#include "server/http/tls_context.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509err.h>
#include <sys/stat.h>

#include <array>
#include <utility>

#include "base/load_error.h"
#include "server/http/tls_stream.h"

namespace embd::http {
namespace {

using std::chrono::steady_clock;

// Between looks at the files, so that a flood of connections does not become one of reads.
constexpr std::chrono::seconds kLookEvery{1};

// What OpenSSL has to say about the last failure in this thread.
std::string LastTlsError() {
  const unsigned long code = ERR_peek_last_error();
  ERR_clear_error();
  const char* const reason = ERR_reason_error_string(code);
  if (reason != nullptr) return reason;
  std::array<char, 256> text{};
  ERR_error_string_n(code, text.data(), text.size());
  return text.data();
}

// HTTP/2 for who can, else HTTP/1.1; who speaks neither is told so.
int ChooseProtocol(SSL* /*ssl*/, const unsigned char** out, unsigned char* out_size,
                   const unsigned char* in, unsigned in_size, void* /*user*/) {
  static constexpr unsigned char kOurs[] = "\x02h2\x08http/1.1";
  unsigned char* chosen = nullptr;
  const int found = SSL_select_next_proto(&chosen, out_size, kOurs, sizeof(kOurs) - 1, in, in_size);
  *out = chosen;
  return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

// Nobody is asked for a passphrase.
int NoPassphrase(char* /*to*/, int /*size*/, int /*writing*/, void* /*user*/) { return 0; }

std::shared_ptr<SSL_CTX> NewContext() {
  std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  if (context == nullptr) throw std::bad_alloc();
  SSL_CTX* const c = context.get();
  SSL_CTX_set_min_proto_version(c, TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(c, "ECDHE+AESGCM:ECDHE+CHACHA20");  // of TLS 1.2
  SSL_CTX_set_options(c, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  // An idle connection keeps no buffers, and writing again may come from another place in memory.
  SSL_CTX_set_mode(c, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                          SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);  // tickets need no memory here
  SSL_CTX_set_num_tickets(c, 1);
  SSL_CTX_set_default_passwd_cb(c, NoPassphrase);
  SSL_CTX_set_alpn_select_cb(c, ChooseProtocol, nullptr);
  return context;
}

[[noreturn]] void FailTls(const std::string& path, std::string expected, std::string hint = {}) {
  throw LoadError({.path = path,
                   .expected = std::move(expected),
                   .found = LastTlsError(),
                   .hint = std::move(hint)});
}

std::shared_ptr<SSL_CTX> Load(const TlsFiles& files) {
  const std::shared_ptr<SSL_CTX> context = NewContext();
  ERR_clear_error();
  if (SSL_CTX_use_certificate_chain_file(context.get(), files.cert.c_str()) != 1) {
    FailTls(files.cert, "a PEM file with a certificate", "see --tls-cert");
  }
  if (SSL_CTX_use_PrivateKey_file(context.get(), files.key.c_str(), SSL_FILETYPE_PEM) != 1) {
    const int reason = ERR_GET_REASON(ERR_peek_last_error());
    if (reason == X509_R_KEY_VALUES_MISMATCH || reason == X509_R_KEY_TYPE_MISMATCH) {
      FailTls(files.key, "the key of " + files.cert, "see --tls-key");
    }
    FailTls(files.key, "a PEM file with the certificate's key, without a passphrase",
            "see --tls-key");
  }
  if (SSL_CTX_check_private_key(context.get()) != 1) {
    FailTls(files.key, "the key of " + files.cert, "see --tls-key");
  }
  return context;
}

}  // namespace

TlsContext::Stamp TlsContext::StampOf(const std::string& path) {
  struct stat file {};
  if (::stat(path.c_str(), &file) != 0) return {};
  constexpr std::int64_t kNanoseconds = 1'000'000'000;
  return {file.st_dev, file.st_ino, file.st_mtim.tv_sec * kNanoseconds + file.st_mtim.tv_nsec,
          file.st_size};
}

TlsContext::TlsContext(const TlsFiles& files, Log& log) : files_(files), log_(log) {
  seen_ = Look();
  context_ = Load(files_);
  looked_at_ = steady_clock::now();
  struct stat key {};
  if (::stat(files_.key.c_str(), &key) == 0 && (key.st_mode & S_IROTH) != 0) {
    log_.Warn(files_.key + " can be read by every user of this machine");
  }
}

TlsContext::~TlsContext() = default;

void TlsContext::ReloadIfChanged() {
  const auto now = steady_clock::now();
  if (now - looked_at_ < kLookEvery) return;
  looked_at_ = now;
  const Stamps stamps = Look();
  if (stamps == seen_) return;
  seen_ = stamps;
  try {
    context_ = Load(files_);
    log_.Info("TLS: " + files_.cert + " has changed, new connections use it");
  } catch (const LoadError& error) {
    log_.Warn(std::string("TLS: the changed files are of no use, the old certificate stays: ") +
              error.what());
  }
}

std::unique_ptr<Stream> TlsContext::Wrap(Socket socket) {
  const std::lock_guard lock(mutex_);
  ReloadIfChanged();
  return std::make_unique<TlsStream>(std::move(socket), *context_);
}

}  // namespace embd::http
