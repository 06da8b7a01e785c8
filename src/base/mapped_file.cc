#include "base/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <string>
#include <utility>

#include "base/load_error.h"

namespace embd {
namespace {

// Closes the descriptor on every way out.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

[[noreturn]] void Fail(const std::filesystem::path& path, const char* expected, std::string found) {
  throw LoadError(
      {.path = path.string(), .expected = expected, .found = std::move(found), .hint = {}});
}

std::size_t PageSize() { return static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)); }

}  // namespace

MappedFile::MappedFile(const std::filesystem::path& path) : path_(path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) Fail(path, "a readable file", std::strerror(errno));
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) Fail(path, "a readable file", std::strerror(errno));
  if (!S_ISREG(status.st_mode)) Fail(path, "a regular file", "something else");
  size_ = static_cast<std::size_t>(status.st_size);
  if (size_ == 0) return;
  void* mapping = ::mmap(nullptr, size_, PROT_READ, MAP_SHARED, file.get(), 0);
  if (mapping == MAP_FAILED) Fail(path, "a file that can be mapped", std::strerror(errno));
  data_ = static_cast<std::byte*>(mapping);
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(data_, size_);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : path_(std::move(other.path_)),
      data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

void MappedFile::Prefault(std::size_t offset, std::size_t length) const {
  if (length == 0) return;
  const std::size_t page = PageSize();
  const std::size_t begin = offset / page * page;
  std::byte* const start = data_ + begin;
  const std::size_t bytes = offset + length - begin;
#ifdef MADV_POPULATE_READ
  if (::madvise(start, bytes, MADV_POPULATE_READ) == 0) return;
#endif
  // Kernels before 5.14: start the read-ahead, then touch every page.
  ::madvise(start, bytes, MADV_WILLNEED);
  for (std::size_t at = 0; at < bytes; at += page) {
    static_cast<void>(*static_cast<const volatile std::byte*>(start + at));
  }
}

void MappedFile::Release(std::size_t offset, std::size_t length) const {
  const std::size_t page = PageSize();
  const std::size_t begin = (offset + page - 1) / page * page;
  const std::size_t end = (offset + length) / page * page;
  if (begin < end) ::madvise(data_ + begin, end - begin, MADV_DONTNEED);
}

}  // namespace embd
