#pragma once

#include <string>

namespace embd::http {

// PEM files: the certificate with the chain up to its authority, and the key, without a passphrase.
struct TlsFiles {
  std::string cert;
  std::string key;
};

}  // namespace embd::http
