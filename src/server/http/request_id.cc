#include "server/http/request_id.h"

#include <algorithm>
#include <cstdint>
#include <random>

namespace embd::http {
namespace {

// The names need to differ, not to be secret: a generator for each thread, seeded by the system.
std::mt19937_64& Generator() {
  thread_local std::mt19937_64 generator = [] {
    std::random_device device;
    std::seed_seq seed{device(), device(), device(), device()};
    return std::mt19937_64(seed);
  }();
  return generator;
}

void AppendHex(std::string& out, std::uint64_t value) {
  constexpr std::string_view kHex = "0123456789abcdef";
  for (int shift = 60; shift >= 0; shift -= 4) {
    out += kHex[value >> static_cast<unsigned>(shift) & 15U];
  }
}

}  // namespace

bool IsUsableRequestId(std::string_view id) {
  constexpr std::size_t kMostChars = 128;
  return !id.empty() && id.size() <= kMostChars &&
         std::all_of(id.begin(), id.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

std::string MakeRequestId() {
  std::string id;
  id.reserve(32);
  AppendHex(id, Generator()());
  AppendHex(id, Generator()());
  return id;
}

}  // namespace embd::http
