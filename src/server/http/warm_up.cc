#include "server/http/warm_up.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/load_error.h"
#include "server/http/http_server_impl.h"

namespace embd::http {

using std::chrono::steady_clock;

namespace {
constexpr std::string_view kEmbedPath = "/embed";
constexpr std::string_view kSparsePath = "/embed_sparse";
constexpr std::string_view kPredictPath = "/predict";

// Where clients ask a model of this kind.
std::string_view PathFor(const ServerInfo& info) {
  switch (TextUseOf(info)) {
    case TextUse::kEmbed:
      break;
    case TextUse::kEmbedSparse:
      return kSparsePath;
    case TextUse::kPredict:
      return kPredictPath;
  }
  return kEmbedPath;
}

}  // namespace

// One client at the other end of a socket pair, which waits for each answer.
class WarmUpClient {
 public:
  // `path`: where the model is asked.
  WarmUpClient(HttpServer& server, std::string_view path)
      : path_(path),
        api_key_(server.impl_->state.options.api_key),
        payload_limit_(server.impl_->state.options.payload_limit) {
    std::array<int, 2> pair{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) != 0) {
      throw LoadError({.path = "warm-up",
                       .expected = "a socket pair",
                       .found = std::system_category().message(errno),
                       .hint = {}});
    }
    socket_ = pair[0];
    server.impl_->Serve(pair[1], LogAnswers::kNo, Encrypt::kNo);
  }
  ~WarmUpClient() { ::close(socket_); }
  WarmUpClient(const WarmUpClient&) = delete;
  WarmUpClient& operator=(const WarmUpClient&) = delete;

  int requests() const { return requests_; }

  void Get(const std::string& path) {
    Send("GET " + path, {});
    Receive();
  }

  // `inputs`: JSON. The answer must be fetched before the next request.
  void SendInputs(const std::string& inputs) {
    const std::string body = "{\"inputs\":" + inputs + ",\"truncate\":true}";
    if (body.size() > payload_limit_) return;  // no client can send it either
    Send("POST " + path_, body);
  }
  void ReceiveRows() {
    if (request_.empty()) return;
    const std::string answer = Receive();
    // Other routes answer what is not finite with an error, and may have a label of that name.
    const bool finite = path_ != kEmbedPath || answer.find("null") == std::string::npos;
    if (answer.size() < 4 || !finite) Fail("POST " + path_, "finite numbers", answer);
  }

 private:
  // A model that does not answer within this time never does.
  static constexpr std::chrono::seconds kPatience{120};

  [[noreturn]] static void Fail(const std::string& request, std::string expected,
                                std::string_view found) {
    constexpr std::size_t kShown = 200;
    throw LoadError({.path = "warm-up: " + request,
                     .expected = std::move(expected),
                     .found = found.empty() ? "nothing" : std::string(found.substr(0, kShown)),
                     .hint = {}});
  }

  void Send(const std::string& request, const std::string& body) {
    request_ = request;
    std::string bytes = request + " HTTP/1.1\r\nhost: warm-up\r\n";
    if (api_key_) bytes += "authorization: Bearer " + *api_key_ + "\r\n";
    if (!body.empty()) {
      bytes += "content-type: application/json\r\ncontent-length: " + std::to_string(body.size()) +
               "\r\n";
    }
    SendAll(request, bytes + "\r\n" + body);
    ++requests_;
  }

  std::string Receive() { return ReceiveAnswer(std::exchange(request_, std::string())); }

  void WaitFor(const std::string& request, short events, steady_clock::time_point until) const {
    pollfd state = {socket_, events, 0};
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(until - steady_clock::now());
    const int ready = ::poll(&state, 1, static_cast<int>(std::max<std::int64_t>(0, left.count())));
    if (ready == 0) Fail(request, "an answer within 120 s", {});
  }

  void SendAll(const std::string& request, std::string_view bytes) const {
    const auto until = steady_clock::now() + kPatience;
    while (!bytes.empty()) {
      WaitFor(request, POLLOUT, until);
      const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
      if (sent < 0 && errno != EAGAIN && errno != EINTR) Fail(request, "an open connection", {});
    }
  }

  // The body of one answer.
  std::string ReceiveAnswer(const std::string& request) const {
    const auto until = steady_clock::now() + kPatience;
    std::string answer;
    std::array<char, 16384> part{};
    std::size_t whole = 0;
    std::size_t head = 0;
    while (whole == 0 || answer.size() < whole) {
      WaitFor(request, POLLIN, until);
      const ssize_t got = ::recv(socket_, part.data(), part.size(), MSG_DONTWAIT);
      if (got < 0 && (errno == EAGAIN || errno == EINTR)) continue;
      if (got <= 0) Fail(request, "an answer", answer);
      answer.append(part.data(), static_cast<std::size_t>(got));
      const std::size_t end = answer.find("\r\n\r\n");
      if (whole > 0 || end == std::string::npos) continue;
      head = end + 4;
      whole = head + ContentLength(answer);
    }
    if (answer.compare(0, 13, "HTTP/1.1 200 ") != 0) {
      Fail(request, "status 200", answer.substr(0, answer.find('\r')) + " " + answer.substr(head));
    }
    return answer.substr(head);
  }

  static std::size_t ContentLength(std::string_view answer) {
    constexpr std::string_view kName = "content-length: ";
    const std::size_t at = answer.find(kName);
    std::size_t length = 0;
    if (at != std::string_view::npos) {
      const std::string_view number = answer.substr(at + kName.size());
      std::from_chars(number.data(), number.data() + number.size(), length);
    }
    return length;
  }

  const std::string path_;
  const std::optional<std::string> api_key_;
  const std::size_t payload_limit_;
  int socket_ = -1;
  int requests_ = 0;
  std::string request_;  // whose answer is not fetched yet
};

namespace {

// About `tokens` tokens for any tokenizer: none joins words.
std::string TextOf(std::size_t tokens) {
  std::string text = "\"";
  for (std::size_t i = 0; i < tokens; ++i) text += i % 2 == 0 ? "the " : "a ";
  text.back() = '"';
  return text;
}

std::string BatchOf(std::size_t inputs, const std::string& text) {
  std::string batch = "[" + text;
  for (std::size_t i = 1; i < inputs; ++i) batch += "," + text;
  return batch + "]";
}

}  // namespace

Warmed WarmUp(HttpServer& server, const ServerInfo& info, std::chrono::milliseconds budget) {
  const auto start = steady_clock::now();
  const std::string short_text = TextOf(4);
  const std::string_view path = PathFor(info);
  WarmUpClient client(server, path);
  client.SendInputs(short_text);
  client.ReceiveRows();
  for (const char* other : {"/health", "/info", "/metrics"}) client.Get(other);

  // The batch runs beside the growing texts: more than one core has work, as it will have. One
  // permit is left for the texts.
  constexpr std::size_t kBatch = 8;
  const std::size_t permits = info.max_concurrent_requests;
  const std::size_t batch =
      std::min<std::size_t>({kBatch, info.max_client_batch_size, permits - 1});
  WarmUpClient beside(server, path);
  // Two texts side by side are a pair to classifiers, so each stands in a list of its own.
  const std::string input = path == kPredictPath ? "[" + short_text + "]" : short_text;
  if (batch > 0) beside.SendInputs(BatchOf(batch, input));
  constexpr std::size_t kGrowth = 4;  // of the text, and about that of its time
  const std::size_t longest = info.max_input_length;
  auto last = steady_clock::duration::zero();
  for (std::size_t tokens = 16 / kGrowth; tokens < longest;) {
    tokens = std::min(tokens * kGrowth, longest);
    const auto begin = steady_clock::now();
    if (begin - start + kGrowth * last > budget) break;
    client.SendInputs(TextOf(tokens));
    client.ReceiveRows();
    last = steady_clock::now() - begin;
  }
  beside.ReceiveRows();
  return {server, client.requests() + beside.requests()};
}

}  // namespace embd::http
