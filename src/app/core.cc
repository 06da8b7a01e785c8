#include "app/core.h"

#include <fmt/format.h>

#include <ctime>
#include <future>
#include <utility>

#include "app/memory_parts.h"
#include "app/version.h"
#include "base/load_error.h"
#include "base/system.h"
#include "hub/find_model.h"
#include "kernels/cpu/cpu_backend.h"
#include "model/registry.h"

namespace embd {
namespace {

ModelFiles FindModelFiles(const Options& options) {
  const FoundModel found = FindModel({.model_id = options.model_id,
                                      .revision = options.revision.value_or(""),
                                      .cache_dir = options.hub_cache});
  return ModelFiles::FromDirectory(found.directory);
}

ModelOverrides OverridesFrom(const Options& options) {
  ModelOverrides overrides;
  overrides.dense_path = options.dense_path.value_or("");
  if (options.pooling == PoolingChoice::kCls) overrides.pooling = Pooling::kCls;
  if (options.pooling == PoolingChoice::kMean) overrides.pooling = Pooling::kMean;
  if (options.pooling == PoolingChoice::kLastToken) overrides.pooling = Pooling::kLastToken;
  if (options.pooling == PoolingChoice::kSplade) overrides.pooling = Pooling::kSplade;
  return overrides;
}

LengthFacts LengthsOf(const ModelSpec& spec, const Architecture& architecture) {
  return {.base_length = spec.base_length,
          .max_positions = architecture.max_positions(),
          .position_offset = architecture.position_offset(),
          .row_length = architecture.head().output_size()};
}

Sizing DecideAndLog(const Options& options, const ModelSpec& spec, const Architecture& architecture,
                    const WeightMap& weights, const CpuGrant& cpus, Log& log) {
  Sizing sizing = DecideSizing(options, LengthsOf(spec, architecture), cpus);
  sizing.info.task = spec.task;
  sizing.info.pooling = spec.pooling;
  sizing.info.labels = spec.labels;
  sizing.info.model_dtype = WeightPrecisionName(options.dtype.value_or(WeightPrecision::kFloat32));
  sizing.info.started_at = std::time(nullptr);
  for (const std::string& warning : spec.warnings) log.Warn(warning);
  for (const std::string& warning : sizing.warnings) log.Warn(warning);
  if (const std::string unused = weights.UnusedWarning(); !unused.empty()) log.Warn(unused);
  log.Info(fmt::format("Maximum number of tokens per request: {}", sizing.info.max_input_length));
  log.Info(fmt::format("Starting {} tokenization workers", sizing.info.tokenization_workers));
  log.Info(fmt::format("Starting {} compute threads{}", sizing.scheduler.workers,
                       sizing.scheduler.places.empty() ? "" : ", pinned to cores"));
  return sizing;
}

WeightFormats ChooseAndLog(const Options& options, const Architecture& architecture,
                           const WeightMap& weights, const Checkpoint& checkpoint, Log& log) {
  const WeightPrecision precision = options.dtype.value_or(WeightPrecision::kFloat32);
  WeightFormats formats =
      WeightFormats::Choose(architecture.manifest(), weights, checkpoint, precision);
  if (precision == WeightPrecision::kInt8) {
    log.Info(fmt::format(
        "int8 weights; kept in floats: {}",
        formats.kept().empty() ? "none" : fmt::format("{}", fmt::join(formats.kept(), ", "))));
  }
  return formats;
}

MemoryPlan PlanAndLog(const Options& options, const MemoryInputs& inputs, Log& log) {
  MemoryLimit limit = AvailableMemory();
  if (options.memory_limit && *options.memory_limit < limit.bytes) {
    limit = {*options.memory_limit, "--memory-limit"};
  }
  MemoryPlan plan = PlanMemory(options, inputs, limit);
  log.Info("Memory plan: " + FormatLine(plan));
  return plan;
}

std::string DefaultPrompt(const Options& options, const ModelSpec& spec) {
  if (!options.default_prompt_name) return options.default_prompt.value_or("");
  const auto prompt = spec.prompts.find(*options.default_prompt_name);
  if (prompt != spec.prompts.end()) return prompt->second;
  std::string known;
  for (const auto& [name, text] : spec.prompts) known += (known.empty() ? "" : ", ") + name;
  throw LoadError({.path = "--default-prompt-name",
                   .expected = known.empty() ? "a model with prompts" : "one of " + known,
                   .found = *options.default_prompt_name,
                   .hint = {}});
}

// The rows that such tokens would need do not exist.
void RefuseUnknownTokens(const Tokenizer& tokenizer, const ModelFiles& files,
                         const Architecture& architecture) {
  if (tokenizer.id_bound() <= architecture.vocabulary_size()) return;
  throw LoadError({.path = files.tokenizer.string(),
                   .expected = fmt::format("token ids below {}, the vocab_size of {}",
                                           architecture.vocabulary_size(), files.config.string()),
                   .found = fmt::format("ids up to {}", tokenizer.id_bound() - 1),
                   .hint = "the two files may be of different models"});
}

}  // namespace

Core::Core(const Options& options, Log& log, StartupClock& clock)
    : files_(clock.Time("model_files", [&] { return FindModelFiles(options); })),
      spec_(clock.Time("config", [&] { return ReadModelSpec(files_, OverridesFrom(options)); })),
      default_prompt_(DefaultPrompt(options, spec_)),
      cpus_(ReadCpuGrant()),
      architecture_(MakeArchitecture(spec_)),
      backend_(MakeCpuBackend(CpuIsaFromChoice(options.isa.value_or(""), "--isa"))),
      checkpoint_(clock.Time("weight_headers", [&] { return Checkpoint::Open(files_.weights); })),
      weights_(
          WeightMap::Resolve(checkpoint_, architecture_->Tensors(), architecture_->Prefixes())),
      formats_(clock.Time(
          "weight_formats",
          [&] { return ChooseAndLog(options, *architecture_, weights_, checkpoint_, log); })),
      sizing_(DecideAndLog(options, spec_, *architecture_, weights_, cpus_, log)),
      plan_(clock.Time("memory_plan", [&] { return Plan(options, log); })),
      loaded_(clock.Time("load", [&] { return Load(log, clock); })),
      metrics_(sizing_.info.max_input_length),
      scheduler_(*loaded_.model, sizing_.scheduler, metrics_),
      service_(
          *loaded_.tokenizer, scheduler_, metrics_,
          {.info = sizing_.info, .prompts = spec_.prompts, .default_prompt = default_prompt_}) {
  metrics_.version = kVersion;
  metrics_.backend = backend_->name();
  for (const MemoryPart& part : plan_.parts) {
    metrics_.memory_plan.push_back({part.name, static_cast<double>(part.bytes)});
  }
}

MemoryPlan Core::Plan(const Options& options, Log& log) const {
  const MemoryInputs inputs = {
      .sizing = sizing_,
      .architecture = *architecture_,
      .backend = *backend_,
      .weights = architecture_->Footprint(weights_, *backend_, formats_),
      .tokenizer_file_bytes = std::filesystem::file_size(files_.tokenizer),
      .lengths = LengthsOf(spec_, *architecture_),
      .cpus = cpus_,
  };
  return PlanAndLog(options, inputs, log);
}

Core::Loaded Core::Load(Log& log, StartupClock& clock) const {
  log.Info(fmt::format("Starting {} model on {}", spec_.model_type, backend_->name()));
  // The tokenizer on a thread of its own while this one prepares the weights.
  StartupClock tokenizer_clock;
  auto tokenizer = std::async(std::launch::async, [&] {
    SetThreadName("embd-load");
    return tokenizer_clock.Time("tokenizer", [&] { return Tokenizer::Load(files_.tokenizer); });
  });
  Network network = clock.Time(
      "weights", [&] { return architecture_->Load(weights_, checkpoint_, *backend_, formats_); });
  Loaded loaded;
  loaded.tokenizer = tokenizer.get();
  for (const PhaseGauge& phase : tokenizer_clock.phases()) clock.Note(phase);
  RefuseUnknownTokens(*loaded.tokenizer, files_, *architecture_);
  log.Debug(fmt::format("Tokenizer tables: {}", FormatBytes(loaded.tokenizer->resident_bytes())));
  loaded.model = std::make_unique<const EncoderModel>(EncoderModel::Parts{
      .architecture = *architecture_, .backend = *backend_, .network = std::move(network)});
  return loaded;
}

}  // namespace embd
