#include "app/commands/texts.h"

#include <fstream>

#include "base/load_error.h"

namespace embd {

std::vector<std::string> ReadTexts(const std::string& path) {
  std::ifstream file(path);
  std::vector<std::string> texts;
  for (std::string line; std::getline(file, line);) {
    if (!line.empty()) texts.push_back(std::move(line));
  }
  if (texts.empty()) {
    throw LoadError({.path = path,
                     .expected = "a text file with at least one line",
                     .found = file.is_open() ? "an empty one" : "none that can be read",
                     .hint = {}});
  }
  return texts;
}

}  // namespace embd
