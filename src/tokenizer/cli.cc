#include "tokenizer/cli.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <istream>
#include <limits>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "unicode/utf8.h"

namespace embd {
namespace {

using Buffer = fmt::memory_buffer;

void AppendText(Buffer& out, std::string_view text) {
  out.append(text.data(), text.data() + text.size());
}

void AppendJsonString(Buffer& out, std::string_view text) {
  out.push_back('"');
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (static_cast<std::uint8_t>(c) < 0x20) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out.push_back(c);
    }
  }
  out.push_back('"');
}

// Appends `"name":[...]` with one `append(item)` for each item.
template <typename Items, typename AppendItem>
void AppendArray(Buffer& out, std::string_view name, const Items& items, AppendItem append) {
  fmt::format_to(std::back_inserter(out), "\"{}\":[", name);
  bool first = true;
  for (const auto& item : items) {
    if (!first) out.push_back(',');
    first = false;
    append(item);
  }
  out.push_back(']');
}

void AppendEncoding(Buffer& out, const Tokenizer& tokenizer, const Encoding& encoding) {
  const auto number = [&out](auto value) { fmt::format_to(std::back_inserter(out), "{}", value); };
  out.push_back('{');
  AppendArray(out, "ids", encoding.ids, number);
  out.push_back(',');
  AppendArray(out, "type_ids", encoding.type_ids, number);
  out.push_back(',');
  AppendArray(out, "offsets", encoding.offsets, [&out](const ByteRange& range) {
    fmt::format_to(std::back_inserter(out), "[{},{}]", range.begin, range.end);
  });
  out.push_back(',');
  AppendArray(out, "special_tokens_mask", encoding.special_tokens_mask, number);
  out.push_back(',');
  AppendArray(out, "tokens", encoding.ids,
              [&](std::uint32_t id) { AppendJsonString(out, tokenizer.IdToToken(id)); });
  AppendText(out, "}\n");
}

Error BadLine(std::size_t line, std::string_view expected, std::string_view found) {
  return {ErrorKind::kValidation,
          fmt::format("line {}: expected {}, found {}", line, expected, found)};
}

// Calls `handle(value, buffer)` with the JSON value of each line; it returns whether the value is
// what was `expected`. Writes what it put into the buffer; nothing is held back while the reader
// of the output may be waiting for it, that is, while there is no further line.
template <typename Handle>
Result<void> ForEachLine(std::istream& in, std::ostream& out, std::string_view expected,
                         Handle handle) {
  simdjson::dom::parser parser;
  std::string line;
  Buffer buffer;
  for (std::size_t number = 1; std::getline(in, line); ++number) {
    simdjson::dom::element value;
    const simdjson::error_code error = parser.parse(line).get(value);
    if (error != simdjson::SUCCESS) {
      out.flush();
      return BadLine(number, expected,
                     error == simdjson::UTF8_ERROR ? "invalid UTF-8" : "no JSON value");
    }
    if (!handle(value, buffer)) {
      out.flush();
      return BadLine(number, expected, "another JSON value");
    }
    out.write(buffer.data(), static_cast<std::streamsize>(buffer.size()));
    buffer.clear();
    if (in.rdbuf()->in_avail() <= 0) out.flush();
    if (!out) break;
  }
  if (!out.flush()) return Error{ErrorKind::kBackend, "the output cannot be written"};
  return {};
}

}  // namespace

Result<void> RunTokenize(const Tokenizer& tokenizer, const EncodeOptions& options, std::istream& in,
                         std::ostream& out) {
  EncodeOptions detailed = options;
  detailed.details = true;
  Tokenizer::Scratch scratch;
  Encoding encoding;
  const auto handle = [&](simdjson::dom::element value, Buffer& buffer) {
    std::string_view text;
    simdjson::dom::array pair;
    Result<void> done;
    if (value.get(text) == simdjson::SUCCESS) {
      done = tokenizer.Encode(text, detailed, scratch, encoding);
    } else {
      std::string_view second;
      if (value.get(pair) != simdjson::SUCCESS || pair.size() != 2 ||
          pair.at(0).get(text) != simdjson::SUCCESS ||
          pair.at(1).get(second) != simdjson::SUCCESS) {
        return false;
      }
      done = tokenizer.EncodePair(text, second, detailed, scratch, encoding);
    }
    if (done) {
      AppendEncoding(buffer, tokenizer, encoding);
    } else {
      AppendText(buffer, "{\"error\":");
      AppendJsonString(buffer, done.error().message);
      AppendText(buffer, "}\n");
    }
    return true;
  };
  return ForEachLine(in, out, "a JSON string or an array of two", handle);
}

Result<void> RunDecode(const Tokenizer& tokenizer, bool skip_special_tokens, std::istream& in,
                       std::ostream& out) {
  std::vector<std::uint32_t> ids;
  const auto handle = [&](simdjson::dom::element value, Buffer& buffer) {
    simdjson::dom::array array;
    if (value.get(array) != simdjson::SUCCESS) return false;
    ids.clear();
    for (const simdjson::dom::element item : array) {
      std::uint64_t id = 0;
      if (item.get(id) != simdjson::SUCCESS || id > std::numeric_limits<std::uint32_t>::max()) {
        return false;
      }
      ids.push_back(static_cast<std::uint32_t>(id));
    }
    AppendJsonString(buffer, tokenizer.Decode(ids, skip_special_tokens));
    buffer.push_back('\n');
    return true;
  };
  return ForEachLine(in, out, "a JSON array of token ids", handle);
}

}  // namespace embd
