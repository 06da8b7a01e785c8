#include "app/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "app/option_table.h"

namespace embd {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

using Args = std::vector<const char*>;
using Outcome = std::variant<Invocation, EarlyExit>;

Outcome Parse(const Args& args, const Environment& environment = {}) {
  return ParseCommandLine(args, environment);
}

// The options of a command line that must be good; --model-id is added.
Options Good(Args args, const Environment& environment = {}) {
  args.insert(args.begin(), {"--model-id", "m"});
  const Outcome outcome = Parse(args, environment);
  if (const auto* exit = std::get_if<EarlyExit>(&outcome)) {
    ADD_FAILURE() << exit->err << exit->out;
    return {};
  }
  return std::get<Invocation>(outcome).options;
}

EarlyExit Exit(const Args& args, const Environment& environment = {}) {
  const Outcome outcome = Parse(args, environment);
  if (const auto* exit = std::get_if<EarlyExit>(&outcome)) return *exit;
  ADD_FAILURE() << "accepted";
  return {};
}

TEST(Options, SocketFile) {
  const Options options = Good({"--listen-uds", "/run/embd.sock", "--uds-mode", "600", "--no-tcp"});
  EXPECT_EQ(options.listen_uds, "/run/embd.sock");
  EXPECT_EQ(options.uds_mode, 0600U);
  EXPECT_TRUE(options.no_tcp);
  EXPECT_EQ(Good({}).listen_uds, std::nullopt);
  EXPECT_EQ(Good({}).uds_mode, 0660U);
  for (const char* mode : {"0888", "1777", "rw", "", "-1"}) {
    EXPECT_EQ(Exit({"--model-id", "m", "--uds-mode", mode}).status, 2) << mode;
  }
  EXPECT_THAT(Exit({"--model-id", "m", "--no-tcp"}).err, HasSubstr("needs '--listen-uds'"));
}

TEST(Options, Defaults) {
  const Options options = Good({});
  EXPECT_EQ(options.model_id, "m");
  EXPECT_EQ(options.max_concurrent_requests, 512U);
  EXPECT_EQ(options.max_batch_tokens, 16384U);
  EXPECT_EQ(options.max_batch_requests, std::nullopt);
  EXPECT_EQ(options.max_client_batch_size, 32U);
  EXPECT_TRUE(options.auto_truncate);
  EXPECT_EQ(options.payload_limit, 2'000'000U);
  EXPECT_EQ(options.hostname, "0.0.0.0");
  EXPECT_EQ(options.port, 3000);
  EXPECT_EQ(options.prometheus_port, 9000);
  EXPECT_EQ(options.uds_path, "/tmp/text-embeddings-inference-server");
  EXPECT_EQ(options.otlp_service_name, "text-embeddings-inference.server");
  EXPECT_EQ(options.revision, std::nullopt);
  EXPECT_EQ(options.dtype, std::nullopt);
  EXPECT_EQ(options.pooling, std::nullopt);
  EXPECT_EQ(options.tokenization_workers, std::nullopt);
  EXPECT_EQ(options.threads, std::nullopt);
  EXPECT_EQ(options.pin_threads, std::nullopt);
  EXPECT_EQ(options.memory_limit, std::nullopt);
  EXPECT_EQ(options.api_key, std::nullopt);
  EXPECT_EQ(options.hf_token, std::nullopt);
  EXPECT_THAT(options.cors_allow_origin, IsEmpty());
  EXPECT_FALSE(options.json_output);
  EXPECT_FALSE(options.disable_spans);
  EXPECT_EQ(options.log_level, LogLevel::kInfo);
  EXPECT_TRUE(options.log_color);
  EXPECT_FALSE(options.hub_offline);
  EXPECT_THAT(options.warnings, IsEmpty());
}

// Every row of the table with an environment variable is reachable by both ways, and the command
// line wins.
TEST(Options, CommandLineWinsOverEnvironmentForEveryOption) {
  for (const OptionRow& row : OptionTable()) {
    if (row.env.empty() || row.name == "model-id" || row.hidden) continue;
    const auto needs = OptionNeeds();
    if (std::any_of(needs.begin(), needs.end(),
                    [&](const OptionNeed& need) { return need.option == row.name; })) {
      continue;
    }
    SCOPED_TRACE(row.name);
    const bool is_flag = row.arity == OptionArity::kFlag;
    std::string value = "1";
    if (is_flag || row.arity == OptionArity::kOptional) value = "true";
    if (row.name == "dtype") value = "float32";
    if (row.name == "pooling") value = "mean";
    if (row.name == "pin-threads") value = "on";
    const std::string flag = "--" + std::string(row.name);
    const std::string expected = "\"" + value + "\"";

    const Options by_env = Good({}, {{std::string(row.env), value}});
    EXPECT_THAT(by_env.given,
                HasSubstr(std::string(row.name) + ": " + (row.secret ? "***" : expected)));

    // A bad value in the environment does not matter once the command line has spoken.
    Args args = {flag.c_str()};
    if (!is_flag) args.push_back(value.c_str());
    const Options by_line = Good(args, {{std::string(row.env), "no good value"}});
    EXPECT_EQ(by_line.given, by_env.given);
  }
}

TEST(Options, NamesAreUnique) {
  std::set<std::pair<Command, std::string_view>> names;
  std::set<std::string_view> variables;
  for (const OptionRow& row : OptionTable()) {
    EXPECT_NE(row.used_by, 0) << row.name;
    for (const Command command : {Command::kServe, Command::kBench, Command::kTokenize,
                                  Command::kDecode, Command::kBenchTokenizer}) {
      if (!UsedBy(row, command)) continue;
      EXPECT_TRUE(names.insert({command, row.name}).second) << row.name;
    }
    EXPECT_TRUE(row.env.empty() || variables.insert(row.env).second) << row.env;
    EXPECT_FALSE(row.help.empty()) << row.name;
    ASSERT_NE(row.set, nullptr) << row.name;
    Options options;
    EXPECT_TRUE(row.default_value.empty() || row.set(row.default_value, options).empty())
        << row.name;
  }
}

TEST(Options, EveryTeiOptionIsThereUnderItsVariable) {
  const std::map<std::string_view, std::string_view> contract = {
      {"model-id", "MODEL_ID"},
      {"revision", "REVISION"},
      {"tokenization-workers", "TOKENIZATION_WORKERS"},
      {"dtype", "DTYPE"},
      {"served-model-name", "SERVED_MODEL_NAME"},
      {"pooling", "POOLING"},
      {"max-concurrent-requests", "MAX_CONCURRENT_REQUESTS"},
      {"max-batch-tokens", "MAX_BATCH_TOKENS"},
      {"max-batch-requests", "MAX_BATCH_REQUESTS"},
      {"max-client-batch-size", "MAX_CLIENT_BATCH_SIZE"},
      {"auto-truncate", "AUTO_TRUNCATE"},
      {"default-prompt-name", "DEFAULT_PROMPT_NAME"},
      {"default-prompt", "DEFAULT_PROMPT"},
      {"dense-path", "DENSE_PATH"},
      {"hf-api-token", "HF_API_TOKEN"},
      {"hf-token", "HF_TOKEN"},
      {"hostname", "HOSTNAME"},
      {"port", "PORT"},
      {"uds-path", "UDS_PATH"},
      {"huggingface-hub-cache", "HUGGINGFACE_HUB_CACHE"},
      {"payload-limit", "PAYLOAD_LIMIT"},
      {"api-key", "API_KEY"},
      {"json-output", "JSON_OUTPUT"},
      {"disable-spans", "DISABLE_SPANS"},
      {"otlp-endpoint", "OTLP_ENDPOINT"},
      {"otlp-service-name", "OTLP_SERVICE_NAME"},
      {"prometheus-port", "PROMETHEUS_PORT"},
      {"cors-allow-origin", "CORS_ALLOW_ORIGIN"}};
  for (const auto& expected : contract) {
    const auto rows = OptionTable();
    const auto row = std::find_if(rows.begin(), rows.end(),
                                  [&](const OptionRow& r) { return r.name == expected.first; });
    ASSERT_NE(row, rows.end()) << expected.first;
    EXPECT_EQ(row->env, expected.second);
  }
}

struct PortCase {
  Args args;
  int port;
};

TEST(Options, WaysToSayAPort) {
  const PortCase cases[] = {{{"-p", "80"}, 80},        {{"-p80"}, 80},      {{"-p=80"}, 80},
                            {{"--port", "80"}, 80},    {{"--port=80"}, 80}, {{"--port", "+80"}, 80},
                            {{"--port=65535"}, 65535}, {{"--port=0"}, 0}};
  for (const PortCase& c : cases) EXPECT_EQ(Good(c.args).port, c.port) << c.args[0];
}

struct BoolCase {
  Args args;
  Environment environment;
  bool value;
};

TEST(Options, AutoTruncateTakesAnOptionalValue) {
  const BoolCase cases[] = {
      {{"--auto-truncate"}, {}, true},
      {{"--auto-truncate", "true"}, {}, true},
      {{"--auto-truncate", "false"}, {}, false},
      {{"--auto-truncate=false"}, {}, false},
      {{"--auto-truncate", "--port", "1"}, {}, true},
      {{}, {{"AUTO_TRUNCATE", "false"}}, false},
      {{"--auto-truncate"}, {{"AUTO_TRUNCATE", "false"}}, true},
  };
  for (const BoolCase& c : cases) EXPECT_EQ(Good(c.args, c.environment).auto_truncate, c.value);
}

TEST(Options, FlagsFromTheEnvironment) {
  EXPECT_TRUE(Good({}, {{"JSON_OUTPUT", "true"}}).json_output);
  EXPECT_FALSE(Good({}, {{"JSON_OUTPUT", "false"}}).json_output);
  EXPECT_TRUE(Good({"--json-output"}, {{"JSON_OUTPUT", "false"}}).json_output);
}

TEST(Options, RepeatableAndEmptyValues) {
  EXPECT_THAT(Good({"--cors-allow-origin", "a", "--cors-allow-origin=b"}).cors_allow_origin,
              ElementsAre("a", "b"));
  EXPECT_THAT(Good({}, {{"CORS_ALLOW_ORIGIN", "a,b"}}).cors_allow_origin, ElementsAre("a,b"));
  EXPECT_EQ(Good({}, {{"HF_TOKEN", ""}}).hf_token, "");
  EXPECT_EQ(Good({"--default-prompt="}).default_prompt, "");
  EXPECT_EQ(Good({"--default-prompt", ""}).default_prompt, "");
  EXPECT_EQ(Good({"--default-prompt=-x: "}).default_prompt, "-x: ");
  EXPECT_EQ(Good({"--default-prompt", "-"}).default_prompt, "-");
}

TEST(Options, EnumsAndSizes) {
  EXPECT_EQ(Good({"--pooling", "last-token"}).pooling, PoolingChoice::kLastToken);
  EXPECT_EQ(Good({"--pooling", "splade"}).pooling, PoolingChoice::kSplade);
  EXPECT_EQ(Good({"--pooling", "cls"}).pooling, PoolingChoice::kCls);
  EXPECT_EQ(Good({"--pin-threads", "on"}).pin_threads, true);
  EXPECT_EQ(Good({"--pin-threads=off"}).pin_threads, false);
  EXPECT_EQ(Good({"--dtype", "float16"}).dtype, WeightPrecision::kFloat16);
  EXPECT_EQ(Good({"--memory-limit", "1500000"}).memory_limit, 1'500'000U);
  EXPECT_EQ(Good({"--memory-limit", "2k"}).memory_limit, 2048U);
  EXPECT_EQ(Good({"--memory-limit", "3M"}).memory_limit, 3U << 20U);
  EXPECT_EQ(Good({"--memory-limit", "2G"}).memory_limit, 2ULL << 30U);
}

TEST(Options, AnUnusableHostnameIsOnlyAWarning) {
  for (const char* name : {"", "localhost", "3f2a1b", "1.2.3", "[::1]", "256.0.0.1"}) {
    const Options options = Good({}, {{"HOSTNAME", name}});
    EXPECT_EQ(options.hostname, "0.0.0.0") << name;
    EXPECT_THAT(options.warnings, ElementsAre("Invalid hostname, defaulting to 0.0.0.0"));
  }
  for (const char* name : {"127.0.0.1", "::1", "::"}) {
    const Options options = Good({}, {{"HOSTNAME", name}});
    EXPECT_EQ(options.hostname, name);
    EXPECT_THAT(options.warnings, IsEmpty());
  }
}

struct BadCase {
  const char* name;
  Args args;
  Environment environment;
  const char* message;
};

class BadUsage : public ::testing::TestWithParam<BadCase> {};

TEST_P(BadUsage, EndsWithStatusTwo) {
  Args args = GetParam().args;
  args.insert(args.begin(), {"--model-id", "m"});
  const EarlyExit exit = Exit(args, GetParam().environment);
  EXPECT_EQ(exit.status, 2);
  EXPECT_EQ(exit.out, "");
  EXPECT_THAT(exit.err, HasSubstr(GetParam().message));
}

const BadCase kBadCases[] = {
    {"twice", {"--port", "1", "-p", "1"}, {}, "'--port <PORT>' cannot be used multiple times"},
    {"flag_twice", {"--json-output", "--json-output"}, {}, "cannot be used multiple times"},
    {"model_twice", {"--model-id", "n"}, {}, "cannot be used multiple times"},
    {"unknown", {"--nonsense"}, {}, "unexpected argument '--nonsense'"},
    {"unknown_short", {"-x"}, {}, "unexpected argument '-x'"},
    {"positional", {"folder"}, {}, "unexpected argument 'folder'"},
    {"double_dash", {"--"}, {}, "unexpected argument '--'"},
    {"empty_argument", {""}, {}, "unexpected argument ''"},
    {"alike", {"--max-batch"}, {}, "did you mean '--max-batch-tokens'?"},
    {"no_value", {"--port"}, {}, "a value is required for '--port <PORT>'"},
    {"option_as_value", {"--revision", "--port"}, {}, "a value is required for '--revision"},
    {"flag_with_value", {"--json-output=true"}, {}, "it takes none"},
    {"flag_then_value", {"--json-output", "true"}, {}, "unexpected argument 'true'"},
    {"port_too_large", {"--port", "65536"}, {}, "invalid value '65536' for '--port <PORT>'"},
    {"port_negative", {"--port=-1"}, {}, "from 0 to 65535"},
    {"port_space", {"--port= 80"}, {}, "invalid value ' 80'"},
    {"port_trailing", {"--port=80x"}, {}, "invalid value '80x'"},
    {"port_hex", {"--port=0x50"}, {}, "invalid value '0x50'"},
    {"port_empty", {"--port="}, {}, "invalid value ''"},
    {"zero_requests", {"--max-concurrent-requests=0"}, {}, "from 1 to 4294967295"},
    {"too_many", {"--max-batch-tokens=4294967296"}, {}, "invalid value"},
    {"bool_case", {"--auto-truncate", "True"}, {}, "expected true or false"},
    {"bool_one", {"--auto-truncate=1"}, {}, "expected true or false"},
    {"pooling_underscore", {"--pooling", "last_token"}, {}, "cls, mean, splade, last-token"},
    {"float64", {"--dtype", "float64"}, {}, "possible values: float16, float32, bfloat16, int8"},
    {"memory_unit", {"--memory-limit", "2T"}, {}, "expected bytes"},
    {"memory_only_unit", {"--memory-limit", "G"}, {}, "expected bytes"},
    {"memory_overflow", {"--memory-limit", "99999999999G"}, {}, "expected bytes"},
    {"env_number", {}, {{"PORT", "http"}}, "(from PORT)"},
    {"env_number_empty", {}, {{"MAX_BATCH_REQUESTS", ""}}, "(from MAX_BATCH_REQUESTS)"},
    {"env_flag_one", {}, {{"JSON_OUTPUT", "1"}}, "expected true or false"},
    {"env_flag_upper", {}, {{"JSON_OUTPUT", "TRUE"}}, "expected true or false"},
    {"env_flag_empty", {}, {{"DISABLE_SPANS", ""}}, "expected true or false"},
    {"env_optional_empty", {}, {{"AUTO_TRUNCATE", ""}}, "expected true or false"},
    {"two_prompts",
     {"--default-prompt", "a", "--default-prompt-name", "b"},
     {},
     "'--default-prompt' cannot be used with '--default-prompt-name'"},
    {"two_prompts_env",
     {"--default-prompt", "a"},
     {{"DEFAULT_PROMPT_NAME", "b"}},
     "cannot be used with"},
    {"two_tokens", {"--hf-token", "a", "--hf-api-token", "b"}, {}, "cannot be used with"},
    {"bench_option", {"--input", "file"}, {}, "unexpected argument '--input'"},
};

INSTANTIATE_TEST_SUITE_P(Cases, BadUsage, ::testing::ValuesIn(kBadCases),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(Options, ModelIdIsRequired) {
  EXPECT_THAT(Exit({}).err, HasSubstr("'--model-id <MODEL_ID>' was not given"));
  EXPECT_EQ(Exit({}).status, 2);
  EXPECT_TRUE(std::holds_alternative<Invocation>(Parse({}, {{"MODEL_ID", "m"}})));
}

TEST(Options, SecretsAreNeverShown) {
  const Environment environment = {{"API_KEY", "sesame1"}, {"HF_TOKEN", "sesame2"}};
  const Options options = Good({}, environment);
  EXPECT_EQ(options.api_key, "sesame1");
  EXPECT_THAT(options.given, Not(HasSubstr("sesame")));
  EXPECT_THAT(options.given, HasSubstr("api-key: ***"));
  for (const std::string& warning : options.warnings)
    EXPECT_THAT(warning, Not(HasSubstr("sesame")));
  EXPECT_THAT(Exit({"--help"}, environment).out, Not(HasSubstr("sesame")));
}

TEST(Options, DeprecatedTokenStillWorks) {
  const Options options = Good({}, {{"HF_API_TOKEN", "t"}});
  EXPECT_EQ(options.hf_token, "t");
  EXPECT_THAT(options.warnings, ElementsAre(HasSubstr("deprecated")));
}

TEST(Options, WhatHasNoEffectSaysSoOnceSet) {
  for (const OptionRow& row : OptionTable()) {
    if (row.no_effect.empty()) continue;
    const Options options = Good({}, {{std::string(row.env), "1"}});
    EXPECT_THAT(options.warnings, ElementsAre(HasSubstr("--" + std::string(row.name))));
    // Log watchers take such a line for a failed start.
    EXPECT_THAT(options.warnings[0], Not(HasSubstr("error")));
  }
}

struct LevelCase {
  const char* text;
  LogLevel level;
};

TEST(Options, LogLevel) {
  const LevelCase cases[] = {
      {"debug", LogLevel::kDebug},
      {"TRACE", LogLevel::kTrace},
      {"warn", LogLevel::kWarn},
      {"error", LogLevel::kError},
      {"off", LogLevel::kOff},
      {"", LogLevel::kInfo},
      {"loud", LogLevel::kInfo},
      {"text_embeddings_router=debug,otel::tracing=trace", LogLevel::kDebug},
      {"otel::tracing=trace", LogLevel::kInfo},
      {"warn,embd=trace", LogLevel::kTrace},
      {"embd=loud", LogLevel::kInfo},
      {",,=,", LogLevel::kInfo},
  };
  for (const LevelCase& c : cases) {
    EXPECT_EQ(Good({}, {{"LOG_LEVEL", c.text}}).log_level, c.level) << c.text;
  }
}

TEST(Options, PlainVariables) {
  EXPECT_FALSE(Good({}, {{"NO_COLOR", "1"}}).log_color);
  EXPECT_TRUE(Good({}, {{"NO_COLOR", ""}}).log_color);
  EXPECT_TRUE(Good({}, {{"HF_HUB_OFFLINE", "1"}}).hub_offline);
  EXPECT_TRUE(Good({}, {{"TRANSFORMERS_OFFLINE", "YES"}}).hub_offline);
  EXPECT_FALSE(Good({}, {{"HF_HUB_OFFLINE", "0"}}).hub_offline);
}

TEST(Options, TaskIsOfOneKind) {
  const Options known = Good({}, {{"TASK", "sentence-similarity"}});
  EXPECT_EQ(known.task, kSimilarityTask);
  EXPECT_THAT(known.warnings, IsEmpty());
  EXPECT_THAT(Good({}, {{"TASK", "feature-extraction"}}).warnings,
              ElementsAre(HasSubstr("TASK has no effect")));
}

TEST(Options, HubCacheByPrecedence) {
  const Environment all = {{"HOME", "/h"},
                           {"HF_HOME", "/hf"},
                           {"HF_HUB_CACHE", "/cache"},
                           {"HUGGINGFACE_HUB_CACHE", "/data"}};
  Environment environment = all;
  EXPECT_EQ(Good({"--huggingface-hub-cache", "/flag"}, environment).hub_cache, "/flag");
  EXPECT_EQ(Good({}, environment).hub_cache, "/data");
  environment.erase("HUGGINGFACE_HUB_CACHE");
  EXPECT_EQ(Good({}, environment).hub_cache, "/cache");
  environment.erase("HF_HUB_CACHE");
  EXPECT_EQ(Good({}, environment).hub_cache, "/hf/hub");
  environment.erase("HF_HOME");
  EXPECT_EQ(Good({}, environment).hub_cache, "/h/.cache/huggingface/hub");
}

TEST(Options, HelpAndVersion) {
  for (const char* flag : {"-h", "--help"}) {
    const EarlyExit exit = Exit({flag});
    EXPECT_EQ(exit.status, 0);
    EXPECT_EQ(exit.err, "");
    EXPECT_THAT(exit.out, HasSubstr("-p, --port <PORT>"));
    EXPECT_THAT(exit.out, HasSubstr("[env: PORT] [default: 3000]"));
    EXPECT_THAT(exit.out, HasSubstr("--auto-truncate [<true|false>]"));
    EXPECT_THAT(exit.out, Not(HasSubstr("--hf-api-token")));
    EXPECT_THAT(exit.out, Not(HasSubstr("--seconds")));
  }
  EXPECT_THAT(Exit({"bench", "--help"}).out, HasSubstr("--seconds"));
  EXPECT_THAT(Exit({"bench", "--help"}).out, Not(HasSubstr("--port")));
  for (const char* flag : {"-V", "--version"}) {
    EXPECT_EQ(Exit({flag}).status, 0);
    EXPECT_THAT(Exit({flag}).out, ::testing::StartsWith("embd "));
  }
}

TEST(Options, Commands) {
  const Outcome serve = Parse({"serve", "--model-id", "m"});
  EXPECT_EQ(std::get<Invocation>(serve).command, Command::kServe);
  const Outcome bench = Parse({"bench", "--model-id", "m", "--input", "f", "--json"});
  EXPECT_EQ(std::get<Invocation>(bench).command, Command::kBench);
  EXPECT_EQ(std::get<Invocation>(bench).options.input, "f");
  EXPECT_TRUE(std::get<Invocation>(bench).options.json);
  const Outcome tokenize = Parse({"tokenize", "--tokenizer", "t", "--no-special-tokens",
                                  "--max-length", "9", "--truncation-side=left"});
  EXPECT_EQ(std::get<Invocation>(tokenize).command, Command::kTokenize);
  EXPECT_EQ(std::get<Invocation>(tokenize).options.tokenizer, "t");
  EXPECT_TRUE(std::get<Invocation>(tokenize).options.no_special_tokens);
  EXPECT_EQ(std::get<Invocation>(tokenize).options.max_length, 9u);
  EXPECT_TRUE(std::get<Invocation>(tokenize).options.truncate_left);
  const Outcome decode = Parse({"decode", "--tokenizer=t", "--keep-special-tokens"});
  EXPECT_EQ(std::get<Invocation>(decode).command, Command::kDecode);
  EXPECT_TRUE(std::get<Invocation>(decode).options.keep_special_tokens);
  const Outcome speed = Parse({"bench", "tokenizer", "--tokenizer=t", "--input=f", "--threads=3"});
  EXPECT_EQ(std::get<Invocation>(speed).command, Command::kBenchTokenizer);
  EXPECT_EQ(std::get<Invocation>(speed).options.threads, 3u);
  EXPECT_EQ(std::get<Invocation>(speed).options.seconds, 2u);
  EXPECT_THAT(Exit({"brew"}).err, HasSubstr("unexpected argument 'brew'"));
}

TEST(Options, EachCommandHasItsOwn) {
  struct Case {
    Args args;
    const char* message;
  };
  const Case cases[] = {
      {{"tokenize"}, "'--tokenizer <FILE>' was not given"},
      {{"decode"}, "'--tokenizer <FILE>' was not given"},
      {{"bench", "tokenizer", "--tokenizer=t"}, "'--input <FILE>' was not given"},
      {{"tokenize", "--tokenizer=t", "--keep-special-tokens"}, "unexpected argument"},
      {{"decode", "--tokenizer=t", "--max-length=3"}, "unexpected argument"},
      {{"tokenize", "--tokenizer=t", "--model-id=m"}, "unexpected argument"},
      {{"tokenize", "--tokenizer=t", "--max-length=0"}, "expected a number from 1"},
      {{"tokenize", "--tokenizer=t", "--truncation-side=up"}, "possible values: left, right"},
      {{"tokenizer", "--tokenizer=t"}, "unexpected argument 'tokenizer'"},
      {{"--model-id=m", "--tokenizer=t"}, "unexpected argument '--tokenizer'"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(Exit(c.args).status, 2);
    EXPECT_THAT(Exit(c.args).err, HasSubstr(c.message));
  }
  EXPECT_THAT(Exit({"tokenize", "-h"}).out, HasSubstr("--truncation-side <SIDE>"));
  EXPECT_THAT(Exit({"tokenize", "-h"}).out, Not(HasSubstr("LOG_LEVEL")));
  EXPECT_THAT(Exit({"decode", "-h"}).out, HasSubstr("--keep-special-tokens"));
  EXPECT_THAT(Exit({"bench", "tokenizer", "-h"}).out, HasSubstr("--threads <N>"));
}

TEST(Options, EnvironmentIsCopied) {
  const char* const entries[] = {"A=1", "B=", "C=x=y", "broken", nullptr};
  EXPECT_THAT(ReadEnvironment(entries),
              ElementsAre(::testing::Pair("A", "1"), ::testing::Pair("B", ""),
                          ::testing::Pair("C", "x=y")));
}

}  // namespace
}  // namespace embd
