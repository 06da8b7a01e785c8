#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <memory>
#include <new>

namespace embd {

// Allocator of large, short-lived arrays: what takes a huge page or more is mapped by itself and
// offered to the kernel for huge pages, so that filling it costs one fault for 2 MiB instead of
// 512.
template <typename T>
class PageAllocator {
 public:
  using value_type = T;

  PageAllocator() = default;
  // Allocators convert into each other without being asked.
  template <typename U>
  PageAllocator(const PageAllocator<U>&) {}  // NOLINT(google-explicit-constructor)

  T* allocate(std::size_t count) {
    const std::size_t bytes = MappedBytes(count);
    if (bytes == 0) return std::allocator<T>().allocate(count);
    void* const mapping =
        ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapping == MAP_FAILED) throw std::bad_alloc();
    ::madvise(mapping, bytes, MADV_HUGEPAGE);
    return static_cast<T*>(mapping);
  }
  void deallocate(T* pointer, std::size_t count) {
    const std::size_t bytes = MappedBytes(count);
    if (bytes == 0) return std::allocator<T>().deallocate(pointer, count);
    ::munmap(pointer, bytes);
  }

  bool operator==(const PageAllocator&) const { return true; }

 private:
  static constexpr std::size_t kHugePage = std::size_t{1} << 21;

  // Of a mapping for so many elements; 0 when they are better off on the heap. Kernels align a
  // mapping of whole huge pages by themselves.
  static std::size_t MappedBytes(std::size_t count) {
    if (count < kHugePage / sizeof(T)) return 0;
    if (count > static_cast<std::size_t>(-1) / 2 / sizeof(T)) throw std::bad_alloc();
    return (count * sizeof(T) + kHugePage - 1) / kHugePage * kHugePage;
  }
};

}  // namespace embd
