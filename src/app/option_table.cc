#include "app/option_table.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <array>

#include "app/option_setters.h"

namespace embd {
namespace {

std::string SetDType(std::string_view value, Options& options) {
  for (const WeightPrecision precision : {WeightPrecision::kFloat16, WeightPrecision::kFloat32,
                                          WeightPrecision::kBFloat16, WeightPrecision::kInt8}) {
    if (value != WeightPrecisionName(precision)) continue;
    options.dtype = precision;
    return {};
  }
  return "possible values: float16, float32, bfloat16, int8";
}

std::string SetPooling(std::string_view value, Options& options) {
  if (value == "cls") {
    options.pooling = PoolingChoice::kCls;
  } else if (value == "mean") {
    options.pooling = PoolingChoice::kMean;
  } else if (value == "splade") {
    options.pooling = PoolingChoice::kSplade;
  } else if (value == "last-token") {
    options.pooling = PoolingChoice::kLastToken;
  } else {
    return "possible values: cls, mean, splade, last-token";
  }
  return {};
}

std::string SetTruncationSide(std::string_view value, Options& options) {
  if (value != "left" && value != "right") return "possible values: left, right";
  options.truncate_left = value == "left";
  return {};
}

std::string SetPinThreads(std::string_view value, Options& options) {
  if (value != "on" && value != "off") return "possible values: on, off";
  options.pin_threads = value == "on";
  return {};
}

// Container runtimes set HOSTNAME to a name that is no address: that must not keep a server down.
std::string SetHostname(std::string_view value, Options& options) {
  const std::string text(value);
  std::array<unsigned char, sizeof(in6_addr)> address{};
  if (::inet_pton(AF_INET, text.c_str(), address.data()) == 1 ||
      ::inet_pton(AF_INET6, text.c_str(), address.data()) == 1) {
    options.hostname = text;
  } else {
    options.hostname = "0.0.0.0";
    options.warnings.emplace_back("Invalid hostname, defaulting to 0.0.0.0");
  }
  return {};
}

std::string SetDeprecatedToken(std::string_view value, Options& options) {
  options.hf_token = std::string(value);
  options.warnings.emplace_back("--hf-api-token is deprecated, use --hf-token");
  return {};
}

std::string AddOrigin(std::string_view value, Options& options) {
  options.cors_allow_origin.emplace_back(value);
  return {};
}

using enum OptionGroup;
using O = Options;

constexpr auto kRows = std::to_array<OptionRow>({
    {.name = "model-id",
     .env = "MODEL_ID",
     .value = "MODEL_ID",
     .group = kModel,
     .required = true,
     .set = SetText<&O::model_id>,
     .help = "Folder of a model, or its id on the Hugging Face hub. Required."},
    {.name = "revision",
     .env = "REVISION",
     .value = "REVISION",
     .default_note = "main",
     .group = kModel,
     .set = SetText<&O::revision>,
     .help = "Branch, tag or commit of a hub model."},
    {.name = "dtype",
     .env = "DTYPE",
     .value = "DTYPE",
     .default_note = "float32",
     .group = kModel,
     .set = SetDType,
     .help = "Type of the weights of linear layers [possible values: float16, float32, bfloat16, "
             "int8]. The 16-bit types halve their memory; arithmetic stays in float32. int8 "
             "multiplies integers: two to six times the speed and a quarter of the memory, with "
             "embeddings within about 0.01 of float32's in cosine."},
    {.name = "served-model-name",
     .env = "SERVED_MODEL_NAME",
     .value = "NAME",
     .default_note = "the model id",
     .group = kModel,
     .set = SetText<&O::served_model_name>,
     .help = "Name of the model in /info and in OpenAI answers."},
    {.name = "pooling",
     .env = "POOLING",
     .value = "POOLING",
     .default_note = "as the model's files say",
     .group = kModel,
     .set = SetPooling,
     .help = "How token vectors become one [possible values: cls, mean, splade, last-token]."},
    {.name = "dense-path",
     .env = "DENSE_PATH",
     .value = "PATH",
     .group = kModel,
     .set = SetText<&O::dense_path>,
     .help = "Folder of the Dense module, below the model's own."},
    {.name = "default-prompt-name",
     .env = "DEFAULT_PROMPT_NAME",
     .value = "NAME",
     .group = kModel,
     .set = SetText<&O::default_prompt_name>,
     .help = "Prompt of config_sentence_transformers.json that is put before every text that names "
             "none."},
    {.name = "default-prompt",
     .env = "DEFAULT_PROMPT",
     .value = "TEXT",
     .group = kModel,
     .set = SetText<&O::default_prompt>,
     .help = "Text that is put before every text that names no prompt."},

    {.name = "max-concurrent-requests",
     .env = "MAX_CONCURRENT_REQUESTS",
     .value = "N",
     .default_value = "512",
     .group = kLimits,
     .set = SetNumber<&O::max_concurrent_requests, 1>,
     .help = "Inputs (texts, not HTTP requests) inside the server at once; more are turned away "
             "with 429."},
    {.name = "max-batch-tokens",
     .env = "MAX_BATCH_TOKENS",
     .value = "N",
     .default_value = "16384",
     .group = kLimits,
     .set = SetNumber<&O::max_batch_tokens, 1>,
     .help = "Tokens of one step of the model at most. Also caps the length of one input."},
    {.name = "max-batch-requests",
     .env = "MAX_BATCH_REQUESTS",
     .value = "N",
     .group = kLimits,
     .set = SetNumber<&O::max_batch_requests, 1>,
     .help = "Inputs of one step of the model at most."},
    {.name = "max-client-batch-size",
     .env = "MAX_CLIENT_BATCH_SIZE",
     .value = "N",
     .default_value = "32",
     .group = kLimits,
     .set = SetNumber<&O::max_client_batch_size, 1>,
     .help = "Inputs of one client request at most."},
    {.name = "auto-truncate",
     .env = "AUTO_TRUNCATE",
     .value = "true|false",
     .default_value = "true",
     .group = kLimits,
     .arity = OptionArity::kOptional,
     .set = SetBool<&O::auto_truncate>,
     .help = "Whether too long inputs are cut (or refused) when the request does not say."},
    {.name = "payload-limit",
     .env = "PAYLOAD_LIMIT",
     .value = "BYTES",
     .default_value = "2000000",
     .group = kLimits,
     .set = SetNumber<&O::payload_limit, 1>,
     .help = "Bytes of one HTTP body at most."},

    {.name = "threads",
     .env = "EMBD_THREADS",
     .value = "N",
     .default_note = "the physical cores that affinity and cgroup grant",
     .group = kMachine,
     .set = SetNumber<&O::threads, 1>,
     .help = "Compute threads."},
    {.name = "pin-threads",
     .env = "EMBD_PIN_THREADS",
     .value = "on|off",
     .default_note = "on, but off under a CPU quota or with fewer threads than cores",
     .group = kMachine,
     .set = SetPinThreads,
     .help = "Keep each compute thread on a core of its own."},
    {.name = "tokenization-workers",
     .env = "TOKENIZATION_WORKERS",
     .value = "N",
     .default_note = "cores - 1, from 1 to 64",
     .group = kMachine,
     .set = SetNumber<&O::tokenization_workers, 1>,
     .help = "Tokenizer threads."},
    {.name = "memory-limit",
     .env = "EMBD_MEMORY_LIMIT",
     .value = "BYTES",
     .default_note = "physical memory or the cgroup's limit",
     .group = kMachine,
     .set = SetBytes<&O::memory_limit>,
     .help = "Memory that the server may fill, as in 1500M or 2G. It refuses to start if its plan "
             "is larger."},
    {.name = "isa",
     .env = "EMBD_ISA",
     .value = "NAME",
     .default_note = "the best that the CPU has",
     .group = kMachine,
     .set = SetText<&O::isa>,
     .help = "Instruction set of the kernels; the start log names the one in use."},

    {.name = "hostname",
     .env = "HOSTNAME",
     .value = "ADDRESS",
     .default_value = "0.0.0.0",
     .group = kServer,
     .used_by = In(Command::kServe),
     .set = SetHostname,
     .help = "IPv4 or IPv6 address to listen on; anything else means 0.0.0.0."},
    {.name = "port",
     .short_name = 'p',
     .env = "PORT",
     .value = "PORT",
     .default_value = "3000",
     .group = kServer,
     .used_by = In(Command::kServe),
     .set = SetNumber<&O::port>,
     .help = "Port to listen on; 0 lets the system choose one."},
    {.name = "listen-uds",
     .env = "LISTEN_UDS",
     .value = "PATH",
     .group = kServer,
     .used_by = In(Command::kServe),
     .set = SetText<&O::listen_uds>,
     .help = "Also listen on a Unix-domain socket: the file appears when the server is ready."},
    {.name = "uds-mode",
     .env = "UDS_MODE",
     .value = "MODE",
     .default_value = "0660",
     .group = kServer,
     .used_by = In(Command::kServe),
     .set = SetMode<&O::uds_mode>,
     .help = "Permissions of that socket file: who may write to it may connect."},
    {.name = "no-tcp",
     .env = "NO_TCP",
     .group = kServer,
     .arity = OptionArity::kFlag,
     .used_by = In(Command::kServe),
     .set = SetBool<&O::no_tcp>,
     .help = "Open no port: only --listen-uds is listened on."},
    {.name = "tls-cert",
     .env = "TLS_CERT",
     .value = "FILE",
     .group = kServer,
     .used_by = In(Command::kServe),
     .set = SetText<&O::tls_cert>,
     .help =
         "Speak TLS on the port with this certificate (PEM, with its chain); read again when it "
         "changes."},
    {.name = "tls-key",
     .env = "TLS_KEY",
     .value = "FILE",
     .group = kServer,
     .used_by = In(Command::kServe),
     .set = SetText<&O::tls_key>,
     .help = "The certificate's key (PEM, without a passphrase)."},
    {.name = "api-key",
     .env = "API_KEY",
     .value = "KEY",
     .group = kServer,
     .used_by = In(Command::kServe),
     .secret = true,
     .set = SetText<&O::api_key>,
     .help = "Requests must carry 'Authorization: Bearer KEY'."},
    {.name = "cors-allow-origin",
     .env = "CORS_ALLOW_ORIGIN",
     .value = "ORIGIN",
     .default_note = "any",
     .group = kServer,
     .arity = OptionArity::kRepeatable,
     .used_by = In(Command::kServe),
     .set = AddOrigin,
     .help = "Origin that browsers may call from. May be given several times."},
    {.name = "uds-path",
     .env = "UDS_PATH",
     .value = "PATH",
     .default_value = "/tmp/text-embeddings-inference-server",
     .group = kServer,
     .used_by = In(Command::kServe),
     .no_effect = "there is no Python subprocess to talk to",
     .set = SetText<&O::uds_path>,
     .help = "Accepted for compatibility."},

    {.name = "huggingface-hub-cache",
     .env = "HUGGINGFACE_HUB_CACHE",
     .value = "PATH",
     .default_note = "$HF_HUB_CACHE, $HF_HOME/hub or ~/.cache/huggingface/hub",
     .group = kHub,
     .set = SetText<&O::hub_cache>,
     .help = "Folder with the cached hub models (models--org--name)."},
    {.name = "hf-token",
     .env = "HF_TOKEN",
     .value = "TOKEN",
     .group = kHub,
     .secret = true,
     .no_effect = "models are not downloaded yet",
     .set = SetText<&O::hf_token>,
     .help = "Token for the hub."},
    {.name = "hf-api-token",
     .env = "HF_API_TOKEN",
     .value = "TOKEN",
     .group = kHub,
     .secret = true,
     .hidden = true,
     .set = SetDeprecatedToken,
     .help = "Old name of --hf-token."},

    {.name = "json-output",
     .env = "JSON_OUTPUT",
     .group = kTelemetry,
     .arity = OptionArity::kFlag,
     .used_by = In(Command::kServe),
     .set = SetBool<&O::json_output>,
     .help = "Log JSON objects, one a line."},
    {.name = "disable-spans",
     .env = "DISABLE_SPANS",
     .group = kTelemetry,
     .arity = OptionArity::kFlag,
     .used_by = In(Command::kServe),
     .set = SetBool<&O::disable_spans>,
     .help = "Leave spans, and what they tell of requests, out of JSON logs."},
    {.name = "otlp-endpoint",
     .env = "OTLP_ENDPOINT",
     .value = "URL",
     .group = kTelemetry,
     .used_by = In(Command::kServe),
     .no_effect = "traces are not exported yet",
     .set = SetText<&O::otlp_endpoint>,
     .help = "Collector of OpenTelemetry traces."},
    {.name = "otlp-service-name",
     .env = "OTLP_SERVICE_NAME",
     .value = "NAME",
     .default_value = "text-embeddings-inference.server",
     .group = kTelemetry,
     .used_by = In(Command::kServe),
     .no_effect = "traces are not exported yet",
     .set = SetText<&O::otlp_service_name>,
     .help = "Name of this service in traces."},
    {.name = "prometheus-port",
     .env = "PROMETHEUS_PORT",
     .value = "PORT",
     .default_value = "9000",
     .group = kTelemetry,
     .used_by = In(Command::kServe),
     .no_effect = "metrics are on the server's own port, at /metrics",
     .set = SetNumber<&O::prometheus_port>,
     .help = "Accepted for compatibility."},

    {.name = "input",
     .value = "FILE",
     .default_note = "built-in texts of mixed length",
     .group = kBench,
     .used_by = In(Command::kBench),
     .set = SetText<&O::input>,
     .help = "Texts to embed, one a line."},
    {.name = "seconds",
     .value = "N",
     .default_value = "5",
     .group = kBench,
     .used_by = In(Command::kBench),
     .set = SetNumber<&O::seconds, 1>,
     .help = "Length of each of the two measurements."},
    {.name = "concurrency",
     .value = "N",
     .default_value = "64",
     .group = kBench,
     .used_by = In(Command::kBench),
     .set = SetNumber<&O::concurrency, 1>,
     .help = "Texts in flight while throughput is measured."},
    {.name = "json",
     .group = kBench,
     .arity = OptionArity::kFlag,
     .used_by = In(Command::kBench, Command::kBenchTokenizer),
     .set = SetBool<&O::json>,
     .help = "Print one JSON object instead of a table."},

    {.name = "tokenizer",
     .value = "FILE",
     .group = kTokenizer,
     .used_by = In(Command::kTokenize, Command::kDecode, Command::kBenchTokenizer),
     .required = true,
     .set = SetText<&O::tokenizer>,
     .help = "A tokenizer.json. Required."},
    {.name = "no-special-tokens",
     .group = kTokenizer,
     .arity = OptionArity::kFlag,
     .used_by = In(Command::kTokenize),
     .set = SetBool<&O::no_special_tokens>,
     .help = "Only the tokens of the text itself."},
    {.name = "max-length",
     .value = "N",
     .default_note = "no limit",
     .group = kTokenizer,
     .used_by = In(Command::kTokenize),
     .set = SetNumber<&O::max_length, 1>,
     .help = "Tokens of one result at most, special tokens included."},
    {.name = "truncation-side",
     .value = "SIDE",
     .default_value = "right",
     .group = kTokenizer,
     .used_by = In(Command::kTokenize),
     .set = SetTruncationSide,
     .help = "Where a text that is too long loses tokens [possible values: left, right]."},
    {.name = "keep-special-tokens",
     .group = kTokenizer,
     .arity = OptionArity::kFlag,
     .used_by = In(Command::kDecode),
     .set = SetBool<&O::keep_special_tokens>,
     .help = "Write special tokens, too."},
    {.name = "input",
     .value = "FILE",
     .group = kBench,
     .used_by = In(Command::kBenchTokenizer),
     .required = true,
     .set = SetText<&O::input>,
     .help = "Texts to encode, one a line. Required."},
    {.name = "threads",
     .value = "N",
     .default_value = "1",
     .group = kBench,
     .used_by = In(Command::kBenchTokenizer),
     .set = SetNumber<&O::threads, 1>,
     .help = "Threads that encode at the same time."},
    {.name = "seconds",
     .value = "N",
     .default_value = "2",
     .group = kBench,
     .used_by = In(Command::kBenchTokenizer),
     .set = SetNumber<&O::seconds, 1>,
     .help = "Length of the measurement."},
});

constexpr auto kConflicts = std::to_array<OptionConflict>({
    {"default-prompt", "default-prompt-name"},
    {"hf-api-token", "hf-token"},
});

constexpr auto kNeeds = std::to_array<OptionNeed>({
    {"no-tcp", "listen-uds"},
    {"tls-cert", "tls-key"},
    {"tls-key", "tls-cert"},
});

}  // namespace

std::span<const OptionRow> OptionTable() { return kRows; }

std::span<const OptionConflict> OptionConflicts() { return kConflicts; }

std::span<const OptionNeed> OptionNeeds() { return kNeeds; }

}  // namespace embd
