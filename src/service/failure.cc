#include "service/failure.h"

namespace embd {

void CountFailure(Metrics& metrics, const Failure& failure, std::size_t inputs) {
  switch (failure.error.kind) {
    case ErrorKind::kCancelled:
      return metrics.failure_dropped.Add();
    case ErrorKind::kOverloaded:
      metrics.rejected_total.Add(inputs);
      return metrics.failure_overloaded.Add();
    default:
      break;
  }
  switch (failure.where) {
    case FailedAt::kValidation:
      return metrics.failure_validation.Add();
    case FailedAt::kBatchSize:
      return metrics.failure_batch_size.Add();
    case FailedAt::kModelType:
      return metrics.failure_model_type.Add();
    case FailedAt::kTokenization:
      return metrics.failure_tokenization.Add();
    case FailedAt::kInference:
      return metrics.failure_inference.Add();
  }
}

}  // namespace embd
