#pragma once

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>

namespace embd::testing {

// Files by their path below a root, with what they hold.
using Files = std::map<std::string, std::string>;

// A false machine: a folder with such files as long as it lives, for what reads /proc and /sys.
class FalseRoot {
 public:
  explicit FalseRoot(const Files& files)
      : root_(std::filesystem::temp_directory_path() /
              ("embd_false_root_" + std::to_string(::getpid()))) {
    std::filesystem::create_directories(root_);
    for (const auto& [name, content] : files) {
      std::filesystem::create_directories((root_ / name).parent_path());
      std::ofstream(root_ / name) << content;
    }
  }
  ~FalseRoot() { std::filesystem::remove_all(root_); }
  FalseRoot(const FalseRoot&) = delete;
  FalseRoot& operator=(const FalseRoot&) = delete;

  const std::filesystem::path& path() const { return root_; }

 private:
  std::filesystem::path root_;
};

}  // namespace embd::testing
