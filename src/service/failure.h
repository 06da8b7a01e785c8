#pragma once

#include <cstddef>
#include <cstdint>

#include "base/result.h"
#include "telemetry/metrics.h"

namespace embd {

// Where on its way a request failed, as the metrics name it.
enum class FailedAt : std::uint8_t {
  kValidation,
  kBatchSize,
  kModelType,
  kTokenization,
  kInference
};

struct Failure {
  FailedAt where = FailedAt::kValidation;
  Error error;
};

// Counts a failed request of so many inputs, once.
void CountFailure(Metrics& metrics, const Failure& failure, std::size_t inputs);

}  // namespace embd
