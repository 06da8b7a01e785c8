#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace embd {

// What went wrong with one request, in the terms that every protocol can express. Only
// server/error_map.cc knows which status, code or metric label belongs to each.
enum class ErrorKind {
  kValidation,  // the request is well formed but asks for something that cannot be served
  kEmpty,       // an input that must not be empty is
  kTokenizer,   // the text could not be tokenized
  kOverloaded,  // no capacity now; the same request may succeed later
  kBackend,     // the model failed on this input, or does not support the operation
  kUnhealthy,   // the server itself is not able to serve
  kCancelled,   // the client has gone or the server is shutting down; nobody reads the answer
};

struct Error {
  ErrorKind kind = ErrorKind::kBackend;
  std::string message;
  // kOverloaded: seconds until the same request is likely to be let in; 0: not known.
  std::uint32_t retry_after_s = 0;
};

// A value or the error that took its place. Used after the server is ready; before that, failures
// throw LoadError. Accessing the wrong alternative is a bug in the caller (undefined).
template <typename T>
class [[nodiscard]] Result {
 public:
  // NOLINTNEXTLINE(google-explicit-constructor): `return value;` is how results are made
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  // NOLINTNEXTLINE(google-explicit-constructor)
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  T& value() & { return *std::get_if<0>(&state_); }
  const T& value() const& { return *std::get_if<0>(&state_); }
  T&& value() && { return std::move(*std::get_if<0>(&state_)); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }

  const Error& error() const& { return *std::get_if<1>(&state_); }
  Error&& error() && { return std::move(*std::get_if<1>(&state_)); }

 private:
  std::variant<T, Error> state_;
};

// Success without a value, or an error.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}  // NOLINT(google-explicit-constructor)

  bool ok() const { return !error_.has_value(); }
  explicit operator bool() const { return ok(); }
  const Error& error() const& { return *error_; }
  Error&& error() && { return std::move(*error_); }

 private:
  std::optional<Error> error_;
};

}  // namespace embd
