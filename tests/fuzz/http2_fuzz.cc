// Frames of HTTP/2 to one connection after another, without a socket that carries them: whatever
// they are, the connection ends, all that it says is whole frames with headers that a client can
// read, and everything that it held of the server's memory comes back.
//
// The first byte says how: its lowest bit whether what follows is frames as they are, or parts of
// which whole frames are made (type, flags, stream, length, that much payload); the next whether
// the client reads on until its requests are answered; the others how much is taken at once.

#include <nghttp2/nghttp2.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "server/http/http2.h"
#include "server/http/server_state.h"
#include "stub_service.h"

namespace {

namespace http = embd::http;
using namespace std::chrono_literals;
using embd::fuzz::Require;
using http::Stream;

constexpr std::size_t kFrameHead = 9;

struct Plan {
  bool raw = false;
  bool patient = false;
  std::size_t piece = 1;  // bytes that are taken and given at once
};

// A client that has said all beforehand. It lives on the connection's thread, but for `over`.
class ScriptedStream final : public Stream {
 public:
  struct Script {
    std::string input;
    std::string output;
    std::atomic<bool> over{false};  // the client says no more
    bool cut = false;               // the last thing it was to read may not be whole
  };

  ScriptedStream(http::Socket socket, Script& script, const Plan& plan)
      : Stream(std::move(socket)), script_(script), plan_(plan), over_at_once_(!plan.patient) {}

  Moved Receive(char* to, std::size_t size) override {
    if (at_ < script_.input.size()) {
      const std::size_t part = std::min({size, plan_.piece, script_.input.size() - at_});
      std::memcpy(to, script_.input.data() + at_, part);
      at_ += part;
      return {Status::kDone, part};
    }
    return {over_at_once_ || script_.over ? Status::kEnd : Status::kWantsRead};
  }

  Moved Send(std::string_view first, std::string_view second) override {
    // Now and then the other side takes nothing.
    script_.cut = plan_.piece < 64 && ++sends_ % 5 == 0;
    if (script_.cut) return {Status::kWantsWrite};
    const std::string_view bytes = first.empty() ? second : first;
    const std::size_t part = std::min(bytes.size(), 16 * plan_.piece);
    script_.cut = part < bytes.size() + (first.empty() ? 0 : second.size());
    script_.output += bytes.substr(0, part);
    return {Status::kDone, part};
  }

 private:
  Script& script_;
  const Plan plan_;
  const bool over_at_once_;
  std::size_t at_ = 0;
  int sends_ = 0;
};

// What a connection is around its protocol.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(http::IoThread& thread, std::unique_ptr<Stream> stream)
      : wire_(thread, std::move(stream), http::LogAnswers::kNo) {}

  http::Awaitable<void> Run() {
    wire_.SetOwner(weak_from_this());
    wire_.state().http2_connections.fetch_add(1);
    http2_.emplace(wire_);
    co_await http2_->Run();
    wire_.ClearDeadline();
    wire_.Abort();
    http2_->Cancel();
  }

 private:
  http::Wire wire_;
  std::optional<http::Http2> http2_;
};

class Harness {
 public:
  // What the server says to `input`.
  std::string Converse(ScriptedStream::Script& script, const Plan& plan) {
    std::array<int, 2> pair{};
    Require(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair.data()) == 0);
    const auto ended = std::make_shared<std::promise<void>>();
    boost::asio::post(thread_.context(), [&, ended] {
      auto stream =
          std::make_unique<ScriptedStream>(http::TakeSocket(thread_, pair[1]), script, plan);
      auto session = std::make_shared<Session>(thread_, std::move(stream));
      http::Awaitable<void> run = session->Run();
      boost::asio::co_spawn(thread_.context(), std::move(run),
                            [ended, session](const std::exception_ptr& failed) mutable {
                              Require(failed == nullptr);
                              session.reset();
                              ended->set_value();
                            });
    });
    if (plan.patient) {
      WaitForAnswers();
      script.over = true;
      ::shutdown(pair[0], SHUT_WR);  // there is something to read: the end
    }
    ended->get_future().get();
    ::close(pair[0]);
    // A request whose client has gone ends in the service nevertheless, and the session with it.
    for (int i = 0; i < 10'000 && !IsIdle(); ++i) std::this_thread::sleep_for(1ms);
    Require(IsIdle());
    return std::move(script.output);
  }

 private:
  bool IsIdle() {
    Pass();
    return state_.http2_connections == 0 && state_.budget.used() == 0 && !state_.budget.contended();
  }

  // Waits until the connection's thread has done all that it was given.
  void Pass() {
    const auto passed = std::make_shared<std::promise<void>>();
    boost::asio::post(thread_.context(), [passed] { passed->set_value(); });
    passed->get_future().get();
  }

  static std::uint64_t Ended(const embd::Metrics& m) {
    return m.request_success_single.value() + m.request_success_batch.value() +
           m.failure_validation.value() + m.failure_batch_size.value() +
           m.failure_model_type.value() + m.failure_overloaded.value() +
           m.failure_tokenization.value() + m.failure_inference.value() + m.failure_dropped.value();
  }

  // All requests that were let in have ended, as far as they are counted.
  void WaitForAnswers() {
    const embd::Metrics& m = stub_.metrics();
    for (int i = 0; i < 1000; ++i) {
      Pass();
      if (m.request_count_single.value() + m.request_count_batch.value() <= Ended(m)) return;
      std::this_thread::yield();
    }
  }

  embd::fuzz::StubService stub_;
  http::ServerState state_{stub_.service(), stub_.log(), stub_.HttpOptions()};
  http::IoThread thread_{state_};
};

// Whole frames made of parts, so that most of what is tried is more than a wrong length.
std::string FramesOf(std::string_view parts) {
  std::string frames;
  while (parts.size() >= 4) {
    const std::size_t length =
        std::min<std::size_t>(static_cast<unsigned char>(parts[3]), parts.size() - 4);
    frames +=
        {'\0', '\0', static_cast<char>(length), parts[0], parts[1], '\0', '\0', '\0', parts[2]};
    frames += parts.substr(4, length);
    parts.remove_prefix(4 + length);
  }
  return frames;
}

struct InflaterFree {
  void operator()(nghttp2_hd_inflater* inflater) const { nghttp2_hd_inflate_del(inflater); }
};

// A list of headers as a client reads it: a status first, and never 500.
void CheckHeaders(nghttp2_hd_inflater* inflater, std::string_view block) {
  bool first = true;
  while (true) {
    nghttp2_nv field{};
    int flags = 0;
    const ssize_t used = nghttp2_hd_inflate_hd2(inflater, &field, &flags,
                                                reinterpret_cast<const std::uint8_t*>(block.data()),
                                                block.size(), /*in_final=*/1);
    Require(used >= 0);
    block.remove_prefix(static_cast<std::size_t>(used));
    if ((flags & NGHTTP2_HD_INFLATE_EMIT) != 0 && std::exchange(first, false)) {
      const std::string_view name(reinterpret_cast<const char*>(field.name), field.namelen);
      const std::string_view value(reinterpret_cast<const char*>(field.value), field.valuelen);
      Require(name == ":status" && value.size() == 3 && value != "500");
    }
    if ((flags & NGHTTP2_HD_INFLATE_FINAL) != 0) break;
  }
  Require(!first);
  nghttp2_hd_inflate_end_headers(inflater);
}

// Frames of RFC 9113, section 4.1, of a size that any client takes, settings first.
void CheckFrames(std::string_view frames, bool may_be_cut) {
  constexpr std::size_t kMost = 16384;
  nghttp2_hd_inflater* made = nullptr;
  Require(nghttp2_hd_inflate_new(&made) == 0);
  const std::unique_ptr<nghttp2_hd_inflater, InflaterFree> inflater(made);
  bool first = true;
  while (!frames.empty()) {
    if (may_be_cut && frames.size() < kFrameHead) return;
    Require(frames.size() >= kFrameHead);
    std::size_t length = 0;
    for (const char c : frames.substr(0, 3)) length = length << 8U | static_cast<unsigned char>(c);
    Require(length <= kMost);
    if (may_be_cut && frames.size() < kFrameHead + length) return;
    Require(frames.size() >= kFrameHead + length);
    Require(!std::exchange(first, false) || frames[3] == NGHTTP2_SETTINGS);
    // The answers of this server fit one frame and have no padding.
    if (frames[3] == NGHTTP2_HEADERS)
      CheckHeaders(inflater.get(), frames.substr(kFrameHead, length));
    frames.remove_prefix(kFrameHead + length);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Harness harness;
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data + 1),
                               std::min<std::size_t>(size - 1, 65536));
  const Plan plan = {.raw = (data[0] & 1U) != 0,
                     .patient = (data[0] & 2U) != 0,
                     .piece = data[0] < 4 ? 65536 : std::size_t{data[0]}};
  ScriptedStream::Script script;
  script.input = std::string(http::kHttp2Preface) + std::string("\0\0\0\4\0\0\0\0\0", kFrameHead);
  script.input += plan.raw ? std::string(bytes) : FramesOf(bytes);
  const std::string said = harness.Converse(script, plan);
  CheckFrames(said, script.cut);
  return 0;
}
