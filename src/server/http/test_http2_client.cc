#include "server/http/test_http2_client.h"

#include <gtest/gtest.h>
#include <nghttp2/nghttp2.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>

namespace embd::http::testing {
namespace {

std::string Text(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

nghttp2_nv Field(const std::string& name, const std::string& value) {
  // nghttp2 takes its arguments without const and copies them.
  return {reinterpret_cast<std::uint8_t*>(const_cast<char*>(name.data())),   // NOLINT
          reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data())),  // NOLINT
          name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
}

}  // namespace

struct Http2ClientCallbacks {
  static Http2Client& Self(void* user) { return *static_cast<Http2Client*>(user); }

  static int OnHeader(nghttp2_session* /*session*/, const nghttp2_frame* frame,
                      const std::uint8_t* name, std::size_t name_size, const std::uint8_t* value,
                      std::size_t value_size, std::uint8_t /*flags*/, void* user) {
    Http2Client::Stream& stream = Self(user).streams_[frame->hd.stream_id];
    const std::string key = Text(name, name_size);
    if (key != ":status") {
      stream.headers[key] = Text(value, value_size);
      return 0;
    }
    const int status = std::stoi(Text(value, value_size));
    if (status < 200) {
      stream.interim.push_back(status);
    } else {
      stream.status = status;
    }
    return 0;
  }

  static int OnData(nghttp2_session* /*session*/, std::uint8_t /*flags*/, std::int32_t id,
                    const std::uint8_t* data, std::size_t size, void* user) {
    Self(user).streams_[id].body += Text(data, size);
    return 0;
  }

  static int OnFrame(nghttp2_session* /*session*/, const nghttp2_frame* frame, void* user) {
    Http2Client& self = Self(user);
    if (frame->hd.type == NGHTTP2_GOAWAY) self.goodbye_ = frame->goaway.error_code;
    const bool answer = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
    if (answer && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) {
      self.streams_[frame->hd.stream_id].ended = true;
    }
    return 0;
  }

  static int OnClose(nghttp2_session* /*session*/, std::int32_t id, std::uint32_t error,
                     void* user) {
    Http2Client::Stream& stream = Self(user).streams_[id];
    if (!stream.ended) stream.reset = error;
    return 0;
  }

  static ssize_t ReadBody(nghttp2_session* /*session*/, std::int32_t id, std::uint8_t* to,
                          std::size_t size, std::uint32_t* flags, nghttp2_data_source* source,
                          void* /*user*/) {
    Http2Client::Stream& stream = static_cast<Http2Client*>(source->ptr)->streams_[id];
    if (stream.to_send.empty() && stream.more_to_come) return NGHTTP2_ERR_DEFERRED;
    const std::size_t part = std::min(size, stream.to_send.size());
    std::copy_n(stream.to_send.data(), part, to);
    stream.to_send.erase(0, part);
    if (stream.to_send.empty() && !stream.more_to_come) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return static_cast<ssize_t>(part);
  }
};

Http2Client::Http2Client(Client client, const Http2ClientOptions& options)
    : client_(std::move(client)) {
  nghttp2_session_callbacks* callbacks = nullptr;
  nghttp2_session_callbacks_new(&callbacks);
  nghttp2_session_callbacks_set_on_header_callback(callbacks, Http2ClientCallbacks::OnHeader);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks,
                                                            Http2ClientCallbacks::OnData);
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, Http2ClientCallbacks::OnFrame);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, Http2ClientCallbacks::OnClose);
  nghttp2_option* option = nullptr;
  nghttp2_option_new(&option);
  // What it takes for the limit until the server's settings come.
  nghttp2_option_set_peer_max_concurrent_streams(option, options.knows_limit ? 100 : 10'000);
  nghttp2_session_client_new2(&session_, callbacks, this, option);
  nghttp2_option_del(option);
  nghttp2_session_callbacks_del(callbacks);
  const nghttp2_settings_entry window = {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, options.window};
  nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, &window, 1);
}

Http2Client::~Http2Client() { nghttp2_session_del(session_); }

std::int32_t Http2Client::Submit(const char* method, const std::string& path,
                                 const Headers& headers, bool body) {
  const Headers pseudo = {
      {":method", method}, {":scheme", "http"}, {":authority", "test"}, {":path", path}};
  std::vector<nghttp2_nv> fields;
  for (const auto& [name, value] : pseudo) fields.push_back(Field(name, value));
  for (const auto& [name, value] : headers) fields.push_back(Field(name, value));
  nghttp2_data_provider provider{};
  provider.source.ptr = this;
  provider.read_callback = Http2ClientCallbacks::ReadBody;
  const std::int32_t id = nghttp2_submit_request(session_, nullptr, fields.data(), fields.size(),
                                                 body ? &provider : nullptr, nullptr);
  EXPECT_GT(id, 0);
  streams_[id].more_to_come = body;
  return id;
}

std::int32_t Http2Client::Get(const std::string& path, const Headers& headers) {
  return Submit("GET", path, headers, /*body=*/false);
}

std::int32_t Http2Client::Begin(const std::string& path, const Headers& headers) {
  Headers all = {{"content-type", "application/json"}};
  all.insert(all.end(), headers.begin(), headers.end());
  return Submit("POST", path, all, /*body=*/true);
}

std::int32_t Http2Client::Post(const std::string& path, std::string_view body,
                               const Headers& headers) {
  const std::int32_t id = Begin(path, headers);
  SendBody(id, body, /*last=*/true);
  return id;
}

void Http2Client::SendBody(std::int32_t stream, std::string_view part, bool last) {
  streams_[stream].to_send += part;
  streams_[stream].more_to_come = !last;
  nghttp2_session_resume_data(session_, stream);
}

// A request that has not been sent would only be forgotten.
void Http2Client::Reset(std::int32_t stream) {
  SendAll();
  nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, stream, NGHTTP2_CANCEL);
  SendAll();
}

void Http2Client::SendAll() {
  const std::uint8_t* frames = nullptr;
  while (true) {
    const ssize_t size = nghttp2_session_mem_send(session_, &frames);
    ASSERT_GE(size, 0);
    if (size == 0) return;
    client_.Send({reinterpret_cast<const char*>(frames), static_cast<std::size_t>(size)});
  }
}

bool Http2Client::Receive(int patience_ms) {
  pollfd state = {client_.socket(), POLLIN, 0};
  if (at_end_ || ::poll(&state, 1, patience_ms) <= 0) return false;
  std::array<std::uint8_t, 65536> part{};
  const ssize_t got = ::recv(client_.socket(), part.data(), part.size(), 0);
  at_end_ = got <= 0;
  if (at_end_) return false;
  EXPECT_EQ(nghttp2_session_mem_recv(session_, part.data(), static_cast<std::size_t>(got)), got);
  return true;
}

void Http2Client::Pump() {
  SendAll();
  while (Receive(0)) SendAll();
}

bool Http2Client::Move() {
  SendAll();
  if (Receive(kPatienceMs)) return true;
  EXPECT_TRUE(at_end_) << "the server says nothing";
  return false;
}

const Http2Client::Stream& Http2Client::Wait(std::int32_t stream) {
  const Stream& waited = streams_[stream];
  EXPECT_TRUE(Until([&] { return waited.ended || waited.reset; })) << "it ended before";
  return waited;
}

void Http2Client::WaitForEnd() {
  Until([this] { return at_end_; });
}

}  // namespace embd::http::testing
