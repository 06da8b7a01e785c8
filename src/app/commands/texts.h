#pragma once

#include <string>
#include <vector>

namespace embd {

// The lines of a file that are not empty. Throws LoadError when there are none.
std::vector<std::string> ReadTexts(const std::string& path);

}  // namespace embd
