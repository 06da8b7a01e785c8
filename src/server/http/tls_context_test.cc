// Certificates from their files to a client: made here, read, replaced and spoilt.

#include "server/http/tls_context.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>

#include "base/load_error.h"
#include "server/http/test_server.h"

namespace embd::http {
namespace {

namespace fs = std::filesystem;
using Status = Stream::Status;
using testing::TestServer;

template <auto kFree>
struct FreeBy {
  template <typename T>
  void operator()(T* pointer) const {
    kFree(pointer);
  }
};
using Key = std::unique_ptr<EVP_PKEY, FreeBy<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, FreeBy<X509_free>>;
using ClientContext = std::unique_ptr<SSL_CTX, FreeBy<SSL_CTX_free>>;
using ClientSsl = std::unique_ptr<SSL, FreeBy<SSL_free>>;

Key MakeKey() { return Key(EVP_EC_gen("P-256")); }

Certificate MakeCertificate(EVP_PKEY* key, long serial) {
  Certificate certificate(X509_new());
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -60);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
  X509_set_pubkey(certificate.get(), key);
  X509_sign(certificate.get(), key, EVP_sha256());
  return certificate;
}

// Written whole under another name and moved into place, as they who renew certificates do.
template <typename Write>
void WriteFile(const std::string& path, mode_t mode, Write write) {
  const std::string other = path + ".new";
  std::FILE* const file = std::fopen(other.c_str(), "w");
  ASSERT_NE(file, nullptr);
  write(file);
  std::fclose(file);
  ::chmod(other.c_str(), mode);
  fs::rename(other, path);
}

class TlsContextTest : public ::testing::Test {
 protected:
  TlsContextTest() : state_(server_.service(), log_, HttpServerOptions{}), thread_(state_) {}

  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "embd-tls-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
    files_ = {.cert = folder_ / "cert.pem", .key = folder_ / "key.pem"};
    WritePair(1);
  }
  void TearDown() override { fs::remove_all(folder_); }

  void WriteKey(EVP_PKEY* key, const char* passphrase = nullptr, mode_t mode = 0600) {
    WriteFile(files_.key, mode, [&](std::FILE* file) {
      const EVP_CIPHER* const cipher = passphrase != nullptr ? EVP_aes_128_cbc() : nullptr;
      PEM_write_PKCS8PrivateKey(file, key, cipher, passphrase, passphrase != nullptr ? 4 : 0,
                                nullptr, nullptr);
    });
  }
  void WriteCertificate(X509* certificate) {
    WriteFile(files_.cert, 0644, [&](std::FILE* file) { PEM_write_X509(file, certificate); });
  }
  void WritePair(long serial) {
    const Key key = MakeKey();
    WriteKey(key.get());
    WriteCertificate(MakeCertificate(key.get(), serial).get());
  }

  std::string Refused() {
    try {
      const TlsContext context(files_, log_);
    } catch (const LoadError& error) {
      return error.what();
    }
    return {};
  }

  TestServer server_{{}, {.level = LogLevel::kOff}};
  Log log_{{.level = LogLevel::kWarn}};
  ServerState state_;
  IoThread thread_;  // whose sockets the streams are; it does nothing here
  fs::path folder_;
  TlsFiles files_;
};

// A client and the server's stream, both driven by the test's thread.
class Session {
 public:
  Session(TlsContext& context, IoThread& thread, std::string_view protocols = {},
          int version = TLS1_3_VERSION)
      : client_context_(SSL_CTX_new(TLS_client_method())) {
    SSL_CTX_set_max_proto_version(client_context_.get(), version);
    SSL_CTX_set_security_level(client_context_.get(),
                               0);  // old versions, to be refused by the server
    SSL_CTX_set_min_proto_version(client_context_.get(), TLS1_VERSION);
    client_.reset(SSL_new(client_context_.get()));
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair_.data()),
              0);
    SSL_set_fd(client_.get(), pair_[0]);
    SSL_set_connect_state(client_.get());
    if (!protocols.empty()) {
      SSL_set_alpn_protos(client_.get(), reinterpret_cast<const unsigned char*>(protocols.data()),
                          static_cast<unsigned>(protocols.size()));
    }
    stream_ = context.Wrap(TakeSocket(thread, pair_[1]));
  }
  ~Session() {
    client_.reset();
    ::close(pair_[0]);
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  bool ShakeHands() {
    for (int i = 0; i < 100; ++i) {
      const int client = SSL_do_handshake(client_.get());
      const Status server = stream_->Handshake().status;
      if (server == Status::kBroken) return false;
      if (client == 1 && server == Status::kDone) return true;
    }
    return false;
  }

  // The serial number of the certificate that the client was shown; 0 when there was none.
  long Serial() {
    if (!ShakeHands()) return 0;
    const Certificate shown(SSL_get1_peer_certificate(client_.get()));
    return shown != nullptr ? ASN1_INTEGER_get(X509_get0_serialNumber(shown.get())) : 0;
  }

  std::string Protocol() {
    if (!ShakeHands()) return "none";
    const unsigned char* name = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(client_.get(), &name, &size);
    return {reinterpret_cast<const char*>(name), size};
  }

  SSL* client() { return client_.get(); }
  Stream& stream() { return *stream_; }

 private:
  ClientContext client_context_;
  ClientSsl client_;
  std::array<int, 2> pair_{};
  std::unique_ptr<Stream> stream_;
};

TEST_F(TlsContextTest, CarriesBytesBothWaysAndSaysTheEnd) {
  TlsContext context(files_, log_);
  Session session(context, thread_);
  ASSERT_TRUE(session.ShakeHands());
  ASSERT_EQ(SSL_write(session.client(), "question", 8), 8);
  std::array<char, 64> got{};
  Stream::Moved moved = session.stream().Receive(got.data(), 3);
  EXPECT_EQ(std::string_view(got.data(), moved.bytes), "que");
  EXPECT_TRUE(session.stream().holds_input());  // of which the socket no longer knows
  EXPECT_TRUE(session.stream().HasArrived());
  moved = session.stream().Receive(got.data(), got.size());
  EXPECT_EQ(std::string_view(got.data(), moved.bytes), "stion");
  EXPECT_EQ(session.stream().Receive(got.data(), got.size()).status, Status::kWantsRead);

  moved = session.stream().Send("an ", "answer");
  EXPECT_EQ(moved.bytes, 9U);  // in one record
  EXPECT_EQ(SSL_read(session.client(), got.data(), got.size()), 9);
  EXPECT_EQ(std::string_view(got.data(), 9), "an answer");
  session.stream().EndSending();
  EXPECT_LE(SSL_read(session.client(), got.data(), got.size()), 0);
  EXPECT_EQ(SSL_get_shutdown(session.client()) & SSL_RECEIVED_SHUTDOWN, SSL_RECEIVED_SHUTDOWN);
  SSL_shutdown(session.client());
  EXPECT_EQ(session.stream().Receive(got.data(), got.size()).status, Status::kEnd);
}

TEST_F(TlsContextTest, AClientThatGoesWithoutAWordIsBroken) {
  TlsContext context(files_, log_);
  Session session(context, thread_);
  ASSERT_TRUE(session.ShakeHands());
  ::shutdown(SSL_get_fd(session.client()), SHUT_RDWR);
  std::array<char, 8> got{};
  EXPECT_EQ(session.stream().Receive(got.data(), got.size()).status, Status::kBroken);
  EXPECT_EQ(session.stream().Receive(got.data(), got.size()).status, Status::kBroken);
  EXPECT_EQ(session.stream().Send("x", {}).status, Status::kBroken);
}

TEST_F(TlsContextTest, WordsThatAreNoTlsAreBroken) {
  TlsContext context(files_, log_);
  Session session(context, thread_);
  const std::string_view request = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";
  ASSERT_EQ(::send(SSL_get_fd(session.client()), request.data(), request.size(), 0),
            static_cast<ssize_t>(request.size()));
  EXPECT_EQ(session.stream().Handshake().status, Status::kBroken);
  EXPECT_EQ(session.stream().Handshake().status, Status::kBroken);
}

TEST_F(TlsContextTest, ChoosesTheProtocolThatBothSpeak) {
  TlsContext context(files_, log_);
  EXPECT_EQ(Session(context, thread_).Protocol(), "");
  EXPECT_EQ(Session(context, thread_, "\x02h2\x08http/1.1").Protocol(), "h2");
  EXPECT_EQ(Session(context, thread_, "\x08http/1.1\x02h2").Protocol(), "h2");
  EXPECT_EQ(Session(context, thread_, "\x08http/1.1").Protocol(), "http/1.1");
  EXPECT_EQ(Session(context, thread_, "\x05other").Protocol(), "none");
}

TEST_F(TlsContextTest, SpeaksNoVersionBefore12) {
  TlsContext context(files_, log_);
  EXPECT_TRUE(Session(context, thread_, {}, TLS1_2_VERSION).ShakeHands());
  EXPECT_FALSE(Session(context, thread_, {}, TLS1_1_VERSION).ShakeHands());
}

TEST_F(TlsContextTest, FilesThatCannotBeUsedAreNamed) {
  EXPECT_EQ(Refused(), "");
  const Key other = MakeKey();
  WriteKey(other.get());
  EXPECT_NE(Refused().find("the key of " + files_.cert), std::string::npos) << Refused();
  WriteKey(other.get(), "pass");
  EXPECT_NE(Refused().find("without a passphrase"), std::string::npos) << Refused();
  std::ofstream(files_.key) << "nonsense";
  EXPECT_NE(Refused().find(files_.key), std::string::npos) << Refused();
  std::ofstream(files_.cert) << "nonsense";
  EXPECT_NE(Refused().find(files_.cert), std::string::npos) << Refused();
  fs::remove(files_.cert);
  EXPECT_NE(Refused().find(files_.cert), std::string::npos) << Refused();
}

TEST_F(TlsContextTest, AKeyThatEverybodyMayReadIsMentioned) {
  const Key key = MakeKey();
  WriteKey(key.get(), nullptr, 0644);
  WriteCertificate(MakeCertificate(key.get(), 1).get());
  ::testing::internal::CaptureStdout();
  EXPECT_EQ(Refused(), "");
  EXPECT_NE(::testing::internal::GetCapturedStdout().find("can be read by every user"),
            std::string::npos);
}

// The files are looked at once a second at most, so each step waits a little longer.
TEST_F(TlsContextTest, TakesNewFilesAndKeepsTheOldWhileTheNewAreOfNoUse) {
  const auto wait = [] { std::this_thread::sleep_for(std::chrono::milliseconds(1100)); };
  TlsContext context(files_, log_);
  Session before(context, thread_);
  EXPECT_EQ(Session(context, thread_).Serial(), 1);
  WritePair(2);
  wait();
  EXPECT_EQ(Session(context, thread_).Serial(), 2);
  EXPECT_EQ(before.Serial(), 1);  // it connected when there was no other

  ::testing::internal::CaptureStdout();
  WriteKey(MakeKey().get());  // half of a renewal
  wait();
  EXPECT_EQ(Session(context, thread_).Serial(), 2);
  EXPECT_EQ(Session(context, thread_).Serial(), 2);
  fs::remove(files_.cert);
  wait();
  EXPECT_EQ(Session(context, thread_).Serial(), 2);
  EXPECT_NE(::testing::internal::GetCapturedStdout().find("the old certificate stays"),
            std::string::npos);
  WritePair(3);
  wait();
  EXPECT_EQ(Session(context, thread_).Serial(), 3);
}

}  // namespace
}  // namespace embd::http
