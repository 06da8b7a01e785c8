#include "server/http/http2_exchange.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <charconv>
#include <cstring>
#include <vector>

#include "server/http/http2.h"
#include "server/http/replies.h"
#include "server/http/request_head.h"
#include "server/http/request_id.h"
#include "server/http/response_head.h"

namespace embd::http {
namespace {

using std::chrono::steady_clock;

// Kept without asking.
constexpr std::size_t kSmallHeader = 256;
// As RFC 9113 counts the size of a list of headers.
constexpr std::size_t kHeaderOverhead = 32;

// nghttp2 takes its arguments without const and copies them.
nghttp2_nv Field(std::string_view name, std::string_view value) {
  // NOLINTBEGIN(cppcoreguidelines-pro-type-const-cast,cppcoreguidelines-pro-type-reinterpret-cast)
  return {reinterpret_cast<std::uint8_t*>(const_cast<char*>(name.data())),
          reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data())), name.size(),
          value.size(), NGHTTP2_NV_FLAG_NONE};
  // NOLINTEND(cppcoreguidelines-pro-type-const-cast,cppcoreguidelines-pro-type-reinterpret-cast)
}

ssize_t ReadBody(nghttp2_session* /*session*/, std::int32_t /*stream*/, std::uint8_t* to,
                 std::size_t size, std::uint32_t* flags, nghttp2_data_source* source,
                 void* /*user*/) {
  auto* const exchange = static_cast<Http2Exchange*>(source->ptr);
  bool last = false;
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast)
  const std::size_t read = exchange->ReadAnswer(reinterpret_cast<char*>(to), size, last);
  if (last) *flags |= NGHTTP2_DATA_FLAG_EOF;
  return static_cast<ssize_t>(read);
}

}  // namespace

Http2Exchange::Http2Exchange(Http2& connection, std::int32_t stream)
    : connection_(connection),
      state_(connection.state_),
      stream_(stream),
      begin_(steady_clock::now()),
      lease_(state_.budget),
      call_(connection.wire_.thread(), [this] { OnAnswered(); }) {
  lease_.Charge(kHttp2StreamBytes);
  SetDeadline();
}

Http2Exchange::~Http2Exchange() { ClearDeadline(); }

void Http2Exchange::KeepHeader(std::string& field, std::string_view value) {
  if (!field.empty()) return;
  if (value.size() > kSmallHeader && !lease_.TryGrow(value.size())) {
    memory_short_ = true;
    return;
  }
  field = value;
}

// Names are in lower case and values without line ends: nghttp2 has seen to it.
bool Http2Exchange::OnHeader(std::string_view name, std::string_view value) {
  header_bytes_ += name.size() + value.size() + kHeaderOverhead;
  if (!name.starts_with(':')) ++headers_;
  if (header_bytes_ > kMaxHeadBytes || headers_ > kMaxHeaders) return true;  // refused at its end
  if (name == ":method") {
    KeepHeader(request_.method, value);
  } else if (name == ":path") {
    KeepHeader(request_.path, PathOf(value));
  } else if (name == "content-type") {
    KeepHeader(request_.content_type, value);
  } else if (name == "authorization") {
    KeepHeader(request_.authorization, value);
  } else if (name == "origin") {
    KeepHeader(request_.origin, value);
  } else if (name == "x-request-id") {
    KeepHeader(request_.request_id, value);
  } else if (name == "expect") {
    expects_continue_ = value == "100-continue";
  } else if (name == "content-length") {
    std::from_chars(value.data(), value.data() + value.size(), content_length_);
  }
  return !memory_short_;
}

void Http2Exchange::OnHeadEnd() {
  if (header_bytes_ > kMaxHeadBytes || headers_ > kMaxHeaders) {
    body_use_ = BodyUse::kDiscard;
    answered_ = true;
    response_ = EmptyReply(431);
    response_.headers = {{"x-request-id", MakeRequestId()}};
    return Submit(response_);
  }
  if (!IsUsableRequestId(request_.request_id)) request_.request_id = MakeRequestId();
  decision_ = state_.router.Decide(request_);
  body_use_ = TakesBody(decision_) ? BodyUse::kKeep : BodyUse::kDiscard;
  if (decision_.answer) return Answer(*std::move(decision_.answer));
  if (body_use_ == BodyUse::kDiscard) return Compute();
  if (content_length_ > state_.options.payload_limit) {
    body_use_ = BodyUse::kDiscard;
    return Answer(BodyTooLarge());
  }
  if (expects_continue_) {
    const nghttp2_nv status = Field(":status", "100");
    nghttp2_submit_headers(connection_.session_, NGHTTP2_FLAG_NONE, stream_, nullptr, &status, 1,
                           nullptr);
  }
}

void Http2Exchange::OnData(std::string_view data) {
  progress_ = steady_clock::now();
  if (body_use_ == BodyUse::kKeep &&
      request_.body.size() + data.size() > state_.options.payload_limit) {
    body_use_ = BodyUse::kDiscard;
    request_.body = std::string();
    Consume(unacknowledged_);
    Answer(BodyTooLarge());
  }
  unacknowledged_ += data.size();
  if (body_use_ == BodyUse::kDiscard) return Consume(unacknowledged_);
  Store(data);
}

// What has come must be kept: without a share of the budget for it, the client is let send nothing
// more on this stream until there is one. So no connection has more than a window's worth of bytes
// beyond the budget. Only one stream may wait so: the bytes of several would fill the connection's
// window, and those who hold the budget could not send what it takes to be done.
void Http2Exchange::Store(std::string_view data) {
  std::string& body = request_.body;
  const std::size_t needed = body.size() + data.size();
  if (needed > body.capacity()) {
    const auto announced = static_cast<std::size_t>(
        std::min<std::uint64_t>(content_length_, std::max(kFirstBody, 2 * body.capacity())));
    const std::size_t wanted = std::min(std::max({needed, announced, 2 * body.capacity()}),
                                        std::max(needed, state_.options.payload_limit));
    const std::size_t more = wanted - body.capacity();
    if (!asked_ && lease_.TryGrow(more)) {
      body.reserve(wanted);
    } else if (!asked_ && connection_.AnyStalled()) {
      return TurnAway();
    } else {
      lease_.Charge(needed - body.capacity());
      body.reserve(needed);
      if (!asked_) AskBudget(kFirstBody);
    }
  }
  body.append(data);
  if (!asked_) Consume(unacknowledged_);
}

void Http2Exchange::TurnAway() {
  body_use_ = BodyUse::kDiscard;
  request_.body = std::string();
  Consume(unacknowledged_);
  // How many inputs the body would have had is not known: one at least.
  Answer(ErrorReply(state_.service.RefuseOverloaded(1), steady_clock::now() - begin_,
                    decision_.route->operation.errors));
}

void Http2Exchange::AskBudget(std::size_t bytes) {
  ClearDeadline();  // waiting is not the client's fault
  asked_ = true;
  waiter_.lease = &lease_;
  waiter_.bytes = bytes;
  waiter_.granted = [this] {
    asio::post(connection_.wire_.thread().context(),
               [this, alive = connection_.wire_.alive()] { Granted(); });
  };
  state_.budget.Wait(waiter_);
}

void Http2Exchange::Granted() {
  asked_ = false;
  if (closed_) return connection_.RemoveIfDone(stream_);
  if (request_ended_) return;
  SetDeadline();
  // What was asked for pays for what came meanwhile; more is asked for when more comes.
  Consume(unacknowledged_);
  connection_.Wake();
}

void Http2Exchange::Consume(std::size_t bytes) {
  if (bytes == 0) return;
  unacknowledged_ -= bytes;
  if (closed_) {
    nghttp2_session_consume_connection(connection_.session_, bytes);
  } else {
    nghttp2_session_consume(connection_.session_, stream_, bytes);
  }
}

void Http2Exchange::OnEnd() {
  request_ended_ = true;
  if (body_use_ == BodyUse::kKeep) Compute();
}

void Http2Exchange::Compute() {
  if (asked_ && state_.budget.Forget(waiter_)) asked_ = false;
  Consume(unacknowledged_);
  ClearDeadline();
  if (!call_.Start(*decision_.route, request_, begin_)) Answer(call_.Take());
}

void Http2Exchange::OnAnswered() {
  Http2& connection = connection_;
  if (closed_) {
    connection.RemoveIfDone(stream_);  // `this` is gone from here on
  } else {
    Answer(call_.Take());
  }
  connection.Wake();
}

void Http2Exchange::Answer(Response response) {
  answered_ = true;
  AddCommonHeaders(state_, request_, response);
  if (connection_.wire_.log_answers() == LogAnswers::kYes) {
    LogAnswer(state_, response, request_);
  }
  response_ = std::move(response);
  if (request_.method == "HEAD") {
    Submit(response_);
    response_.body = std::string();
  } else {
    // The request's texts are gone; what is left is the answer.
    lease_.Clear();
    lease_.Charge(kHttp2StreamBytes + response_.body.capacity());
    Submit(response_);
  }
  SetDeadline();
}

void Http2Exchange::Submit(const Response& response) {
  const std::string status = std::to_string(response.status);
  const std::string length = std::to_string(response.body.size());
  std::vector<nghttp2_nv> fields;
  fields.reserve(response.headers.size() + 4);
  fields.push_back(Field(":status", status));
  if (!response.content_type.empty()) {
    fields.push_back(Field("content-type", response.content_type));
  }
  for (const auto& [name, value] : response.headers) fields.push_back(Field(name, value));
  fields.push_back(Field("content-length", length));
  fields.push_back(Field("date", HttpDate()));
  nghttp2_data_provider body{};
  body.source.ptr = this;
  body.read_callback = ReadBody;
  const bool has_body = !response.body.empty() && request_.method != "HEAD";
  const int failed = nghttp2_submit_response(connection_.session_, stream_, fields.data(),
                                             fields.size(), has_body ? &body : nullptr);
  if (failed != 0) connection_.wire_.Abort();
}

std::size_t Http2Exchange::ReadAnswer(char* to, std::size_t size, bool& last) {
  const std::size_t part = std::min(size, response_.body.size() - read_);
  std::memcpy(to, response_.body.data() + read_, part);
  read_ += part;
  last = read_ == response_.body.size();
  progress_ = steady_clock::now();
  return part;
}

void Http2Exchange::OnClosed() {
  closed_ = true;
  ClearDeadline();
  Consume(unacknowledged_);
  call_.Cancel();
  if (asked_ && state_.budget.Forget(waiter_)) asked_ = false;
}

void Http2Exchange::SetDeadline() {
  progress_ = steady_clock::now();
  if (deadline_ == TimePoint::max()) connection_.wire_.thread().DeadlineSet();
  deadline_ = progress_ + state_.options.io_timeout;
}

void Http2Exchange::ClearDeadline() {
  if (deadline_ != TimePoint::max()) connection_.wire_.thread().DeadlineCleared();
  deadline_ = TimePoint::max();
}

bool Http2Exchange::Overdue(TimePoint now, bool contended) const {
  if (deadline_ == TimePoint::max()) return false;
  if (now >= deadline_) return true;
  return contended && now - progress_ > state_.options.contended_timeout;
}

}  // namespace embd::http
