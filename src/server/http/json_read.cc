#include "server/http/json_read.h"

#include <cstdint>
#include <limits>
#include <string>
#include <utility>

namespace embd::http {
namespace {

// serde's limit of 128 levels, less the object that the inputs stand in.
constexpr std::size_t kInputDepth = 126;

class InputsReader {
 public:
  InputsReader(BodyReader& reader, InputList& list)
      : reader_(reader), cursor_(reader.cursor()), list_(list) {}

  // A text, a list of token ids, or a list of these. What does not match is read to its end, since
  // bad syntax goes before a wrong shape.
  bool Read() {
    char first = 0;
    if (!cursor_.Peek(first)) return false;
    bool matches = true;
    if (first == '"') {
      Input& input = AddInput();
      if (!cursor_.ReadString(std::get<std::string>(input))) return false;
    } else if (first == '[') {
      if (!ReadList(matches)) return false;
    } else {
      matches = false;
      if (!cursor_.Skip(kInputDepth)) return false;
    }
    return matches || reader_.RefuseUnmatched(kNoVariant);
  }

 private:
  static constexpr std::string_view kNoVariant =
      "data did not match any variant of untagged enum Input";

  bool ReadList(bool& matches) {
    std::vector<std::uint32_t> ids;
    bool more = false;
    for (bool at_first = true;; at_first = false) {
      if (!cursor_.NextElement(at_first, more)) return false;
      if (!more) break;
      char first = 0;
      if (!cursor_.Peek(first)) return false;
      const bool number = first == '-' || (first >= '0' && first <= '9');
      // Either ids or inputs: the first element decides.
      if (!at_first && number == ids.empty()) matches = false;
      if (!ReadElement(first, ids, matches)) return false;
    }
    if (!matches) return true;
    list_.is_batch = list_.count > 0;
    if (!list_.is_batch) AddInput() = std::move(ids);
    return true;
  }

  bool ReadElement(char first, std::vector<std::uint32_t>& ids, bool& matches) {
    if (!matches) return cursor_.Skip(kInputDepth - 1);
    if (first == '"') {
      Input& input = AddInput();
      return cursor_.ReadString(std::get<std::string>(input));
    }
    if (first == '[') return ReadIds(AddInput().emplace<std::vector<std::uint32_t>>(), matches);
    return ReadId(first, ids, matches);
  }

  bool ReadIds(std::vector<std::uint32_t>& ids, bool& matches) {
    bool more = false;
    for (bool at_first = true;; at_first = false) {
      if (!cursor_.NextElement(at_first, more)) return false;
      if (!more) return true;
      char first = 0;
      if (!cursor_.Peek(first)) return false;
      if (!ReadId(first, ids, matches)) return false;
    }
  }

  bool ReadId(char first, std::vector<std::uint32_t>& ids, bool& matches) {
    if (!matches || (first != '-' && (first < '0' || first > '9'))) {
      matches = false;
      return cursor_.Skip(kInputDepth - 2);
    }
    JsonNumber number;
    if (!cursor_.ReadNumber(number)) return false;
    const auto* whole = std::get_if<std::uint64_t>(&number);
    matches = whole != nullptr && *whole <= std::numeric_limits<std::uint32_t>::max();
    if (matches) ids.push_back(static_cast<std::uint32_t>(*whole));
    return true;
  }

  // The place for the next input: its own, or that of the last when there are too many.
  Input& AddInput() {
    if (++list_.count <= kMostInputs) return list_.inputs.emplace_back();
    return list_.inputs.back() = std::string();
  }

  BodyReader& reader_;
  JsonCursor& cursor_;
  InputList& list_;
};

}  // namespace

bool ReadInputs(BodyReader& reader, InputList& out) { return InputsReader(reader, out).Read(); }

bool ReadTexts(BodyReader& reader, InputList& out) {
  out.is_batch = true;
  std::string beyond;
  return reader.ReadList([&] {
    const bool keep = ++out.count <= kMostInputs;
    return reader.ReadString(keep ? std::get<std::string>(out.inputs.emplace_back()) : beyond);
  });
}

std::variant<EmbedBody, Rejection> ReadEmbedRequest(std::string_view body) {
  BodyReader reader(body);
  InputList list;
  EmbedRequest request;
  const bool read = reader.ReadStruct(
      "struct EmbedRequest",
      {{"inputs", [&] { return ReadInputs(reader, list); }, true},
       {"truncate", [&] { return reader.ReadOptionalBool(request.truncate); }},
       {"truncation_direction", [&] { return reader.ReadDirection(request.truncation_side); }},
       {"prompt_name", [&] { return reader.ReadOptionalString(request.prompt_name); }},
       {"normalize", [&] { return reader.ReadBool(request.normalize); }},
       {"dimensions", [&] { return reader.ReadOptionalSize(request.dimensions); }}});
  if (!read) return reader.rejection();
  request.inputs = std::move(list.inputs);
  request.is_batch = list.is_batch;
  return EmbedBody{.request = std::move(request), .inputs = list.count};
}

}  // namespace embd::http
