#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>

namespace embd::http {

// Bytes in the order they came. Holds no memory until Reserve and after Release.
class ByteQueue {
 public:
  bool empty() const { return begin_ == end_; }
  std::size_t size() const { return end_ - begin_; }
  std::size_t capacity() const { return capacity_; }
  std::string_view view() const { return {data_.get() + begin_, size()}; }

  void Consume(std::size_t bytes) { begin_ += bytes; }

  // The free part; moves what is held to the front first when that helps.
  char* free_begin() {
    if (begin_ > 0) {
      std::memmove(data_.get(), data_.get() + begin_, size());
      end_ -= begin_;
      begin_ = 0;
    }
    return data_.get() + end_;
  }
  std::size_t free_size() const { return capacity_ - size(); }
  // `bytes` were written at free_begin().
  void Commit(std::size_t bytes) { end_ += bytes; }

  void Reserve(std::size_t capacity) {
    if (capacity <= capacity_) return;
    auto larger = std::make_unique_for_overwrite<char[]>(capacity);
    if (!empty()) std::memcpy(larger.get(), data_.get() + begin_, size());
    end_ = size();
    begin_ = 0;
    data_ = std::move(larger);
    capacity_ = capacity;
  }
  // Only when empty.
  void Release() { *this = {}; }

 private:
  std::unique_ptr<char[]> data_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace embd::http
