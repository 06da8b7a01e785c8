#pragma once

#include <sys/types.h>

#include <string>

namespace embd::http {

// A listening Unix-domain socket and the file it is reached by.
class SocketFile {
 public:
  // The socket listens before its file appears under `path`. Throws LoadError: a path that is too
  // long, a folder that is not there, a file that is no socket, a server that answers there.
  SocketFile(std::string path, unsigned mode, int backlog);
  // Removes the file if it still is the one that was made here. The descriptor is the taker's.
  ~SocketFile();
  SocketFile(const SocketFile&) = delete;
  SocketFile& operator=(const SocketFile&) = delete;

  int descriptor() const { return descriptor_; }

 private:
  const std::string path_;
  int descriptor_ = -1;
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

}  // namespace embd::http
