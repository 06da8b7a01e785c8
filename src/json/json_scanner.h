#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace embd {

// A number as its digits stand in the text: (-)digits * 10^exponent. Digits beyond 64 bits are left
// out.
struct JsonDecimal {
  bool negative = false;
  std::uint64_t digits = 0;
  int exponent = 0;
};

// Reads a JSON text from front to back without a tree of it, for parts with hundreds of thousands
// of values. Each function skips the whitespace before what it reads and says whether that was
// there; after a false of anything but Take nothing more can be read. Reads no byte outside of the
// text whatever is in there, but whether the text is UTF-8 is left to the caller.
class JsonScanner {
 public:
  explicit JsonScanner(std::string_view text) : at_(text.data()), end_(text.data() + text.size()) {}

  // One of the characters []{}:, if it is next.
  bool Take(char c) {
    if (!IsNext(c)) return false;
    ++at_;
    return true;
  }
  // Whether that is next; it stays so.
  bool IsNext(char c) {
    SkipSpaces();
    return at_ != end_ && *at_ == c;
  }
  // Appends what a string stands for to `out`.
  bool ReadString(std::string& out);
  bool ReadDecimal(JsonDecimal& out);
  // A number without sign, fraction or exponent, of at most 9 digits.
  bool ReadUnsigned(std::uint32_t& out);
  // Goes behind a value. Of arrays and objects looks at brackets and strings only.
  bool SkipValue();
  // Goes to the value of the first member `key` of an object.
  bool EnterMember(std::string_view key);

  // Where the next byte is read.
  const char* at() const { return at_; }
  std::size_t bytes_left() const { return static_cast<std::size_t>(end_ - at_); }

 private:
  static bool IsSpace(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }
  static bool IsDigit(char c) { return c >= '0' && c <= '9'; }

  void SkipSpaces() {
    while (at_ != end_ && IsSpace(*at_)) ++at_;
  }
  // The next quote, backslash or control character, or the end.
  const char* FindSpecial() const;
  bool ReadEscape(std::string& out);
  bool ReadHex4(std::uint32_t& out);
  bool SkipString();
  bool ReadFraction(JsonDecimal& out);
  bool ReadExponent(int& exponent);

  const char* at_;
  const char* end_;
};

}  // namespace embd
