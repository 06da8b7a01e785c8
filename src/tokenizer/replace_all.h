#pragma once

#include <string>
#include <string_view>

namespace embd {

// `text` with each occurrence of `from`, from left to right, replaced by `to`; as it is when `from`
// is empty.
std::string ReplaceAll(std::string_view text, std::string_view from, std::string_view to);

}  // namespace embd
