#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "server/http/http_server.h"

namespace embd::http {

// Proof that a server has answered every kind of first request; only WarmUp makes one.
class Warmed {
 public:
  HttpServer& server() const { return *server_; }
  int requests() const { return requests_; }

 private:
  friend Warmed WarmUp(HttpServer& server, const ServerInfo& info,
                       std::chrono::milliseconds budget);
  Warmed(HttpServer& server, int requests) : server_(&server), requests_(requests) {}

  HttpServer* server_;
  int requests_;
};

// Sends real requests through the server over a socket pair: the whole way of a request, bytes to
// bytes. First what always runs, the shortest text, a small batch of it and the GET routes;
// then longer and longer texts up to the longest, as long as the time budget lasts. Leaves no lines
// in the log. Throws LoadError when an answer is not 200 or not finite numbers.
Warmed WarmUp(HttpServer& server, const ServerInfo& info, std::chrono::milliseconds budget);

}  // namespace embd::http
