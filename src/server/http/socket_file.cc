#include "server/http/socket_file.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/load_error.h"

namespace embd::http {
namespace {

[[noreturn]] void FailAt(const std::string& path, std::string found, std::string hint = {}) {
  throw LoadError({.path = path,
                   .expected = "a place for a socket file",
                   .found = std::move(found),
                   .hint = std::move(hint)});
}

std::string LastSystemError() { return std::system_category().message(errno); }

sockaddr_un AddressOf(std::string_view path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(static_cast<char*>(address.sun_path), sizeof(address.sun_path) - 1);
  return address;
}

int CallWith(int (*call)(int, const sockaddr*, socklen_t), int socket, const sockaddr_un& address) {
  return call(socket, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
}

// Nothing there, or a socket that nobody answers at.
void RequireFree(const std::string& path) {
  struct stat file {};
  if (::lstat(path.c_str(), &file) != 0) {
    if (errno == ENOENT) return;
    FailAt(path, LastSystemError());
  }
  if (!S_ISSOCK(file.st_mode)) FailAt(path, "a file that is no socket", "it is left as it is");
  const int probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const bool answered = CallWith(::connect, probe, AddressOf(path)) == 0 || errno == EAGAIN;
  const bool dead = !answered && errno == ECONNREFUSED;
  const std::string why = answered ? "a server that answers there" : LastSystemError();
  ::close(probe);
  if (!dead) FailAt(path, why);
}

}  // namespace

// Bound under another name and moved into place, so that whoever finds the file is answered and a
// dead server's file is replaced without a moment between.
SocketFile::SocketFile(std::string path, unsigned mode, int backlog) : path_(std::move(path)) {
  const std::string own = path_ + "." + std::to_string(::getpid());
  constexpr std::size_t kLongest = sizeof(sockaddr_un{}.sun_path) - 1;
  if (path_.empty() || own.size() > kLongest) {
    FailAt(path_, "a path of " + std::to_string(path_.size()) + " bytes",
           "the system takes up to " + std::to_string(kLongest) +
               ", of which some are needed for a moment");
  }
  RequireFree(path_);
  descriptor_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  ::unlink(own.c_str());  // of a process of this number, long gone
  struct stat file {};
  // The mode of the socket is that of its file from the first moment, less the umask.
  const bool made = descriptor_ >= 0 && ::fchmod(descriptor_, mode) == 0 &&
                    CallWith(::bind, descriptor_, AddressOf(own)) == 0 &&
                    ::chmod(own.c_str(), mode) == 0 && ::listen(descriptor_, backlog) == 0 &&
                    ::lstat(own.c_str(), &file) == 0 &&
                    std::rename(own.c_str(), path_.c_str()) == 0;
  if (!made) {
    const std::string why = LastSystemError();
    ::unlink(own.c_str());
    if (descriptor_ >= 0) ::close(descriptor_);
    FailAt(path_, why);
  }
  device_ = file.st_dev;
  inode_ = file.st_ino;
}

SocketFile::~SocketFile() {
  struct stat file {};
  if (::lstat(path_.c_str(), &file) != 0) return;
  if (file.st_dev == device_ && file.st_ino == inode_) ::unlink(path_.c_str());
}

}  // namespace embd::http
