#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/log.h"
#include "model/weight_formats.h"

namespace embd {

// The environment by name, copied once at start: nothing else in the process reads it.
using Environment = std::map<std::string, std::string, std::less<>>;

// `entries` ends with a null pointer, as the system's environ does.
Environment ReadEnvironment(const char* const* entries);

enum class Command : std::uint8_t { kServe, kBench, kTokenize, kDecode, kBenchTokenizer };
enum class PoolingChoice : std::uint8_t { kCls, kMean, kSplade, kLastToken };

// TASK with which the default route of an embedding model compares sentences.
inline constexpr std::string_view kSimilarityTask = "sentence-similarity";

// Everything the operator can say, checked one by one (not yet against the model). Numbers that are
// nothing are decided from the machine by the application.
struct Options {
  // model
  std::string model_id;
  std::optional<std::string> revision;
  std::optional<WeightPrecision> dtype;
  std::optional<std::string> served_model_name;
  std::optional<PoolingChoice> pooling;
  std::optional<std::string> dense_path;
  std::optional<std::string> default_prompt_name;
  std::optional<std::string> default_prompt;
  // batching and limits
  std::optional<std::uint32_t> tokenization_workers;
  std::uint32_t max_concurrent_requests = 0;
  std::uint32_t max_batch_tokens = 0;
  std::optional<std::uint32_t> max_batch_requests;
  std::uint32_t max_client_batch_size = 0;
  bool auto_truncate = false;
  std::uint64_t payload_limit = 0;
  // this machine
  std::optional<std::uint32_t> threads;
  std::optional<bool> pin_threads;
  std::optional<std::uint64_t> memory_limit;  // bytes
  std::optional<std::string> isa;
  // server
  std::string hostname;  // an IPv4 or IPv6 literal
  std::uint16_t port = 0;
  std::string uds_path;
  std::optional<std::string> listen_uds;
  unsigned uds_mode = 0;  // of that socket file
  bool no_tcp = false;
  std::optional<std::string> tls_cert;
  std::optional<std::string> tls_key;
  std::optional<std::string> api_key;
  std::vector<std::string> cors_allow_origin;
  // Hugging Face hub
  std::optional<std::string> hf_token;
  std::string hub_cache;     // the folder that holds models--org--name
  bool hub_offline = false;  // HF_HUB_OFFLINE or TRANSFORMERS_OFFLINE
  // logs and telemetry
  bool json_output = false;
  bool disable_spans = false;
  std::optional<std::string> otlp_endpoint;
  std::string otlp_service_name;
  std::uint16_t prometheus_port = 0;
  LogLevel log_level = LogLevel::kInfo;  // LOG_LEVEL
  bool log_color = true;                 // off when NO_COLOR is set
  std::string task;                      // TASK: kSimilarityTask, or of no effect
  // bench
  std::string input;  // empty: built-in texts
  bool json = false;
  std::uint32_t seconds = 0;
  std::uint32_t concurrency = 0;
  // tokenize, decode
  std::string tokenizer;  // path of a tokenizer.json
  bool no_special_tokens = false;
  std::uint32_t max_length = 0;  // 0: no limit
  bool truncate_left = false;
  bool keep_special_tokens = false;

  // What the operator should know at start: deprecated, corrected, or without effect.
  std::vector<std::string> warnings;
  // Every option that was given, by name and value, secrets masked: "Args { port: 8080 }".
  std::string given;
};

struct Invocation {
  Command command = Command::kServe;
  Options options;
};

// The process ends here: help and version with status 0, a usage error with status 2.
struct EarlyExit {
  int status = 0;
  std::string out;  // for standard output
  std::string err;  // for standard error
};

// `args` without the program's name. The command line wins over the environment, the environment
// over defaults. Values are strict; an option given twice is an error unless it is repeatable.
std::variant<Invocation, EarlyExit> ParseCommandLine(std::span<const char* const> args,
                                                     const Environment& environment);

}  // namespace embd
