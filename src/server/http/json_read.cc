#include "server/http/json_read.h"

#include <array>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <variant>

#include "server/http/json_body_reader.h"

namespace embd::http {
namespace {

// What stands in an untagged value, less the object around it.
constexpr std::size_t kInputDepth = kMostDepth - 2;

// What one input may be.
struct Kinds {
  bool texts = false;
  bool ids = false;
  std::string_view enum_name;  // what serde calls them
};

class InputsReader {
 public:
  InputsReader(JsonBodyReader& reader, const Kinds& kinds, InputList& list)
      : reader_(reader), cursor_(reader.cursor()), kinds_(kinds), list_(list) {}

  // One input or a list of them. What does not match is read to its end, since bad syntax goes
  // before a wrong shape.
  bool Read() {
    char first = 0;
    if (!cursor_.Peek(first)) return false;
    bool matches = true;
    if (first == '"' && kinds_.texts) {
      Input& input = AddInput();
      if (!cursor_.ReadString(std::get<std::string>(input))) return false;
    } else if (first == '[') {
      if (!ReadList(matches)) return false;
    } else {
      matches = false;
      if (!cursor_.Skip(kInputDepth)) return false;
    }
    if (matches) return true;
    return reader_.RefuseUnmatched("data did not match any variant of untagged enum " +
                                   std::string(kinds_.enum_name));
  }

 private:
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
    list_.is_batch = list_.count > 0 || !kinds_.ids;
    if (!list_.is_batch) AddInput() = std::move(ids);
    return true;
  }

  bool ReadElement(char first, std::vector<std::uint32_t>& ids, bool& matches) {
    if (first == '"' ? !kinds_.texts : !kinds_.ids) matches = false;
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
    if (++list_.count <= reader_.most_inputs()) return list_.inputs.emplace_back();
    return list_.inputs.back() = std::string();
  }

  JsonBodyReader& reader_;
  JsonCursor& cursor_;
  const Kinds kinds_;
  InputList& list_;
};

// The one shape that TEI reads by a rule of its own.
class PairsReader {
 public:
  PairsReader(JsonBodyReader& reader, InputList& list)
      : reader_(reader), cursor_(reader.cursor()), list_(list) {}

  bool Read() {
    char first = 0;
    if (!cursor_.Peek(first)) return false;
    if (first == '"') {
      list_.count = 1;
      return cursor_.ReadString(std::get<std::string>(list_.inputs.emplace_back()));
    }
    if (first != '[') return reader_.RefuseType(first, kExpected);
    bool more = false;
    if (!cursor_.NextElement(/*first=*/true, more)) return false;
    if (!more) return RefuseLength(0);
    if (!cursor_.Peek(first)) return false;
    // The first element decides.
    if (first == '"') return ReadFlat();
    if (first == '[') return ReadBatch();
    return cursor_.Skip(kInputDepth - 1) &&
           cursor_.RefuseShape("data did not match any variant of untagged enum Internal");
  }

 private:
  static constexpr std::string_view kExpected =
      "a string, a pair of strings [string, string] or a batch of mixed strings and pairs "
      "[[string], [string, string], ...]";

  // Behind the "[" of texts that are one input.
  bool ReadFlat() {
    std::array<std::string, 2> texts;
    std::size_t count = 0;
    if (!ReadRest(texts, count)) return false;
    if (count > texts.size()) return RefuseLength(3);
    Add(texts, count);
    return true;
  }

  // Behind the "[" of a list of inputs.
  bool ReadBatch() {
    list_.is_batch = true;
    for (bool more = true; more;) {
      char first = 0;
      if (!cursor_.Peek(first)) return false;
      if (first != '[') return reader_.RefuseType(first, "a sequence");
      std::array<std::string, 2> texts;
      std::size_t count = 0;
      if (!cursor_.NextElement(/*first=*/true, more)) return false;
      if (more && !ReadRest(texts, count)) return false;
      if (count == 0 || count > texts.size()) return RefuseLength(count);
      Add(texts, count);
      if (!cursor_.NextElement(/*first=*/false, more)) return false;
    }
    return true;
  }

  // Texts up to the end of their list, of which the first two are kept.
  bool ReadRest(std::array<std::string, 2>& texts, std::size_t& count) {
    std::string beyond;
    for (bool more = true; more; ++count) {
      if (!reader_.ReadString(count < texts.size() ? texts[count] : beyond)) return false;
      if (!cursor_.NextElement(/*first=*/false, more)) return false;
    }
    return true;
  }

  void Add(std::array<std::string, 2>& texts, std::size_t count) {
    if (++list_.count > reader_.most_inputs()) return;
    if (count == 1) {
      list_.inputs.emplace_back(std::move(texts[0]));
    } else {
      list_.inputs.emplace_back(
          TextPair{.first = std::move(texts[0]), .second = std::move(texts[1])});
    }
  }

  bool RefuseLength(std::size_t length) {
    return cursor_.RefuseShape("invalid length " + std::to_string(length) + ", expected " +
                               std::string(kExpected));
  }

  JsonBodyReader& reader_;
  JsonCursor& cursor_;
  InputList& list_;
};

constexpr Shape kInputShape = {
    "Input", R"({"description":"A text, the ids of its tokens, or a list of these.","oneOf":[)"
             R"({"type":"string"},{"$ref":"#/components/schemas/TokenIds"},)"
             R"({"type":"array","minItems":1,"items":{"oneOf":[)"
             R"({"type":"string"},{"$ref":"#/components/schemas/TokenIds"}]}}],)"
             R"("example":"What is Deep Learning?"})"};
constexpr Shape kTextInputShape = {
    "TokenizeInput", R"({"description":"A text or a list of texts.","oneOf":[)"
                     R"({"type":"string"},{"type":"array","items":{"type":"string"}}],)"
                     R"("example":"What is Deep Learning?"})"};
constexpr Shape kIdInputShape = {
    "InputIds",
    R"({"description":"The ids of a text's tokens, or a list of these.","oneOf":[)"
    R"({"$ref":"#/components/schemas/TokenIds"},)"
    R"({"type":"array","minItems":1,"items":{"$ref":"#/components/schemas/TokenIds"}}],)"
    R"("example":[101,2054,2003,2784,4083,1029,102]})"};
constexpr Shape kPairInputShape = {
    "PredictInput",
    R"({"description":"A text, a list of one text or of a pair, or a list of such lists.",)"
    R"("oneOf":[{"type":"string"},)"
    R"({"type":"array","items":{"type":"string"},"minItems":1,"maxItems":2},)"
    R"({"type":"array","minItems":1,"items":)"
    R"({"type":"array","items":{"type":"string"},"minItems":1,"maxItems":2}}],)"
    R"("example":"I like you."})"};
constexpr Shape kDocumentShape = {
    "Document", R"({"oneOf":[{"type":"string"},{"type":"object","required":["text"],)"
                R"("properties":{"text":{"type":"string"}}}],"example":"Deep Learning is ..."})"};

bool ReadKinds(BodyReader& reader, const Shape& shape, const Kinds& kinds, InputList& out) {
  return reader.ReadShape(
      shape, [&](JsonBodyReader& json) { return InputsReader(json, kinds, out).Read(); });
}

bool ReadDocument(JsonBodyReader& reader, std::string& out) {
  char first = 0;
  if (!reader.cursor().Peek(first)) return false;
  if (first != '{') return reader.ReadString(out);
  return reader.ReadStruct(
      "struct Document", {{"text", [&] { return reader.ReadString(out); }, BodyReader::kRequired}});
}

// Where the next text of a list goes.
std::string& AddText(const BodyReader& reader, InputList& list, std::string& beyond) {
  const bool keep = ++list.count <= reader.most_inputs();
  return keep ? std::get<std::string>(list.inputs.emplace_back()) : beyond;
}

}  // namespace

bool ReadInputs(BodyReader& reader, InputList& out) {
  constexpr Kinds kKinds = {.texts = true, .ids = true, .enum_name = "Input"};
  return ReadKinds(reader, kInputShape, kKinds, out);
}

bool ReadTextInputs(BodyReader& reader, InputList& out) {
  constexpr Kinds kKinds = {.texts = true, .ids = false, .enum_name = "TokenizeInput"};
  return ReadKinds(reader, kTextInputShape, kKinds, out);
}

bool ReadIdInputs(BodyReader& reader, InputList& out) {
  constexpr Kinds kKinds = {.texts = false, .ids = true, .enum_name = "InputIds"};
  return ReadKinds(reader, kIdInputShape, kKinds, out);
}

bool ReadPairInputs(BodyReader& reader, InputList& out) {
  return reader.ReadShape(kPairInputShape,
                          [&](JsonBodyReader& json) { return PairsReader(json, out).Read(); });
}

bool ReadTexts(BodyReader& reader, InputList& out) {
  out.is_batch = true;
  std::string beyond;
  return reader.ReadList([&] { return reader.ReadString(AddText(reader, out, beyond)); });
}

bool ReadDocuments(BodyReader& reader, InputList& out) {
  out.is_batch = true;
  std::string beyond;
  return reader.ReadList([&] {
    return reader.ReadShape(kDocumentShape, [&](JsonBodyReader& json) {
      return ReadDocument(json, AddText(reader, out, beyond));
    });
  });
}

std::vector<std::string> TakeTexts(InputList& list) {
  std::vector<std::string> texts;
  texts.reserve(list.inputs.size());
  for (Input& input : list.inputs) texts.push_back(std::move(std::get<std::string>(input)));
  return texts;
}

}  // namespace embd::http
