#include "base/page_buffer.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <new>
#include <utility>

namespace embd {
namespace {

constexpr std::size_t kHugePage = std::size_t{2} << 20U;

std::size_t RoundUp(std::size_t value, std::size_t unit) {
  return (value + unit - 1) / unit * unit;
}

}  // namespace

PageBuffer::PageBuffer(std::size_t size) : size_(size) {
  if (size == 0) return;
  const std::size_t resident = ResidentBytes(size);
  const bool huge = size >= kHugePage;
  mapping_size_ = huge ? resident + kHugePage : resident;
  void* mapping =
      ::mmap(nullptr, mapping_size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapping == MAP_FAILED) throw std::bad_alloc();
  mapping_ = static_cast<std::byte*>(mapping);
  data_ = mapping_;
  if (huge) {
    const auto address = reinterpret_cast<std::uintptr_t>(mapping_);
    data_ = mapping_ + (RoundUp(address, kHugePage) - address);
    // Advice only: where huge pages are off the buffer is made of small ones.
    ::madvise(data_, resident, MADV_HUGEPAGE);
  }
#ifdef MADV_POPULATE_WRITE
  if (::madvise(data_, resident, MADV_POPULATE_WRITE) == 0) return;
#endif
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  for (std::size_t at = 0; at < resident; at += page) {
    *static_cast<volatile std::byte*>(data_ + at) = std::byte{0};
  }
}

PageBuffer::~PageBuffer() {
  if (mapping_ != nullptr) ::munmap(mapping_, mapping_size_);
}

PageBuffer::PageBuffer(PageBuffer&& other) noexcept { *this = std::move(other); }

PageBuffer& PageBuffer::operator=(PageBuffer&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  std::swap(mapping_, other.mapping_);
  std::swap(mapping_size_, other.mapping_size_);
  return *this;
}

std::size_t PageBuffer::ResidentBytes(std::size_t size) {
  return RoundUp(size, static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)));
}

}  // namespace embd
