#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "base/log.h"
#include "server/http/stream.h"
#include "server/http/tls_files.h"

struct ssl_ctx_st;

namespace embd::http {

// The server's certificate and key, as they are in their files: who connects after the files have
// changed gets the new ones, who was connected keeps the old. A changed pair that cannot be used is
// logged, and the last good one stays. Any thread.
class TlsContext {
 public:
  // Throws LoadError when the files cannot be used. `log` must outlive this.
  TlsContext(const TlsFiles& files, Log& log);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  // A stream over a connection that was just accepted; nothing has been shaken hands about yet.
  std::unique_ptr<Stream> Wrap(Socket socket);

 private:
  // What tells that a file was replaced, also through a link on its way.
  struct Stamp {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::int64_t modified_ns = 0;
    std::int64_t bytes = 0;
    bool operator==(const Stamp&) const = default;
  };
  struct Stamps {
    Stamp cert;
    Stamp key;
    bool operator==(const Stamps&) const = default;
  };
  static Stamp StampOf(const std::string& path);
  Stamps Look() const { return {StampOf(files_.cert), StampOf(files_.key)}; }
  void ReloadIfChanged();

  const TlsFiles files_;
  Log& log_;
  std::mutex mutex_;
  std::shared_ptr<ssl_ctx_st> context_;  // shared with reloads under way
  Stamps seen_;                          // when the files were last read, well or not
  std::chrono::steady_clock::time_point looked_at_{};
};

}  // namespace embd::http
