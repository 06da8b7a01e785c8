#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string_view>

namespace embd {

// A whole file mapped read-only and shared, so that several servers on one machine hold one copy of
// it in the page cache. Movable; unmaps on destruction. Const access is safe from any thread.
class MappedFile {
 public:
  // Throws LoadError when the file cannot be opened, is not a regular file or cannot be mapped.
  // An empty file maps to an empty span.
  explicit MappedFile(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;

  const std::filesystem::path& path() const { return path_; }
  std::span<const std::byte> bytes() const { return {data_, size_}; }
  std::string_view text() const { return {reinterpret_cast<const char*>(data_), size_}; }

  // Makes the pages of [offset, offset+length) resident now, so that no request pays for the fault.
  void Prefault(std::size_t offset, std::size_t length) const;
  // Gives back the pages that lie wholly inside [offset, offset+length); they return from the file
  // if they are touched again.
  void Release(std::size_t offset, std::size_t length) const;

 private:
  std::filesystem::path path_;
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace embd
