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

constexpr std::array<std::pair<OptionGroup, std::string_view>, 7> kGroups = {{
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
    "       embd bench --model-id <MODEL_ID> [OPTIONS]\n\n"
    "Every option can be given by its environment variable; the command line wins.\n";

constexpr std::string_view kBenchHead =
    "Measures throughput and latency of a model on this machine, without HTTP.\n\n"
    "Usage: embd bench --model-id <MODEL_ID> [OPTIONS]\n";

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

bool Shown(const OptionRow& row, Command command) {
  if (row.hidden) return false;
  if (row.used_by == UsedBy::kAll) return true;
  return (row.used_by == UsedBy::kBench) == (command == Command::kBench);
}

}  // namespace

std::string HelpText(Command command) {
  std::string text = fmt::format("{}\n", kVersionLine);
  text += command == Command::kBench ? kBenchHead : kServeHead;
  for (const auto& [group, title] : kGroups) {
    std::string section;
    for (const OptionRow& row : OptionTable()) {
      if (row.group == group && Shown(row, command)) section += Paragraph(row);
    }
    if (!section.empty()) text += fmt::format("\n{}:\n{}", title, section);
  }
  text += "\nHelp:\n  -h, --help\n  -V, --version\n";
  return text + std::string(kOther);
}

}  // namespace embd
