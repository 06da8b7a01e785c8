#include "server/http/http2.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>
#include <vector>

namespace embd::http {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t kMostInput = 32768;
constexpr std::size_t kOutputAtOnce = 16384;
// After so many pieces of input, others have their turn.
constexpr int kReadsInARow = 16;
// So long may a connection be without requests before it is sent away.
constexpr std::chrono::minutes kIdle{10};

// SETTINGS without entries, and GOAWAY with ENHANCE_YOUR_CALM: no stream was looked at.
constexpr std::string_view kNotNow(
    "\0\0\0\4\0\0\0\0\0"
    "\0\0\10\7\0\0\0\0\0\0\0\0\0\0\0\0\13",
    9 + 9 + 8);

}  // namespace

Http2::Http2(Wire& wire) : wire_(wire), state_(wire.state()), session_lease_(wire.state().budget) {
  // Without waiting for room: a probe for health must be answered on a full server, too.
  session_lease_.Charge(kHttp2ConnectionBytes);
  MakeSession();
}

Http2::~Http2() {
  nghttp2_session_del(session_);
  state_.http2_connections.fetch_sub(1, std::memory_order_relaxed);
}

Awaitable<void> Http2::TurnAway(Wire& wire) {
  const bool sent = co_await wire.Send(kNotNow, {});
  if (sent) co_await wire.Linger();
}

Awaitable<void> Http2::Run() {
  SubmitSettings();
  idle_since_ = steady_clock::now();
  if (wire_.thread().draining()) Leave();
  bool going = Feed();
  while (going && !wire_.aborted()) {
    going = Receive();
    if (leaving_) SayGoodbye();
    going = going && Send() && !Finished();
    if (!going) break;
    WatchTime();
    co_await wire_.wake().Wait();
    wire_.wake().Reset();
  }
  Send();  // what there is to say about a broken protocol
  const bool whole = !wire_.aborted() && output_.empty();
  if (whole && !broken_) co_await wire_.Linger();
  wire_.Abort();
  Cancel();
  while (!exchanges_.empty()) {
    wire_.wake().Reset();
    co_await wire_.wake().Wait();
  }
}

// A client that will send no more can open no windows: it is gone, RFC 9113 knows nothing between.
bool Http2::Receive() {
  ByteQueue& input = wire_.input();
  for (int i = 0; i < kReadsInARow; ++i) {
    wire_.MakeRoom();
    const Stream::Moved got = wire_.stream().Receive(input.free_begin(), input.free_size());
    if (got.status == Stream::Status::kEnd || got.status == Stream::Status::kBroken) {
      broken_ = true;
      return false;
    }
    if (got.status != Stream::Status::kDone) {
      Arm(InterestOf(got.status));
      wire_.KeepOnlyInput();
      return true;
    }
    const bool full = got.bytes == input.free_size();
    input.Commit(got.bytes);
    wire_.Progress();
    if (!Feed()) return false;
    const std::size_t larger = std::min(2 * input.capacity(), kMostInput);
    if (full && larger > input.capacity() && wire_.lease().TryGrow(larger - input.capacity())) {
      input.Reserve(larger);
    }
  }
  asio::post(wire_.thread().context(), [this, alive = wire_.alive()] { Wake(); });
  return true;
}

bool Http2::Feed() {
  ByteQueue& input = wire_.input();
  if (input.empty()) return true;
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast)
  const auto* const bytes = reinterpret_cast<const std::uint8_t*>(input.view().data());
  const ssize_t used = nghttp2_session_mem_recv(session_, bytes, input.size());
  input.Consume(input.size());
  broken_ = used < 0;  // a flood, or words that are no frames
  return !broken_;
}

// The next frames, copied: nghttp2 makes one at a time.
bool Http2::CollectOutput() {
  output_.clear();
  sent_ = 0;
  while (output_.size() < kOutputAtOnce) {
    const std::uint8_t* frame = nullptr;
    const ssize_t size = nghttp2_session_mem_send(session_, &frame);
    if (size < 0) return false;
    if (size == 0) break;
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast)
    output_.append(reinterpret_cast<const char*>(frame), static_cast<std::size_t>(size));
  }
  return true;
}

bool Http2::Send() {
  while (!wire_.aborted()) {
    if (sent_ == output_.size() && !CollectOutput()) return false;
    if (output_.empty()) {
      output_ = std::string();
      return true;
    }
    const Stream::Moved moved =
        wire_.stream().Send(std::string_view(output_).substr(sent_), std::string_view());
    switch (moved.status) {
      case Stream::Status::kDone:
        sent_ += moved.bytes;
        wire_.Progress();
        break;
      case Stream::Status::kWantsRead:
      case Stream::Status::kWantsWrite:
        Arm(InterestOf(moved.status));
        return true;
      case Stream::Status::kEnd:
      case Stream::Status::kBroken:
        return false;
    }
  }
  return false;
}

void Http2::Arm(Interest interest) {
  if (interest == Interest::kRead) return wire_.WatchInput([this] { Wake(); });
  if (writing_armed_) return;
  writing_armed_ = true;
  wire_.stream().socket().async_wait(Socket::wait_write,
                                     [this, alive = wire_.alive()](error_code /*ec*/) {
                                       writing_armed_ = false;
                                       Wake();
                                     });
}

bool Http2::Finished() const {
  const bool open =
      nghttp2_session_want_read(session_) != 0 || nghttp2_session_want_write(session_) != 0;
  return !open && output_.empty();
}

// Output that the client does not take and doing nothing have their limits. Each exchange watches
// its own.
void Http2::WatchTime() {
  if (!output_.empty()) return wire_.KeepDeadline(state_.options.io_timeout);
  if (exchanges_.empty()) return wire_.SetDeadline(kIdle);
  wire_.ClearDeadline();
}

bool Http2::Overdue(Wire::TimePoint now, bool contended) {
  std::vector<std::int32_t> late;
  for (const auto& [stream, exchange] : exchanges_) {
    if (exchange->Overdue(now, contended)) late.push_back(stream);
  }
  for (const std::int32_t stream : late) {
    nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, stream, NGHTTP2_CANCEL);
  }
  if (!late.empty()) Wake();
  if (!exchanges_.empty() || !output_.empty())
    return wire_.Overdue(now, contended && !output_.empty());
  // Where connections or buffers are short, those that do nothing make room.
  const bool short_of = contended || state_.http2_connections.load(std::memory_order_relaxed) >=
                                         state_.options.max_http2_connections;
  const bool idle_too_long = short_of && now - idle_since_ > state_.options.contended_timeout;
  if (idle_too_long) Leave();
  return wire_.Overdue(now, false);
}

void Http2::Leave() {
  if (leaving_) return;
  leaving_ = true;
  wire_.ClearDeadline();
  Wake();
}

// What had arrived when the end began is answered, later streams are refused (and may be tried
// elsewhere), and the last word comes after the last answer: there are clients that take nothing
// after a GOAWAY, though an early one is what RFC 9113 has in mind.
void Http2::SayGoodbye() {
  refusing_ = true;
  if (said_goodbye_ || !exchanges_.empty()) return;
  said_goodbye_ = true;
  nghttp2_submit_goaway(session_, NGHTTP2_FLAG_NONE,
                        nghttp2_session_get_last_proc_stream_id(session_), NGHTTP2_NO_ERROR,
                        nullptr, 0);
}

void Http2::Drain() { Leave(); }

void Http2::Cancel() {
  std::vector<std::int32_t> streams;
  for (const auto& [stream, exchange] : exchanges_) streams.push_back(stream);
  for (const std::int32_t stream : streams) Closed(stream);
}

Http2Exchange* Http2::Find(std::int32_t stream) {
  const auto place = exchanges_.find(stream);
  return place == exchanges_.end() ? nullptr : place->second.get();
}

Http2Exchange* Http2::Begin(std::int32_t stream) {
  if (refusing_ || exchanges_.size() >= kMaxStreams) return nullptr;
  return exchanges_.emplace(stream, std::make_unique<Http2Exchange>(*this, stream))
      .first->second.get();
}

bool Http2::AnyStalled() const {
  return std::any_of(exchanges_.begin(), exchanges_.end(),
                     [](const auto& entry) { return entry.second->stalled(); });
}

void Http2::Closed(std::int32_t stream) {
  Http2Exchange* const exchange = Find(stream);
  if (exchange == nullptr) return;
  exchange->OnClosed();
  RemoveIfDone(stream);
}

void Http2::RemoveIfDone(std::int32_t stream) {
  const Http2Exchange* const exchange = Find(stream);
  if (exchange == nullptr || !exchange->done()) return;
  exchanges_.erase(stream);
  if (exchanges_.empty()) idle_since_ = steady_clock::now();
  Wake();
}

}  // namespace embd::http
