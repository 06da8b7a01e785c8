#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "base/page_buffer.h"
#include "kernels/backend.h"
#include "model/weight_formats.h"
#include "model/weight_manifest.h"

namespace embd {

// A layer norm's parameters as floats of our own.
class NormParameters {
 public:
  NormParameters(std::vector<float> gamma, std::vector<float> beta, float epsilon)
      : gamma_(std::move(gamma)), beta_(std::move(beta)), epsilon_(epsilon) {}

  NormWeights view() const {
    return {.gamma = gamma_.data(), .beta = beta_.data(), .epsilon = epsilon_};
  }

 private:
  std::vector<float> gamma_;
  std::vector<float> beta_;
  float epsilon_;
};

// An embedding table: rows of the mapped file, or a copy of them in narrower floats.
class EmbeddingTable {
 public:
  explicit EmbeddingTable(const TensorView& mapped) : view_(mapped) {}
  // `copy` holds what `view` looks at.
  EmbeddingTable(PageBuffer copy, const TensorView& view) : copy_(std::move(copy)), view_(view) {}

  const TensorView& view() const { return view_; }

 private:
  PageBuffer copy_;
  TensorView view_;
};

// Turns the tensors of a manifest into what the layers compute with. What is copied or repacked has
// its file pages given back; what is used in place is made resident. Safe from several threads.
class WeightLoader {
 public:
  // All must outlive the loader; the tables that it gives out live in `checkpoint`.
  WeightLoader(const WeightMap& weights, const Checkpoint& checkpoint, const Backend& backend,
               const WeightFormats& formats)
      : weights_(weights), checkpoint_(checkpoint), backend_(backend), formats_(formats) {}

  const Backend& backend() const { return backend_; }

  // Made by all cores if it is converted.
  EmbeddingTable Table(const TableSpec& spec) const;
  // Nothing for an optional layer that the checkpoint lacks.
  std::unique_ptr<const PreparedWeight> Linear(const LinearSpec& spec) const;
  // Of spec.piece outputs each, prepared by several threads.
  std::vector<std::unique_ptr<const PreparedWeight>> Pieces(const LinearSpec& spec) const;
  NormParameters Norm(const NormSpec& spec) const;

  // To be called when everything is loaded: of the checkpoint's pages only those of tables in use
  // stay.
  void Finish(const WeightManifest& manifest) const;

 private:
  std::vector<float> Floats(const std::string& name) const;
  bool IsMappedTable(const LinearSpec& spec, const TensorView& weight) const;
  void Release(const LinearSpec& spec) const;

  const WeightMap& weights_;
  const Checkpoint& checkpoint_;
  const Backend& backend_;
  const WeightFormats& formats_;
};

}  // namespace embd
