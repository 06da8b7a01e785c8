#include "service/tokenize.h"

#include <exception>
#include <utility>
#include <vector>

#include "engine/job.h"
#include "service/input_encoder.h"
#include "service/input_tally.h"

namespace embd {
namespace {

// Deals with the inputs one by one and answers with the last.
template <typename Response>
class TokenizerCall : public InputWork {
 public:
  using Done = std::function<void(Result<Response>)>;

  TokenizerCall(std::size_t inputs, TokenizerWork work, Done done)
      : in_flight_(work.in_flight),
        cancellation_(work.cancellation),
        place_(std::move(work.place)),
        metrics_(work.metrics),
        tally_(inputs),
        held_(work.answers),
        done_(std::move(done)) {}

  void Process(std::size_t input, InputEncoder& encoder) noexcept final {
    if (cancellation_.cancelled()) {
      metrics_.cancelled_total.Add();
      return Fail(input, CancelledError());
    }
    Result<void> done;
    try {
      if (!tally_.Needless(input)) done = DealWith(input, encoder);
    } catch (const std::exception& exception) {
      done = Error{.kind = ErrorKind::kTokenizer,
                   .message = std::string("tokenizer error ") + exception.what()};
    }
    if (!done) return Fail(input, std::move(done).error());
    if (tally_.End()) Finish();
  }

  void Drop(std::size_t input) noexcept final { Fail(input, CancelledError()); }

 protected:
  virtual Result<void> DealWith(std::size_t input, InputEncoder& encoder) = 0;
  virtual Response TakeResponse() = 0;

  // What the answer holds of the budget.
  AnswerBudget::Lease& held() { return held_; }

 private:
  void Fail(std::size_t input, Error error) noexcept {
    if (tally_.EndFailed(input, {.where = FailedAt::kTokenization, .error = std::move(error)})) {
      Finish();
    }
  }

  void Finish() noexcept {
    Failure* const failure = tally_.first_failure();
    if (failure != nullptr) CountFailure(metrics_, *failure, tally_.inputs());
    // Before the answer: whoever has it may send the next request at once.
    place_ = Permits::Lease();
    held_.GiveBack();
    try {
      std::exchange(done_, nullptr)(failure != nullptr ? Result<Response>(std::move(failure->error))
                                                       : Result<Response>(TakeResponse()));
    } catch (...) {
      // It was told not to throw; there is nobody else to tell.
    }
  }

  const InFlight::Guard in_flight_;  // first, so that it ends last
  const Cancellation cancellation_;
  Permits::Lease place_;
  Metrics& metrics_;
  InputTally tally_;
  AnswerBudget::Lease held_;
  Done done_;
};

class TokenizeCall final : public TokenizerCall<TokenizeResponse> {
 public:
  TokenizeCall(TokenizeRequest request, const std::string* prompt, TokenizerWork work, Done done)
      : TokenizerCall(request.inputs.size(), std::move(work), std::move(done)),
        texts_(std::move(request.inputs)),
        options_{.prompt = prompt, .add_special_tokens = request.add_special_tokens} {
    response_.tokens.resize(texts_.size());
  }

 private:
  Result<void> DealWith(std::size_t input, InputEncoder& encoder) override {
    Result<std::vector<SimpleToken>> tokens = encoder.Tokens(std::move(texts_[input]), options_);
    if (!tokens) return std::move(tokens).error();
    Result<void> reserved = held().Reserve(tokens->size() * sizeof(SimpleToken));
    if (reserved) response_.tokens[input] = *std::move(tokens);
    return reserved;
  }
  TokenizeResponse TakeResponse() override { return std::move(response_); }

  std::vector<std::string> texts_;
  const TokenOptions options_;
  TokenizeResponse response_;
};

class DecodeCall final : public TokenizerCall<DecodeResponse> {
 public:
  DecodeCall(DecodeRequest request, TokenizerWork work, Done done)
      : TokenizerCall(request.ids.size(), std::move(work), std::move(done)),
        request_(std::move(request)) {
    response_.texts.resize(request_.ids.size());
  }

 private:
  Result<void> DealWith(std::size_t input, InputEncoder& encoder) override {
    Result<std::string> text = encoder.Decode(request_.ids[input], request_.skip_special_tokens);
    if (!text) return std::move(text).error();
    Result<void> reserved = held().Reserve(text->size());
    if (reserved) response_.texts[input] = *std::move(text);
    return reserved;
  }
  DecodeResponse TakeResponse() override { return std::move(response_); }

  const DecodeRequest request_;
  DecodeResponse response_;
};

}  // namespace

std::shared_ptr<InputWork> MakeTokenize(TokenizeRequest request, const std::string* prompt,
                                        TokenizerWork work,
                                        std::function<void(Result<TokenizeResponse>)> done) {
  return std::make_shared<TokenizeCall>(std::move(request), prompt, std::move(work),
                                        std::move(done));
}

std::shared_ptr<InputWork> MakeDecode(DecodeRequest request, TokenizerWork work,
                                      std::function<void(Result<DecodeResponse>)> done) {
  return std::make_shared<DecodeCall>(std::move(request), std::move(work), std::move(done));
}

}  // namespace embd
