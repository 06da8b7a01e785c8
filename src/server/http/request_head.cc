#include "server/http/request_head.h"

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <charconv>
#include <optional>

namespace embd::http {
namespace {

namespace beast = boost::beast;
using boost::system::error_code;
namespace errc = boost::system::errc;

// Takes from Beast's parser what the server needs of a head. Everything that decides where a
// request ends must be said once and plainly.
class HeadParser final : public beast::http::basic_parser<true> {
 public:
  explicit HeadParser(RequestHead& head) : head_(head) {
    header_limit(static_cast<std::uint32_t>(kMaxHeadBytes));
    body_limit(boost::none);
  }

  bool too_many_headers() const { return headers_ > kMaxHeaders; }

 private:
  void on_request_impl(beast::http::verb /*verb*/, beast::string_view method,
                       beast::string_view target, int version, error_code& ec) override {
    if (target.empty()) return Refuse(ec);
    head_.http11 = version == 11;
    head_.request.method.assign(method.data(), method.size());
    head_.request.path = PathOf({target.data(), target.size()});
  }

  void on_field_impl(beast::http::field name, beast::string_view name_text,
                     beast::string_view value, error_code& ec) override {
    if (++headers_ > kMaxHeaders || name_text.empty()) return Refuse(ec);
    const std::string_view text(value.data(), value.size());
    switch (name) {
      case beast::http::field::content_length:
        return SetLength(text, ec);
      case beast::http::field::transfer_encoding:
        if (head_.chunked || !beast::iequals(value, "chunked")) return Refuse(ec);
        head_.chunked = true;
        break;
      case beast::http::field::expect:
        head_.expects_continue = beast::iequals(value, "100-continue");
        break;
      case beast::http::field::content_type:
        return SetOnce(head_.request.content_type, text);
      case beast::http::field::authorization:
        return SetOnce(head_.request.authorization, text);
      case beast::http::field::if_none_match:
        return SetOnce(head_.request.if_none_match, text);
      case beast::http::field::origin:
        return SetOnce(head_.request.origin, text);
      case beast::http::field::unknown:
        if (beast::iequals(name_text, "x-request-id")) SetOnce(head_.request.request_id, text);
        break;
      default:
        break;
    }
  }

  void on_header_impl(error_code& ec) override {
    if (head_.chunked && length_) return Refuse(ec);
    if (head_.chunked && !head_.http11) return Refuse(ec);
    head_.keep_alive = keep_alive();
    head_.content_length = length_.value_or(0);
  }

  // The body is read elsewhere.
  void on_response_impl(int /*status*/, beast::string_view /*reason*/, int /*version*/,
                        error_code& /*ec*/) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>& /*length*/,
                         error_code& /*ec*/) override {}
  std::size_t on_body_impl(beast::string_view /*body*/, error_code& /*ec*/) override { return 0; }
  void on_chunk_header_impl(std::uint64_t /*size*/, beast::string_view /*extensions*/,
                            error_code& /*ec*/) override {}
  std::size_t on_chunk_body_impl(std::uint64_t /*remain*/, beast::string_view /*body*/,
                                 error_code& /*ec*/) override {
    return 0;
  }
  void on_finish_impl(error_code& /*ec*/) override {}

  static void Refuse(error_code& ec) { ec = make_error_code(errc::bad_message); }

  static void SetOnce(std::string& field, std::string_view value) {
    if (field.empty()) field = value;
  }

  // Twice the same is still one length.
  void SetLength(std::string_view text, error_code& ec) {
    std::uint64_t length = 0;
    const char* const end = text.data() + text.size();
    const auto [last, failed] = std::from_chars(text.data(), end, length);
    if (failed != std::errc() || last != end || (length_ && *length_ != length)) return Refuse(ec);
    length_ = length;
  }

  RequestHead& head_;
  std::size_t headers_ = 0;
  std::optional<std::uint64_t> length_;
};

}  // namespace

std::string_view PathOf(std::string_view target) {
  const std::size_t scheme = target.find("://");
  if (scheme != std::string_view::npos && target.front() != '/') {
    const std::size_t path = target.find_first_of("/?", scheme + 3);
    if (path == std::string_view::npos || target[path] == '?') return "/";
    target.remove_prefix(path);
  }
  return target.substr(0, target.find_first_of("?#"));
}

HeadScanner::Status HeadScanner::Scan(std::string_view bytes) {
  while (true) {
    const std::size_t newline = bytes.find('\n', at_);
    if (newline == std::string_view::npos) {
      at_ = bytes.size();
      return at_ > kMaxHeadBytes ? Status::kTooLarge : Status::kIncomplete;
    }
    if (newline > kMaxHeadBytes) return Status::kTooLarge;
    const bool carriage_return = newline > line_begin_ && bytes[newline - 1] == '\r';
    const bool folded = bytes[line_begin_] == ' ' || bytes[line_begin_] == '\t';
    if (!carriage_return || folded) return Status::kBad;
    at_ = newline + 1;
    const bool empty = newline - line_begin_ == 1;
    line_begin_ = at_;
    if (empty) return Status::kComplete;
  }
}

int ParseHead(std::string_view bytes, RequestHead& head) {
  HeadParser parser(head);
  parser.eager(false);
  error_code ec;
  const std::size_t used = parser.put(boost::asio::buffer(bytes.data(), bytes.size()), ec);
  if (parser.too_many_headers()) return 431;
  if (ec || !parser.is_header_done() || used != bytes.size()) return 400;
  return 0;
}

}  // namespace embd::http
