#include "app/options.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "app/option_table.h"
#include "app/version.h"

// A parser of our own instead of a library: what the contract fixes (an empty environment variable
// counts as set, the environment is strict too, conflicts across both, flags that take no value,
// `-p=80`, help in this form) would have to be built beside a library's own rules, and what
// remains is the loop below.

namespace embd {
namespace {

struct UsageError {
  std::string message;
};

std::string Usage(const OptionRow& row) {
  std::string usage = fmt::format("--{}", row.name);
  if (row.arity == OptionArity::kOptional) return usage + fmt::format(" [<{}>]", row.value);
  if (row.arity != OptionArity::kFlag) usage += fmt::format(" <{}>", row.value);
  return usage;
}

// Where an option's value came from.
enum class Source { kCommandLine, kEnvironment };

class Parser {
 public:
  Parser(Command command, const Environment& environment)
      : command_(command), environment_(environment) {}

  // Stops at --help and --version.
  void ParseArguments(std::span<const char* const> args) {
    for (std::size_t i = 0; i < args.size(); ++i) {
      const std::string_view arg = args[i];
      if (arg == "-h" || arg == "--help") {
        help_ = true;
        return;
      }
      if (arg == "-V" || arg == "--version") {
        version_ = true;
        return;
      }
      if (arg.size() < 2 || arg[0] != '-' || arg == "--") throw Unexpected(arg);
      const bool is_long = arg[1] == '-';
      std::optional<std::string_view> value;
      const OptionRow& row = is_long ? FindLong(arg, value) : FindShort(arg, value);
      if (!value && row.arity != OptionArity::kFlag && i + 1 < args.size()) {
        const std::string_view next = args[i + 1];
        // A value that looks like an option is taken for one; "=" gives it all the same.
        if (next.size() < 2 || next[0] != '-') {
          value = next;
          ++i;
        }
      }
      TakeArgument(row, value);
    }
  }

  // What the command line leaves open, from the environment and the defaults.
  Options Finish() {
    for (const OptionRow& row : OptionTable()) {
      if (!UsedBy(row, command_) || Given(row)) continue;
      const auto variable = environment_.find(row.env);
      if (row.env.empty() || variable == environment_.end()) continue;
      Take(row, variable->second, Source::kEnvironment);
    }
    CheckConflicts();
    for (const OptionRow& row : OptionTable()) {
      if (UsedBy(row, command_) && !Given(row) && !row.default_value.empty()) {
        row.set(row.default_value, options_);
      }
    }
    CheckRequired();
    Describe();
    return std::move(options_);
  }

  bool help() const { return help_; }
  bool version() const { return version_; }
  bool Given(std::string_view name) const {
    return std::any_of(given_.begin(), given_.end(),
                       [&](const Entry& entry) { return entry.row->name == name; });
  }

 private:
  struct Entry {
    const OptionRow* row;
    std::string value;
  };

  bool Given(const OptionRow& row) const { return Given(row.name); }

  const OptionRow& FindLong(std::string_view arg, std::optional<std::string_view>& value) const {
    std::string_view name = arg.substr(2);
    if (const std::size_t equals = name.find('='); equals != std::string_view::npos) {
      value = name.substr(equals + 1);
      name = name.substr(0, equals);
    }
    for (const OptionRow& row : OptionTable()) {
      if (row.name == name && UsedBy(row, command_)) return row;
    }
    throw Unexpected(fmt::format("--{}", name));
  }

  const OptionRow& FindShort(std::string_view arg, std::optional<std::string_view>& value) const {
    for (const OptionRow& row : OptionTable()) {
      if (row.short_name != arg[1] || !UsedBy(row, command_)) continue;
      if (arg.size() > 2) value = arg.substr(arg[2] == '=' ? 3 : 2);
      return row;
    }
    throw Unexpected(arg);
  }

  void TakeArgument(const OptionRow& row, std::optional<std::string_view> value) {
    if (row.arity == OptionArity::kFlag && value) {
      throw UsageError{fmt::format("unexpected value '{}' for '--{}': it takes none",
                                   row.secret ? "***" : *value, row.name)};
    }
    if (row.arity != OptionArity::kRepeatable && Given(row)) {
      throw UsageError{fmt::format("the argument '{}' cannot be used multiple times", Usage(row))};
    }
    if (!value) {
      if (row.arity == OptionArity::kOne || row.arity == OptionArity::kRepeatable) {
        throw UsageError{fmt::format(
            "a value is required for '{}' but none was given (one that starts with '-' is given "
            "as --{}=VALUE)",
            Usage(row), row.name)};
      }
      value = "true";
    }
    Take(row, *value, Source::kCommandLine);
  }

  void Take(const OptionRow& row, std::string_view value, Source source) {
    // The environment's value of a flag has to be a value of its kind, like any other.
    const std::string wrong = row.set(value, options_);
    if (!wrong.empty()) {
      const std::string from =
          source == Source::kEnvironment ? fmt::format(" (from {})", row.env) : "";
      throw UsageError{fmt::format("invalid value '{}' for '{}'{}: {}",
                                   row.secret ? "***" : std::string(value), Usage(row), from,
                                   wrong)};
    }
    given_.push_back({&row, std::string(value)});
    if (!row.no_effect.empty()) {
      options_.warnings.push_back(fmt::format("--{} has no effect: {}", row.name, row.no_effect));
    }
  }

  void CheckConflicts() const {
    for (const OptionConflict& conflict : OptionConflicts()) {
      if (Given(conflict.first) && Given(conflict.second)) {
        throw UsageError{fmt::format("the argument '--{}' cannot be used with '--{}'",
                                     conflict.first, conflict.second)};
      }
    }
    for (const OptionNeed& need : OptionNeeds()) {
      if (Given(need.option) && !Given(need.needed)) {
        throw UsageError{fmt::format("the argument '--{}' needs '--{}'", need.option, need.needed)};
      }
    }
  }

  void CheckRequired() const {
    for (const OptionRow& row : OptionTable()) {
      if (row.required && UsedBy(row, command_) && !Given(row)) {
        throw UsageError{fmt::format("the required argument '{}' was not given", Usage(row))};
      }
    }
  }

  void Describe() {
    std::string text = "Args {";
    for (const Entry& entry : given_) {
      text += fmt::format("{} {}: {}", text.back() == '{' ? "" : ",", entry.row->name,
                          entry.row->secret ? "***" : fmt::format("\"{}\"", entry.value));
    }
    options_.given = text + " }";
  }

  UsageError Unexpected(std::string_view arg) const {
    std::string message = fmt::format("unexpected argument '{}' found", arg);
    for (const OptionRow& row : OptionTable()) {
      const std::string_view name = arg.starts_with("--") ? arg.substr(2) : arg;
      const bool alike =
          name.size() > 3 && (row.name.starts_with(name) || name.starts_with(row.name));
      if (alike && UsedBy(row, command_) && !row.hidden) {
        message += fmt::format("; did you mean '--{}'?", row.name);
        break;
      }
    }
    return {message};
  }

  Command command_;
  const Environment& environment_;
  Options options_;
  std::vector<Entry> given_;
  bool help_ = false;
  bool version_ = false;
};

std::string Lowered(std::string_view text) {
  std::string lowered(text);
  std::transform(lowered.begin(), lowered.end(), lowered.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lowered;
}

std::optional<LogLevel> LevelByName(std::string_view name) {
  const std::string level = Lowered(name);
  if (level == "trace") return LogLevel::kTrace;
  if (level == "debug") return LogLevel::kDebug;
  if (level == "info") return LogLevel::kInfo;
  if (level == "warn") return LogLevel::kWarn;
  if (level == "error") return LogLevel::kError;
  if (level == "off") return LogLevel::kOff;
  return std::nullopt;
}

// A level, or a list of directives "target=level": the one for this program or the bare one
// counts. Anything else is "info", as with TEI.
LogLevel ParseLogLevel(std::string_view text) {
  LogLevel bare = LogLevel::kInfo;
  std::optional<LogLevel> own;
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    const std::string_view directive = text.substr(0, comma);
    text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
    const std::size_t equals = directive.find('=');
    const std::optional<LogLevel> level =
        LevelByName(equals == std::string_view::npos ? directive : directive.substr(equals + 1));
    if (!level) continue;
    if (equals == std::string_view::npos) {
      bare = *level;
    } else if (const std::string_view target = directive.substr(0, equals);
               target == "embd" || target == "text_embeddings_router") {
      own = *level;
    }
  }
  return own.value_or(bare);
}

const std::string* Find(const Environment& environment, std::string_view name) {
  const auto entry = environment.find(name);
  return entry == environment.end() ? nullptr : &entry->second;
}

bool IsTruthy(const std::string* value) {
  if (value == nullptr) return false;
  const std::string text = Lowered(*value);
  return text == "1" || text == "true" || text == "yes" || text == "on";
}

// The cache as the hub's own client finds it, after the flag and HUGGINGFACE_HUB_CACHE.
std::string DefaultHubCache(const Environment& environment) {
  if (const std::string* cache = Find(environment, "HF_HUB_CACHE")) return *cache;
  if (const std::string* home = Find(environment, "HF_HOME")) return *home + "/hub";
  if (const std::string* home = Find(environment, "HOME")) return *home + "/.cache/huggingface/hub";
  return ".cache/huggingface/hub";
}

void ApplyPlainVariables(const Environment& environment, Options& options) {
  options.hub_offline = IsTruthy(Find(environment, "HF_HUB_OFFLINE")) ||
                        IsTruthy(Find(environment, "TRANSFORMERS_OFFLINE"));
  if (const std::string* level = Find(environment, "LOG_LEVEL")) {
    options.log_level = ParseLogLevel(*level);
  }
  const std::string* no_color = Find(environment, "NO_COLOR");
  options.log_color = no_color == nullptr || no_color->empty();
  if (const std::string* task = Find(environment, "TASK")) {
    options.task = *task;
    if (*task != kSimilarityTask) {
      options.warnings.emplace_back("TASK has no effect: it is known as " +
                                    std::string(kSimilarityTask) + " only");
    }
  }
}

struct NamedCommand {
  std::string_view name;
  Command command;
};
constexpr NamedCommand kCommands[] = {{"serve", Command::kServe},
                                      {"bench", Command::kBench},
                                      {"tokenize", Command::kTokenize},
                                      {"decode", Command::kDecode}};

// Takes the command off the front of the arguments; without one they are those of `serve`.
Command TakeCommand(std::span<const char* const>& args) {
  for (const NamedCommand& known : kCommands) {
    if (args.empty() || known.name != args[0]) continue;
    args = args.subspan(1);
    if (known.command == Command::kBench && !args.empty() &&
        args[0] == std::string_view("tokenizer")) {
      args = args.subspan(1);
      return Command::kBenchTokenizer;
    }
    return known.command;
  }
  return Command::kServe;
}

}  // namespace

Environment ReadEnvironment(const char* const* entries) {
  Environment environment;
  for (; *entries != nullptr; ++entries) {
    const std::string_view entry = *entries;
    const std::size_t equals = entry.find('=');
    if (equals == std::string_view::npos) continue;
    environment.emplace(entry.substr(0, equals), entry.substr(equals + 1));
  }
  return environment;
}

std::variant<Invocation, EarlyExit> ParseCommandLine(std::span<const char* const> args,
                                                     const Environment& environment) {
  Invocation invocation;
  invocation.command = TakeCommand(args);
  Parser parser(invocation.command, environment);
  try {
    parser.ParseArguments(args);
    if (parser.help()) return EarlyExit{.out = HelpText(invocation.command), .err = {}};
    if (parser.version()) return EarlyExit{.out = std::string(kVersionLine) + "\n", .err = {}};
    invocation.options = parser.Finish();
  } catch (const UsageError& error) {
    return EarlyExit{
        .status = 2,
        .out = {},
        .err = fmt::format("error: {}\n\nFor more information, try '--help'.\n", error.message)};
  }
  if (!parser.Given("huggingface-hub-cache")) {
    invocation.options.hub_cache = DefaultHubCache(environment);
  }
  ApplyPlainVariables(environment, invocation.options);
  return invocation;
}

}  // namespace embd
