#include <fmt/format.h>

#include <array>
#include <string>
#include <utility>

#include "app/option_table.h"
#include "app/version.h"

namespace embd {
namespace {

constexpr std::size_t kWidth = 96;
constexpr std::string_view kIndent = "          ";

constexpr std::array<std::pair<OptionGroup, std::string_view>, 8> kGroups = {{
    {OptionGroup::kTokenizer, "Tokenizer"},
    {OptionGroup::kBench, "Benchmark"},
    {OptionGroup::kModel, "Model"},
    {OptionGroup::kLimits, "Batching and limits"},
    {OptionGroup::kMachine, "This machine"},
    {OptionGroup::kServer, "Server"},
    {OptionGroup::kHub, "Hugging Face hub"},
    {OptionGroup::kTelemetry, "Logs and telemetry"},
}};

constexpr std::string_view kServeHead =
    "Serves the embeddings of one model over HTTP. The port opens once everything is loaded and "
    "warm.\n\n"
    "Usage: embd [serve] --model-id <MODEL_ID> [OPTIONS]\n"
    "       embd bench --model-id <MODEL_ID> [OPTIONS]\n"
    "       embd tokenize | decode --tokenizer <FILE> [OPTIONS]\n"
    "       embd bench tokenizer --tokenizer <FILE> --input <FILE> [OPTIONS]\n"
    "       embd <COMMAND> --help\n\n"
    "Every option can be given by its environment variable; the command line wins.\n";

constexpr std::string_view kBenchHead =
    "Measures throughput and latency of a model on this machine, without HTTP.\n\n"
    "Usage: embd bench --model-id <MODEL_ID> [OPTIONS]\n";

constexpr std::string_view kTokenizeHead =
    "Reads one JSON value a line from standard input, a string or an array of two strings (a "
    "pair), "
    "and\nwrites one JSON object a line: ids, type_ids, offsets (in bytes), special_tokens_mask, "
    "tokens;\nor error, when the tokenizer has no tokens for a text. Stops with status 1 at a line "
    "that is\nsomething else.\n\n"
    "Usage: embd tokenize --tokenizer <FILE> [OPTIONS]\n";

constexpr std::string_view kDecodeHead =
    "Reads one JSON array of token ids a line from standard input and writes one JSON string a "
    "line.\nStops with status 1 at a line that is something else.\n\n"
    "Usage: embd decode --tokenizer <FILE> [OPTIONS]\n";

constexpr std::string_view kBenchTokenizerHead =
    "Measures how fast a tokenizer loads and encodes.\n\n"
    "Usage: embd bench tokenizer --tokenizer <FILE> --input <FILE> [OPTIONS]\n";

constexpr std::string_view kOther =
    "\nOther environment variables: LOG_LEVEL (trace, debug, info, warn, error, off; default "
    "info),\nNO_COLOR, HF_HOME, HF_HUB_CACHE, HF_HUB_OFFLINE, TRANSFORMERS_OFFLINE, TASK.\n";

std::string Wrapped(std::string_view text) {
  std::string lines;
  while (!text.empty()) {
    std::size_t cut = text.size();
    const std::size_t room = kWidth - kIndent.size();
    if (cut > room) {
      const std::size_t space = text.rfind(' ', room);
      cut = space == std::string_view::npos ? room : space;
    }
    lines += fmt::format("{}{}\n", kIndent, text.substr(0, cut));
    text.remove_prefix(cut);
    if (text.starts_with(' ')) text.remove_prefix(1);
  }
  return lines;
}

std::string Paragraph(const OptionRow& row) {
  std::string head = row.short_name != '\0' ? fmt::format("  -{}, ", row.short_name) : "      ";
  head += fmt::format("--{}", row.name);
  if (row.arity == OptionArity::kOptional) {
    head += fmt::format(" [<{}>]", row.value);
  } else if (row.arity != OptionArity::kFlag) {
    head += fmt::format(" <{}>", row.value);
  }
  std::string notes;
  if (!row.env.empty()) notes += fmt::format("[env: {}]", row.env);
  const std::string_view fallback =
      row.default_value.empty() ? row.default_note : row.default_value;
  if (!fallback.empty()) {
    notes += fmt::format("{}[default: {}]", notes.empty() ? "" : " ", fallback);
  }
  return head + "\n" + Wrapped(row.help) + Wrapped(notes);
}

std::string_view Head(Command command) {
  switch (command) {
    case Command::kServe:
      return kServeHead;
    case Command::kBench:
      return kBenchHead;
    case Command::kTokenize:
      return kTokenizeHead;
    case Command::kDecode:
      return kDecodeHead;
    case Command::kBenchTokenizer:
      return kBenchTokenizerHead;
  }
  return {};
}

}  // namespace

std::string HelpText(Command command) {
  std::string text = fmt::format("{}\n", kVersionLine);
  text += Head(command);
  for (const auto& [group, title] : kGroups) {
    std::string section;
    for (const OptionRow& row : OptionTable()) {
      if (row.group == group && !row.hidden && UsedBy(row, command)) section += Paragraph(row);
    }
    if (!section.empty()) text += fmt::format("\n{}:\n{}", title, section);
  }
  text += "\nHelp:\n  -h, --help\n  -V, --version\n";
  if (command == Command::kServe || command == Command::kBench) text += kOther;
  return text;
}

}  // namespace embd
