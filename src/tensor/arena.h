#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "tensor/tensor_view.h"

namespace embd {

// Hands out pieces of a memory block front to back and takes them back as a whole. The block is
// sized at start for the largest step, so a forward pass never allocates. Pieces are 64-byte
// aligned and hold what the last user left. Not for sharing: each thread has an Arena of its own.
// Two arenas over one block that are asked for the same pieces in the same order hand out the same
// addresses; that is how the threads of one step agree on where its activations are.
class Arena {
 public:
  // `block` must be 64-byte aligned and outlive the arena.
  explicit Arena(std::span<std::byte> block) : block_(block) {}

  // Space for `count` floats, or a dense [rows, cols] matrix (stride = cols rounded up to 16
  // floats). Asking for more than is left is a bug in the model's declared need: the process
  // aborts, since writing on would corrupt other requests.
  float* Floats(std::size_t count);
  MatrixView Matrix(std::int64_t rows, std::int64_t cols);
  std::byte* Bytes(std::size_t count);

  // Bytes that Floats(count) and Matrix(rows, cols) take, for declaring the need beforehand.
  static std::size_t FloatsBytes(std::size_t count);
  static std::size_t MatrixBytes(std::int64_t rows, std::int64_t cols);

  // Takes back everything handed out after `mark` was taken.
  std::size_t mark() const { return used_; }
  void Rewind(std::size_t mark) { used_ = mark; }

  std::size_t size() const { return block_.size(); }
  // The most that was ever in use, for tests of the declared need.
  std::size_t high_water() const { return high_water_; }

 private:
  std::span<std::byte> block_;
  std::size_t used_ = 0;
  std::size_t high_water_ = 0;
};

}  // namespace embd
