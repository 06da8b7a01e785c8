#include <algorithm>
#include <utility>

#include "server/http/chunk_decoder.h"
#include "server/http/http1.h"

namespace embd::http {
namespace {

constexpr std::size_t kMostAtOnce = 65536;
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

}  // namespace

Awaitable<bool> Http1::Reserve(std::string& body, std::size_t size) {
  const std::size_t capacity = body.capacity();
  if (size <= capacity) co_return true;
  const std::size_t larger = std::max(size, std::min(2 * capacity, state_.options.payload_limit));
  const bool taken = co_await wire_.Take(larger - capacity);
  if (taken) body.reserve(larger);
  co_return taken;
}

// Moves `size` bytes, which are there, from the input to the body.
Awaitable<bool> Http1::AppendReceived(std::string& body, std::size_t size) {
  const bool reserved = co_await Reserve(body, body.size() + size);
  if (!reserved) co_return false;
  body.append(wire_.input().view().substr(0, size));
  wire_.input().Consume(size);
  co_return true;
}

Awaitable<Http1::BodyStatus> Http1::ReadBody(const RequestHead& head, std::string& body,
                                             BodyUse use) {
  BodyStatus status = BodyStatus::kTooLarge;
  if (head.expects_continue && head.http11 && wire_.input().empty()) {
    const bool sent = co_await wire_.Send(kContinue, std::string_view());
    if (!sent) co_return BodyStatus::kBroken;
  }
  if (head.chunked) {
    status = co_await ReadChunkedBody(body, use);
  } else if (head.content_length <= state_.options.payload_limit) {
    status = co_await ReadPlainBody(head.content_length, body, use);
  }
  co_return status;
}

Awaitable<Http1::BodyStatus> Http1::ReadPlainBody(std::uint64_t length, std::string& body,
                                                  BodyUse use) {
  std::uint64_t missing = length;
  if (use == BodyUse::kKeep) {
    // Room for all of a small body at once; a large one must show that it comes.
    const auto first = static_cast<std::size_t>(std::min<std::uint64_t>(length, kFirstBody));
    if (!co_await Reserve(body, first)) co_return BodyStatus::kBroken;
  }
  while (missing > 0) {
    if (wire_.input().empty() && !co_await wire_.Fill()) co_return BodyStatus::kBroken;
    const auto size =
        static_cast<std::size_t>(std::min<std::uint64_t>(missing, wire_.input().size()));
    missing -= size;
    if (use == BodyUse::kDiscard) {
      wire_.input().Consume(size);
    } else if (!co_await AppendReceived(body, size)) {
      co_return BodyStatus::kBroken;
    }
    // Large bodies come in larger pieces.
    const bool large = missing > wire_.input().capacity() && wire_.input().capacity() < kMostAtOnce;
    if (large && wire_.lease().TryGrow(kMostAtOnce - wire_.input().capacity()))
      wire_.input().Reserve(kMostAtOnce);
  }
  co_return BodyStatus::kWhole;
}

Awaitable<Http1::BodyStatus> Http1::ReadChunkedBody(std::string& body, BodyUse use) {
  ChunkDecoder decoder;
  std::size_t total = 0;
  while (!decoder.done()) {
    if (wire_.input().empty() && !co_await wire_.Fill()) co_return BodyStatus::kBroken;
    std::string_view data;
    const std::size_t used = decoder.Next(wire_.input().view(), data);
    if (decoder.bad()) co_return BodyStatus::kBroken;
    total += data.size();
    if (total > state_.options.payload_limit) co_return BodyStatus::kTooLarge;
    if (data.empty() || use == BodyUse::kDiscard) {
      wire_.input().Consume(used);
    } else if (!co_await AppendReceived(body, used)) {
      co_return BodyStatus::kBroken;
    }
  }
  co_return BodyStatus::kWhole;
}

}  // namespace embd::http
