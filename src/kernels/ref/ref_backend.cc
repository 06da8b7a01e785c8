#include "kernels/ref/ref_backend.h"

#include "kernels/ref/ops.h"

namespace embd {
namespace {

class RefBackend : public Backend {
 public:
  std::string_view name() const override { return "ref"; }

  // It keeps floats whatever the format, and integers beside them.
  std::size_t PreparedBytes(std::int64_t out, std::int64_t in, WeightFormat format) const override {
    const auto elements = static_cast<std::size_t>(out * in);
    const auto outputs = static_cast<std::size_t>(out);
    const std::size_t floats = (elements + outputs) * sizeof(float);
    if (format != WeightFormat::kInt8) return floats;
    return floats + elements + outputs * sizeof(ref::Int8Row);
  }

  std::unique_ptr<PreparedWeight> Prepare(std::span<const LinearWeight> stacked,
                                          WeightFormat format) const override {
    return std::make_unique<ref::RefWeight>(stacked, format);
  }

  std::size_t ScratchBytes(const ScratchNeed& need) const override {
    return Arena::FloatsBytes(static_cast<std::size_t>(need.max_sequence_tokens));
  }

  void Embed(const EmbedArgs& args, MatrixView out, const Lane& lane) const override {
    ref::Embed(args, out, lane.Share(out.rows));
    lane.Sync();
  }

  void Linear(ConstMatrixView in, const PreparedWeight& weight, const LinearOptions& options,
              MatrixView out, const Lane& lane) const override {
    ref::Linear(in, static_cast<const ref::RefWeight&>(weight), options, out, lane.Share(in.rows));
    lane.Sync();
  }

  void Attention(const AttentionArgs& args, MatrixView out, const Lane& lane) const override {
    const std::size_t mark = lane.scratch->mark();
    float* const scores = lane.scratch->Floats(LongestSequence(args.offsets));
    const auto sequences = static_cast<std::int64_t>(args.offsets.size()) - 1;
    ref::Attention(args, out, lane.Share(sequences * args.heads), scores);
    lane.scratch->Rewind(mark);
    lane.Sync();
  }

  void Rotate(const RotaryArgs& args, MatrixView x, const Lane& lane) const override {
    ref::Rotate(args, x, lane.Share(x.rows));
    lane.Sync();
  }

  void Norm(ConstMatrixView in, const NormWeights& weights, const NormOptions& options,
            MatrixView out, const Lane& lane) const override {
    ref::Norm(in, weights, options, out, lane.Share(in.rows));
    lane.Sync();
  }

  void Pool(ConstMatrixView hidden, std::span<const std::uint32_t> offsets, Pooling pooling,
            MatrixView out, const Lane& lane) const override {
    ref::Pool(hidden, offsets, pooling, out, lane.Share(out.rows));
    lane.Sync();
  }

 private:
  static std::size_t LongestSequence(std::span<const std::uint32_t> offsets) {
    std::uint32_t longest = 0;
    for (std::size_t i = 1; i < offsets.size(); ++i) {
      longest = std::max(longest, offsets[i] - offsets[i - 1]);
    }
    return longest;
  }
};

}  // namespace

std::unique_ptr<const Backend> MakeRefBackend() { return std::make_unique<const RefBackend>(); }

}  // namespace embd
