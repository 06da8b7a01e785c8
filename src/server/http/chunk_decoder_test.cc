#include "server/http/chunk_decoder.h"

#include <gtest/gtest.h>

#include <string>

namespace embd::http {
namespace {

struct Decoded {
  std::string body;
  bool done = false;
  bool bad = false;
  std::size_t used = 0;
};

// Feeds `bytes` in pieces of `piece`.
Decoded Decode(std::string_view bytes, std::size_t piece) {
  ChunkDecoder decoder;
  Decoded decoded;
  while (decoded.used < bytes.size() && !decoder.done() && !decoder.bad()) {
    std::string_view data;
    decoded.used += decoder.Next(bytes.substr(decoded.used, piece), data);
    decoded.body += data;
  }
  decoded.done = decoder.done();
  decoded.bad = decoder.bad();
  return decoded;
}

TEST(ChunkDecoder, JoinsChunksFromPiecesOfAnySize) {
  constexpr std::string_view kBytes =
      "3\r\nabc\r\n0a;name=\"v\"\r\n0123456789\r\n1 ;x\r\n!\r\n0\r\nTrailer: x\r\n\r\nGET /";
  for (std::size_t piece = 1; piece <= kBytes.size(); ++piece) {
    const Decoded decoded = Decode(kBytes, piece);
    EXPECT_TRUE(decoded.done);
    EXPECT_EQ(decoded.body, "abc0123456789!");
    EXPECT_EQ(kBytes.substr(decoded.used), "GET /") << piece;
  }
  EXPECT_TRUE(Decode("0\r\n\r\n", 64).done);
}

TEST(ChunkDecoder, RefusesWhatIsNotPlain) {
  for (const std::string_view bytes :
       {"x\r\n", "\r\n", " 1\r\n", "-1\r\n", "+1\r\n", "0x1\r\n", "1\na", "1\r\nab", "1\r\na\n",
        "1\r\na\rb", "123456789\r\n", "0\r\nA: b\n", "0\r\n\n", "1;\x01\r\n", "0\r\r\n"}) {
    EXPECT_TRUE(Decode(bytes, 1).bad) << bytes;
    EXPECT_TRUE(Decode(bytes, 64).bad) << bytes;
  }
}

TEST(ChunkDecoder, BoundsWhatIsNotBody) {
  EXPECT_TRUE(Decode("1;" + std::string(20000, 'x'), 999).bad);
  EXPECT_TRUE(Decode("0\r\n" + std::string(20000, 'x'), 999).bad);
  std::string small_extensions;
  for (int i = 0; i < 10000; ++i) small_extensions += "1;xx\r\na\r\n";
  EXPECT_TRUE(Decode(small_extensions, 999).bad);
}

}  // namespace
}  // namespace embd::http
