#pragma once

#include <exception>
#include <string>

namespace embd {

// Why the server cannot start: thrown on the way from options to Ready and caught once, by main,
// which prints Describe() and exits with status 1. Never thrown after the port is open.
class LoadError : public std::exception {
 public:
  struct Parts {
    std::string path;      // the file, or the place inside it, or the option
    std::string expected;  // what would have been right
    std::string found;     // what is there
    std::string hint;      // what the operator can do; may be empty
  };

  explicit LoadError(Parts parts);

  const Parts& parts() const { return parts_; }
  // One line: "<path>: expected <expected>, found <found> (<hint>)".
  const char* what() const noexcept override { return message_.c_str(); }

 private:
  Parts parts_;
  std::string message_;
};

}  // namespace embd
