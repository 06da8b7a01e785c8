// Times the forward pass of a model on one core against the core's own limit, and says where the
// time goes. Steps as the engine runs them: sequences of one length, together of 128 tokens or one
// longer sequence. Each sample of a step is paired with samples of register_peak.h, taken in the
// same moment on the same thread. The operations of a step are counted where they are asked for, so
// the ratio is right for every architecture: products of matrices and of attention, nothing else.
// The limit is the time that each operation takes at the peak of its own arithmetic: attention of
// an int8 model is computed in floats.
//
//   embd_forward_bench <model folder> [dtype] [isa] [rounds] [JSON file]
//
// Prints a table and, if asked, writes the numbers of every round.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/page_buffer.h"
#include "bench/register_peak.h"
#include "kernels/cpu/cpu_backend.h"
#include "kernels/cpu/cpu_isa.h"
#include "model/model.h"
#include "model/model_files.h"
#include "model/model_spec.h"
#include "model/registry.h"
#include "model/weight_formats.h"
#include "model/weight_map.h"
#include "tensor/safetensors.h"

namespace embd {
namespace {

// By the arithmetic that they are done in.
struct Operations {
  double floats = 0;
  double int8 = 0;

  double total() const { return floats + int8; }
  Operations& operator+=(const Operations& other) {
    floats += other.floats;
    int8 += other.int8;
    return *this;
  }
};

// Another backend, counting what it is asked for and how long it takes. For one thread.
class Meter final : public Backend {
 public:
  explicit Meter(std::unique_ptr<const Backend> backend) : backend_(std::move(backend)) {}

  std::string_view name() const override { return backend_->name(); }
  std::size_t PreparedBytes(std::int64_t out, std::int64_t in, WeightFormat format) const override {
    return backend_->PreparedBytes(out, in, format);
  }
  std::unique_ptr<PreparedWeight> Prepare(std::span<const LinearWeight> stacked,
                                          WeightFormat format) const override {
    std::unique_ptr<PreparedWeight> weight = backend_->Prepare(stacked, format);
    if (format == WeightFormat::kInt8) of_int8_.insert(weight.get());
    return weight;
  }
  std::size_t ScratchBytes(const ScratchNeed& need) const override {
    return backend_->ScratchBytes(need);
  }

  void Embed(const EmbedArgs& args, MatrixView out, const Lane& lane) const override {
    Count("embed", {}, [&] { backend_->Embed(args, out, lane); });
  }
  void Linear(ConstMatrixView in, const PreparedWeight& weight, const LinearOptions& options,
              MatrixView out, const Lane& lane) const override {
    const std::int64_t macs = in.rows * weight.in_features() * weight.out_features();
    const double operations = (options.gate == nullptr ? 2.0 : 4.0) * static_cast<double>(macs);
    Count("linear " + std::to_string(weight.out_features()) + "x" +
              std::to_string(weight.in_features()),
          of_int8_.contains(&weight) ? Operations{.int8 = operations}
                                     : Operations{.floats = operations},
          [&] { backend_->Linear(in, weight, options, out, lane); });
  }
  void Attention(const AttentionArgs& args, MatrixView out, const Lane& lane) const override {
    double pairs = 0;
    for (std::size_t i = 1; i < args.offsets.size(); ++i) {
      const double tokens = args.offsets[i] - args.offsets[i - 1];
      pairs += tokens * tokens;
    }
    Count("attention", {.floats = 4 * pairs * args.heads * args.head_size},
          [&] { backend_->Attention(args, out, lane); });
  }
  void Rotate(const RotaryArgs& args, MatrixView x, const Lane& lane) const override {
    Count("rotate", {}, [&] { backend_->Rotate(args, x, lane); });
  }
  void Norm(ConstMatrixView in, const NormWeights& weights, const NormOptions& options,
            MatrixView out, const Lane& lane) const override {
    Count("norm", {}, [&] { backend_->Norm(in, weights, options, out, lane); });
  }
  void Pool(ConstMatrixView hidden, std::span<const std::uint32_t> offsets, Pooling pooling,
            MatrixView out, const Lane& lane) const override {
    Count("pool", {}, [&] { backend_->Pool(hidden, offsets, pooling, out, lane); });
  }

  struct Entry {
    Operations operations;
    double seconds = 0;
  };
  const std::map<std::string, Entry>& entries() const { return entries_; }
  void Clear() { entries_.clear(); }

 private:
  template <typename F>
  void Count(const std::string& what, const Operations& operations, F run) const {
    const double start = ThreadSeconds();
    run();
    Entry& entry = entries_[what];
    entry.seconds += ThreadSeconds() - start;
    entry.operations += operations;
  }

  std::unique_ptr<const Backend> backend_;
  mutable std::set<const PreparedWeight*> of_int8_;
  mutable std::map<std::string, Entry> entries_;
};

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

// `count` sequences of `length` tokens each.
struct Sequences {
  Sequences(std::int64_t count, std::int64_t length, std::int64_t vocabulary,
            std::int64_t first_position) {
    for (std::int64_t i = 0; i < count * length; ++i) {
      ids.push_back(static_cast<std::uint32_t>((1000 + i * 7919) % vocabulary));
      positions.push_back(static_cast<std::uint32_t>(first_position + i % length));
    }
    types.resize(ids.size());
    for (std::int64_t i = 0; i <= count; ++i) {
      offsets.push_back(static_cast<std::uint32_t>(i * length));
    }
  }
  PackedBatch batch() const {
    return {.ids = ids, .type_ids = types, .position_ids = positions, .offsets = offsets};
  }

  std::vector<std::uint32_t> ids, types, positions, offsets;
};

class Bench {
 public:
  Bench(const std::string& folder, WeightPrecision precision, CpuIsa isa)
      : isa_(isa),
        meter_(MakeCpuBackend(isa)),
        files_(ModelFiles::FromDirectory(folder)),
        architecture_(MakeArchitecture(ReadModelSpec(files_, {}))),
        checkpoint_(Checkpoint::Open(files_.weights)),
        weights_(
            WeightMap::Resolve(checkpoint_, architecture_->Tensors(), architecture_->Prefixes())),
        model_({.architecture = *architecture_,
                .backend = meter_,
                .network =
                    architecture_->Load(weights_, checkpoint_, meter_,
                                        WeightFormats::Choose(architecture_->manifest(), weights_,
                                                              checkpoint_, precision))}) {}

  struct Rounds {
    std::int64_t sequences = 0;
    std::int64_t length = 0;
    std::vector<double> seconds;  // of a step
    std::vector<double> of_peak;  // 0 where no peak is known
  };

  Rounds Run(std::int64_t length, int rounds) {
    const std::int64_t count = std::max<std::int64_t>(1, 128 / length);
    const Sequences sequences(count, length, architecture_->vocabulary_size(),
                              architecture_->position_offset());
    const StepLimits limits{
        .max_tokens = count * length, .max_sequences = count, .max_sequence_tokens = length};
    const PageBuffer activation_block(model_.ActivationBytes(limits));
    const PageBuffer scratch_block(model_.ScratchBytes(limits));
    const auto step = [&] {
      Arena activations(activation_block.bytes());
      Arena scratch(scratch_block.bytes());
      model_.Run(sequences.batch(), activations, {.scratch = &scratch});
    };
    meter_.Clear();
    step();
    const Operations operations = Counted();  // of each step alike
    meter_.Clear();
    Rounds result{.sequences = count, .length = length, .seconds = {}, .of_peak = {}};
    for (int round = 0; round < rounds; ++round) {
      const double at_peak_before = SecondsAtPeak(operations);
      const double start = ThreadSeconds();
      step();
      const double seconds = ThreadSeconds() - start;
      const double at_peak = (at_peak_before + SecondsAtPeak(operations)) / 2;
      result.seconds.push_back(seconds);
      result.of_peak.push_back(at_peak / seconds);
    }
    Report(result, operations.total());
    return result;
  }

 private:
  // How long the core takes now for so many bare products; 0 where no loop of them is written.
  double SecondsAtPeak(const Operations& operations) const {
    double seconds = 0;
    if (operations.floats > 0) {
      const double peak = PeakFlops(isa_);
      if (peak == 0) return 0;
      seconds += operations.floats / peak;
    }
    if (operations.int8 > 0) {
      const double peak = isa_ == CpuIsa::kAmxInt8 ? 0 : PeakInt8Ops(isa_);
      if (peak == 0) return 0;
      seconds += operations.int8 / peak;
    }
    return seconds;
  }

  Operations Counted() const {
    Operations sum;
    for (const auto& [what, entry] : meter_.entries()) sum += entry.operations;
    return sum;
  }

  void Report(const Rounds& result, double operations) const {
    const auto rounds = static_cast<double>(result.seconds.size());
    const double seconds = Median(result.seconds);
    const double of_peak = Median(result.of_peak);
    std::printf("\n%ld x %ld tokens: %.3f ms, %.0f tokens/s, %.1f Gop/s", result.sequences,
                result.length, 1e3 * seconds,
                static_cast<double>(result.sequences * result.length) / seconds,
                1e-9 * operations / seconds);
    if (of_peak > 0) {
      std::printf(", %.1f %% of peak\n", 100 * of_peak);
    } else {
      std::printf(", - of peak\n");
    }
    double total = 0;
    for (const auto& [what, entry] : meter_.entries()) total += entry.seconds;
    for (const auto& [what, entry] : meter_.entries()) {
      std::printf("  %-20s %5.1f %% of the time %8.1f us", what.c_str(),
                  100 * entry.seconds / total, 1e6 * entry.seconds / rounds);
      if (entry.operations.total() > 0) {
        std::printf(" %8.1f Gop/s", 1e-9 * entry.operations.total() / entry.seconds);
      }
      std::printf("\n");
    }
    std::fflush(stdout);
  }

  CpuIsa isa_;
  Meter meter_;
  ModelFiles files_;
  std::unique_ptr<const Architecture> architecture_;
  Checkpoint checkpoint_;
  WeightMap weights_;
  EncoderModel model_;
};

WeightPrecision PrecisionOf(const std::string& name) {
  for (const WeightPrecision precision : {WeightPrecision::kFloat32, WeightPrecision::kFloat16,
                                          WeightPrecision::kBFloat16, WeightPrecision::kInt8}) {
    if (WeightPrecisionName(precision) == name) return precision;
  }
  std::fprintf(stderr, "unknown dtype %s\n", name.c_str());
  std::exit(2);
}

std::string JsonArray(const std::vector<double>& values) {
  std::string text;
  for (const double value : values) text += (text.empty() ? "[" : ",") + std::to_string(value);
  return text + "]";
}

void WriteJson(const std::string& path, const std::string& dtype, CpuIsa isa,
               const std::vector<Bench::Rounds>& results) {
  std::string text =
      R"({"dtype":")" + dtype + R"(","isa":")" + std::string(CpuIsaName(isa)) + R"(","steps":[)";
  for (const Bench::Rounds& result : results) {
    if (&result != results.data()) text += ",";
    text += R"({"sequences":)" + std::to_string(result.sequences) + R"(,"tokens":)" +
            std::to_string(result.length) + R"(,"seconds":)" + JsonArray(result.seconds) +
            R"(,"of_peak":)" + JsonArray(result.of_peak) + "}";
  }
  std::ofstream(path) << text << "]}\n";
}

int Main(int argc, char** argv) {
  const std::vector<std::string> args(argv + 1, argv + argc);
  const auto arg = [&](std::size_t i, const char* otherwise) {
    return i < args.size() ? args[i] : otherwise;
  };
  if (args.empty()) {
    std::fprintf(stderr,
                 "usage: embd_forward_bench <model folder> [dtype] [isa] [rounds] [JSON file]\n");
    return 2;
  }
  const std::string dtype = arg(1, "float32");
  const CpuIsa isa = CpuIsaFromChoice(arg(2, ""), "third argument");
  const int rounds = std::stoi(arg(3, "31"));
  std::printf("%s, %s, instruction set %s, one core, medians of %d rounds\n", args[0].c_str(),
              dtype.c_str(), std::string(CpuIsaName(isa)).c_str(), rounds);
  Bench bench(args[0], PrecisionOf(dtype), isa);
  std::vector<Bench::Rounds> results;
  for (const std::int64_t length : {16, 128, 512}) results.push_back(bench.Run(length, rounds));
  if (args.size() > 4) WriteJson(args[4], dtype, isa, results);
  return 0;
}

}  // namespace
}  // namespace embd

int main(int argc, char** argv) { return embd::Main(argc, argv); }
