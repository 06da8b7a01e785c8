// Times the kernels of one instruction set against the machine's own limit. Each sample of a kernel
// is paired with a sample of register_peak.h, taken in the same moment on the same thread. Medians
// of the ratio are what to compare; GFLOP/s are for orientation.
//
//   embd_kernels_bench [isa] [rounds] [part of a name]

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "base/page_buffer.h"
#include "bench/register_peak.h"
#include "kernels/backend.h"
#include "kernels/cpu/cpu_backend.h"
#include "kernels/cpu/cpu_isa.h"

namespace embd {
namespace {

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

// A block of floats in huge pages, filled with small numbers.
class Block {
 public:
  explicit Block(std::int64_t count, float scale = 1.0F)
      : buffer_(static_cast<std::size_t>(count) * sizeof(float)) {
    std::mt19937 random(static_cast<std::uint32_t>(count));
    std::uniform_real_distribution<float> uniform(-scale, scale);
    for (std::int64_t i = 0; i < count; ++i) data()[i] = uniform(random);
  }
  float* data() const { return reinterpret_cast<float*>(buffer_.data()); }
  TensorView tensor(Shape shape) const {
    return {.data = buffer_.data(), .dtype = DType::kF32, .shape = shape};
  }
  MatrixView matrix(std::int64_t rows, std::int64_t cols) const {
    return {.data = data(), .rows = rows, .cols = cols, .stride = cols};
  }

 private:
  PageBuffer buffer_;
};

class Bench {
 public:
  Bench(CpuIsa isa, int rounds, std::string filter)
      : isa_(isa),
        rounds_(rounds),
        filter_(std::move(filter)),
        backend_(MakeCpuBackend(isa)),
        scratch_block_(std::size_t{64} << 20U),
        scratch_(scratch_block_.bytes()) {}

  void Linear(std::int64_t out, std::int64_t in, Activation activation, WeightFormat format) {
    // Several copies, so that weights come from where a model's other layers leave them.
    const int copies = static_cast<int>(std::max<std::int64_t>(2, 12'000'000 / (out * in)));
    const Block source(out * in, 0.05F);
    const LinearWeight stacked{.weight = source.tensor({out, in}), .bias = source.tensor({out})};
    std::vector<std::unique_ptr<PreparedWeight>> weights;
    for (int i = 0; i < copies; ++i) weights.push_back(backend_->Prepare({&stacked, 1}, format));
    for (const std::int64_t rows : {8, 16, 32, 128, 512, 2048}) {
      const Block input(rows * in);
      const Block output(rows * out);
      std::size_t next = 0;
      const auto run = [&] {
        backend_->Linear(input.matrix(rows, in), *weights[next++ % weights.size()],
                         {.activation = activation, .residual = {}}, output.matrix(rows, out),
                         lane());
      };
      const bool int8 = format == WeightFormat::kInt8;
      Report(std::string(int8                           ? "int8"
                         : format == WeightFormat::kF16 ? "f16"
                                                        : "f32") +
                 " linear " + std::to_string(out) + "x" + std::to_string(in) +
                 (activation == Activation::kGelu ? " gelu" : "") + " rows " + std::to_string(rows),
             2.0 * static_cast<double>(rows * out * in), static_cast<double>(rows), run,
             int8 ? PeakInt8Ops : PeakFlops);
    }
  }

  void Attention(std::int64_t sequence, int heads, int head_size) {
    const std::int64_t hidden = std::int64_t{heads} * head_size;
    const std::int64_t count = std::max<std::int64_t>(1, 512 / sequence);
    const std::int64_t tokens = count * sequence;
    std::vector<std::uint32_t> offsets;
    for (std::int64_t i = 0; i <= count; ++i) {
      offsets.push_back(static_cast<std::uint32_t>(i * sequence));
    }
    const Block qkv(tokens * 3 * hidden);
    const Block output(tokens * hidden);
    Report("attention " + std::to_string(heads) + "x" + std::to_string(head_size) + " sequence " +
               std::to_string(sequence),
           4.0 * static_cast<double>(tokens * sequence * hidden), static_cast<double>(tokens), [&] {
             backend_->Attention({.qkv = qkv.matrix(tokens, 3 * hidden),
                                  .offsets = offsets,
                                  .heads = heads,
                                  .head_size = head_size,
                                  .scale = 0.17F},
                                 output.matrix(tokens, hidden), lane());
           });
  }

  void LayerNorm(std::int64_t cols) {
    const Block input(256 * cols);
    const Block output(256 * cols);
    const NormWeights weights{.gamma = input.data(), .beta = input.data()};
    Report("layer norm " + std::to_string(cols) + " (per element)", 0,
           static_cast<double>(256 * cols), [&] {
             backend_->Norm(input.matrix(256, cols), weights, {}, output.matrix(256, cols), lane());
           });
  }

  // What the start of all-MiniLM-L6-v2 packs: 42.5 MB in 24 matrices.
  void Packing(WeightFormat format) {
    const std::vector<std::pair<std::int64_t, std::int64_t>> shapes = {
        {1152, 384}, {384, 384}, {1536, 384}, {384, 1536}};
    std::vector<Block> sources;
    for (const auto& [out, in] : shapes) {
      for (int layer = 0; layer < 6; ++layer) sources.emplace_back(out * in);
    }
    std::vector<double> times;
    for (int round = 0; round < rounds_; ++round) {
      std::vector<std::unique_ptr<PreparedWeight>> weights;
      const double start = ThreadSeconds();
      for (std::size_t i = 0; i < sources.size(); ++i) {
        const auto& [out, in] = shapes[i / 6];
        const LinearWeight stacked{.weight = sources[i].tensor({out, in}), .bias = {}};
        weights.push_back(backend_->Prepare({&stacked, 1}, format));
      }
      times.push_back(ThreadSeconds() - start);
    }
    std::printf("%-44s %8.2f ms (allocation and first touch included)\n",
                format == WeightFormat::kInt8 ? "pack 42.5 MB of weights to integers"
                                              : "pack 42.5 MB of weights",
                1e3 * Median(times));
  }

 private:
  Lane lane() { return {.index = 0, .count = 1, .barrier = nullptr, .scratch = &scratch_}; }

  void Report(const std::string& what, double flops, double items, const std::function<void()>& run,
              double (*peak_of)(CpuIsa) = PeakFlops) {
    if (what.find(filter_) == std::string::npos) return;
    run();
    const double once = Time(run, 1);
    const int repeats = std::max(1, static_cast<int>(2e-3 / once));
    std::vector<double> ratios;
    std::vector<double> rates;
    std::vector<double> nanoseconds;
    for (int round = 0; round < rounds_; ++round) {
      const double before = peak_of(isa_);
      const double seconds = Time(run, repeats) / repeats;
      const double peak = (before + peak_of(isa_)) / 2;
      rates.push_back(flops / seconds);
      if (peak > 0) ratios.push_back(flops / seconds / peak);
      nanoseconds.push_back(1e9 * seconds / items);
    }
    std::printf("%-44s %8.2f ns/item", what.c_str(), Median(nanoseconds));
    if (flops > 0) std::printf(" %8.1f GFLOP/s", 1e-9 * Median(rates));
    if (flops > 0 && !ratios.empty()) std::printf(" %6.1f %% of peak", 100 * Median(ratios));
    std::printf("\n");
    std::fflush(stdout);
  }

  static double Time(const std::function<void()>& run, int repeats) {
    const double start = ThreadSeconds();
    for (int i = 0; i < repeats; ++i) run();
    return ThreadSeconds() - start;
  }

  CpuIsa isa_;
  int rounds_;
  std::string filter_;  // only what has this in its name
  std::unique_ptr<const Backend> backend_;
  PageBuffer scratch_block_;
  Arena scratch_;
};

void RunAll(CpuIsa isa, int rounds, const std::string& filter) {
  Bench bench(isa, rounds, filter);
  std::printf("instruction set %s, register peak %.1f GFLOP/s, medians of %d rounds\n",
              std::string(CpuIsaName(isa)).c_str(), 1e-9 * PeakFlops(isa), rounds);
  bench.Packing(WeightFormat::kF32);
  bench.Packing(WeightFormat::kInt8);
  for (const WeightFormat format : {WeightFormat::kF32, WeightFormat::kF16, WeightFormat::kInt8}) {
    bench.Linear(1152, 384, Activation::kNone, format);
    bench.Linear(384, 384, Activation::kNone, format);
    bench.Linear(1536, 384, Activation::kNone, format);
    bench.Linear(1536, 384, Activation::kGelu, format);
    bench.Linear(384, 1536, Activation::kNone, format);
    bench.Linear(768, 3072, Activation::kNone, format);
    bench.Linear(1024, 1024, Activation::kNone, format);
  }
  for (const std::int64_t sequence : {16, 32, 64, 128, 256, 512}) {
    bench.Attention(sequence, 12, 32);
  }
  for (const std::int64_t sequence : {16, 32, 128, 512}) bench.Attention(sequence, 12, 64);
  bench.LayerNorm(384);
  bench.LayerNorm(768);
}

}  // namespace
}  // namespace embd

int main(int argc, char** argv) {
  const embd::CpuIsa isa = embd::CpuIsaFromChoice(argc > 1 ? argv[1] : "", "first argument");
  embd::RunAll(isa, argc > 2 ? static_cast<int>(std::strtol(argv[2], nullptr, 10)) : 11,
               argc > 3 ? argv[3] : "");
  return 0;
}
