#pragma once

#include <memory>
#include <type_traits>
#include <utility>

namespace embd {

template <typename Signature>
class FunctionRef;

// Refers to something that can be called, without owning or copying it: for parameters that are
// called before the function returns. Must not outlive what it refers to.
template <typename R, typename... Args>
class FunctionRef<R(Args...)> {
 public:
  template <typename F>
  requires(!std::is_same_v<std::remove_cvref_t<F>, FunctionRef> &&
           std::is_invocable_r_v<R, const F&, Args...>)
      FunctionRef(const F& function)  // NOLINT(google-explicit-constructor)
      : object_(std::addressof(function)), call_([](const void* object, Args... args) -> R {
          return (*static_cast<const F*>(object))(std::forward<Args>(args)...);
        }) {}

  R operator()(Args... args) const { return call_(object_, std::forward<Args>(args)...); }

 private:
  const void* object_;
  R (*call_)(const void*, Args...);
};

}  // namespace embd
