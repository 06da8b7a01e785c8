#include <nghttp2/nghttp2.h>

#include <array>
#include <memory>
#include <new>
#include <string_view>

#include "server/http/http2.h"
#include "server/http/request_head.h"

// What nghttp2 is told to allow, and what it tells.

namespace embd::http {
namespace {

// Answers to PING and SETTINGS that may wait to be sent: who asks for more without reading is cut.
constexpr std::size_t kMaxUnsentAcks = 256;
constexpr std::size_t kMaxSettings = 32;       // entries in one SETTINGS frame
constexpr std::size_t kMaxContinuations = 16;  // frames that go on with one list of headers
// Streams that a client may reset: so many at once, and so many a second for ever.
constexpr std::uint64_t kResetBurst = 1000;
constexpr std::uint64_t kResetsPerSecond = 100;
constexpr std::size_t kHeaderTable = 4096;

struct OptionFree {
  void operator()(nghttp2_option* option) const { nghttp2_option_del(option); }
};
struct CallbacksFree {
  void operator()(nghttp2_session_callbacks* callbacks) const {
    nghttp2_session_callbacks_del(callbacks);
  }
};

Http2& Self(void* user) { return *static_cast<Http2*>(user); }

std::string_view Text(const std::uint8_t* data, std::size_t size) {
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast)
  return {reinterpret_cast<const char*>(data), size};
}

}  // namespace

struct Http2Callbacks {
  static bool IsRequest(const nghttp2_frame* frame) {
    return frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST;
  }

  static int OnBeginHeaders(nghttp2_session* session, const nghttp2_frame* frame, void* user) {
    if (!IsRequest(frame)) return 0;
    const std::int32_t stream = frame->hd.stream_id;
    try {
      if (Self(user).Begin(stream) != nullptr) return 0;
    } catch (const std::bad_alloc&) {
      return NGHTTP2_ERR_CALLBACK_FAILURE;
    }
    nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, stream, NGHTTP2_REFUSED_STREAM);
    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  }

  static int OnHeader(nghttp2_session* session, const nghttp2_frame* frame,
                      const std::uint8_t* name, std::size_t name_size, const std::uint8_t* value,
                      std::size_t value_size, std::uint8_t /*flags*/, void* user) {
    Http2Exchange* const exchange = Self(user).Find(frame->hd.stream_id);
    if (!IsRequest(frame) || exchange == nullptr) return 0;
    if (exchange->OnHeader(Text(name, name_size), Text(value, value_size))) return 0;
    nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, frame->hd.stream_id,
                              NGHTTP2_REFUSED_STREAM);
    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  }

  static int OnFrame(nghttp2_session* /*session*/, const nghttp2_frame* frame, void* user) {
    if (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA) return 0;
    Http2Exchange* const exchange = Self(user).Find(frame->hd.stream_id);
    if (exchange == nullptr) return 0;
    if (IsRequest(frame)) exchange->OnHeadEnd();
    if ((frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) exchange->OnEnd();
    return 0;
  }

  static int OnData(nghttp2_session* session, std::uint8_t /*flags*/, std::int32_t stream,
                    const std::uint8_t* data, std::size_t size, void* user) {
    Http2Exchange* const exchange = Self(user).Find(stream);
    if (exchange == nullptr) {
      nghttp2_session_consume(session, stream, size);
    } else {
      exchange->OnData(Text(data, size));
    }
    return 0;
  }

  // An answer that does not need the rest of the request ends the stream both ways.
  static int OnFrameSent(nghttp2_session* session, const nghttp2_frame* frame, void* user) {
    const bool answer = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
    if (!answer || (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0) return 0;
    const Http2Exchange* const exchange = Self(user).Find(frame->hd.stream_id);
    if (exchange != nullptr && !exchange->request_ended()) {
      nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, frame->hd.stream_id, NGHTTP2_NO_ERROR);
    }
    return 0;
  }

  static int OnClose(nghttp2_session* /*session*/, std::int32_t stream, std::uint32_t /*error*/,
                     void* user) {
    Self(user).Closed(stream);
    return 0;
  }
};

void Http2::MakeSession() {
  nghttp2_option* new_option = nullptr;
  nghttp2_session_callbacks* new_callbacks = nullptr;
  if (nghttp2_option_new(&new_option) != 0) throw std::bad_alloc();
  const std::unique_ptr<nghttp2_option, OptionFree> option(new_option);
  if (nghttp2_session_callbacks_new(&new_callbacks) != 0) throw std::bad_alloc();
  const std::unique_ptr<nghttp2_session_callbacks, CallbacksFree> callbacks(new_callbacks);

  nghttp2_option_set_no_auto_window_update(option.get(), 1);
  nghttp2_option_set_no_closed_streams(option.get(), 1);
  nghttp2_option_set_max_deflate_dynamic_table_size(option.get(), kHeaderTable);
  nghttp2_option_set_max_outbound_ack(option.get(), kMaxUnsentAcks);
  nghttp2_option_set_max_settings(option.get(), kMaxSettings);
  nghttp2_option_set_max_continuations(option.get(), kMaxContinuations);
  nghttp2_option_set_stream_reset_rate_limit(option.get(), kResetBurst, kResetsPerSecond);

  nghttp2_session_callbacks* const to = callbacks.get();
  nghttp2_session_callbacks_set_on_begin_headers_callback(to, Http2Callbacks::OnBeginHeaders);
  nghttp2_session_callbacks_set_on_header_callback(to, Http2Callbacks::OnHeader);
  nghttp2_session_callbacks_set_on_frame_recv_callback(to, Http2Callbacks::OnFrame);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(to, Http2Callbacks::OnData);
  nghttp2_session_callbacks_set_on_frame_send_callback(to, Http2Callbacks::OnFrameSent);
  nghttp2_session_callbacks_set_on_stream_close_callback(to, Http2Callbacks::OnClose);
  if (nghttp2_session_server_new2(&session_, to, this, option.get()) != 0) throw std::bad_alloc();
}

void Http2::SubmitSettings() {
  const std::array<nghttp2_settings_entry, 3> settings = {{
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, kMaxStreams},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, kMaxHeadBytes},
      {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
  }};
  const int failed =
      nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings.data(), settings.size());
  if (failed != 0) throw std::bad_alloc();
  // A stream that must wait for memory may fill its own window; the others have as much.
  constexpr std::int32_t kWindow = 2 * NGHTTP2_INITIAL_WINDOW_SIZE;
  if (nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0, kWindow) != 0) {
    throw std::bad_alloc();
  }
}

}  // namespace embd::http
