#pragma once

#include <cstddef>
#include <span>

namespace embd {

// Zeroed anonymous memory of a size fixed at construction, aligned to 2 MiB when it is at least
// that large (and then offered to the kernel for huge pages) and to a page otherwise. Every page is
// resident when the constructor returns: later use neither faults nor fails. Movable.
class PageBuffer {
 public:
  PageBuffer() = default;
  // Throws std::bad_alloc when the kernel refuses the mapping.
  explicit PageBuffer(std::size_t size);
  ~PageBuffer();
  PageBuffer(PageBuffer&& other) noexcept;
  PageBuffer& operator=(PageBuffer&& other) noexcept;

  std::byte* data() const { return data_; }
  std::size_t size() const { return size_; }
  std::span<std::byte> bytes() const { return {data_, size_}; }

  // Bytes that a buffer of `size` keeps resident (the size rounded up to whole pages).
  static std::size_t ResidentBytes(std::size_t size);

 private:
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
  std::byte* mapping_ = nullptr;
  std::size_t mapping_size_ = 0;
};

}  // namespace embd
