#include "tokenizer/models/merge_table.h"

#include <bit>

namespace embd {

MergeTable::MergeTable(std::size_t count)
    : slots_(std::bit_ceil(count + count / 2 + 1), kNone), mask_(slots_.size() - 1) {
  merges_.reserve(count);
}

}  // namespace embd
