#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace embd::http {

// Why a document was refused, in the words and at the place that serde_json would say.
struct JsonError {
  bool syntax = false;  // not JSON at all; else JSON of the wrong shape
  std::string detail;
  std::size_t offset = 0;  // bytes of the document before the place that is reported
};

// "<detail> at line L column C"
std::string Describe(const JsonError& error, std::string_view document);

// A number as it is written: without sign, fraction and exponent; with a sign; or neither.
using JsonNumber = std::variant<std::uint64_t, std::int64_t, double>;

// Reads a JSON document from its first byte on, without building anything and without recursion.
// Errors come in the order of the document and nothing after its end is looked at. Every member
// that returns bool gives false when the document is refused; then error() says why and nothing
// else may be called. Strings must be UTF-8.
class JsonCursor {
 public:
  static constexpr std::size_t kNoLimit = SIZE_MAX;

  explicit JsonCursor(std::string_view document) : text_(document) {}

  const JsonError& error() const { return error_; }
  // Bytes of the document that were read.
  std::size_t offset() const { return at_; }

  // Skips white space and gives the byte that the next value starts with: one of { [ " t f n - or
  // a digit.
  bool Peek(char& first);

  // The value here must start with the byte that the name says (Peek tells).
  bool ReadString(std::string& out) { return ScanString(&out); }
  bool ReadLiteral(std::string_view word);  // true, false or null
  bool ReadNumber(JsonNumber& out);
  // Any value; only its syntax is checked. Refuses lists and objects that are nested deeper than
  // `max_depth`.
  bool Skip(std::size_t max_depth = kNoLimit);

  // One call before each member of an object and one at its end: `more` says whether a key was
  // read, whose value must be read before the next call. `first`: the object starts here.
  bool NextKey(bool first, bool& more, std::string* key);
  // Likewise for the elements of a list.
  bool NextElement(bool first, bool& more);

  // Refuses the document for its shape, as of here. Always false.
  bool RefuseShape(std::string detail);
  // Likewise for an object that is not finished: the place is after its end if that comes next.
  bool RefuseObject(std::string detail);
  // Refuses the document for its syntax at the next byte. Always false.
  bool RefuseSyntax(std::string_view detail);

 private:
  bool Fail(std::string_view detail, std::size_t offset);
  bool AtEnd() const { return at_ == text_.size(); }
  bool At(char c) const { return at_ < text_.size() && text_[at_] == c; }
  void SkipSpace();
  bool SkipDigits();
  bool ScanNumber(bool& integer);
  bool ScanString(std::string* out);
  bool ScanPlain(std::string* out);
  bool ScanEscape(std::string* out);
  bool ScanHex(std::uint32_t& unit);
  bool ScanUnicodeEscape(std::string* out);
  bool SkipScalar(char first);
  bool SkipToNextValue(std::string& open);

  std::string_view text_;
  std::size_t at_ = 0;
  JsonError error_;
};

}  // namespace embd::http
