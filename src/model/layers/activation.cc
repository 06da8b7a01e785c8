#include "model/layers/activation.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

namespace embd {
namespace {

struct Row {
  std::string_view name;
  Activation activation;
};

constexpr std::array kRows = {
    Row{"gelu", Activation::kGelu},
    Row{"gelu_new", Activation::kGeluTanh},
    Row{"gelu_pytorch_tanh", Activation::kGeluTanh},
    Row{"relu", Activation::kRelu},
    Row{"silu", Activation::kSilu},
    Row{"swish", Activation::kSilu},
    Row{"tanh", Activation::kTanh},
};

}  // namespace

Activation ReadActivation(const JsonValue& name) {
  const std::string_view wanted = name.String();
  const auto row = std::find_if(kRows.begin(), kRows.end(),
                                [&](const Row& known) { return known.name == wanted; });
  if (row != kRows.end()) return row->activation;
  std::vector<std::string_view> known;
  for (const Row& each : kRows) known.push_back(each.name);
  name.Fail(fmt::format("one of {}", fmt::join(known, ", ")), Quoted(wanted),
            "this activation is not supported yet");
}

}  // namespace embd
