#include <gtest/gtest.h>

#include "tokenizer/test_components.h"

namespace embd {
namespace {

TEST(UnicodeForm, Nfc) {
  const TestNormalizer normalize(R"({"type":"NFC"})");
  EXPECT_EQ(normalize(""), "");
  EXPECT_EQ(normalize("abc"), "abc");
  EXPECT_EQ(normalize("e\u0301 \u1112\u1161\u11ab"), "\u00e9 \ud55c");
  EXPECT_EQ(normalize("a\u0315\u0301\u0300"), "\u00e1\u0300\u0315");
  EXPECT_EQ(normalize("\u212b"), "\u00c5");
}

TEST(UnicodeForm, NfcLeavesOutWhatIsExcluded) {
  const TestNormalizer normalize(R"({"type":"NFC"})");
  EXPECT_EQ(normalize("\u0958"), "\u0915\u093c");
  EXPECT_EQ(normalize("\U0001d15e"), "\U0001d157\U0001d165");
  EXPECT_EQ(normalize("\u1100\u1161\u11a7\u11a8"), "\uac00\u11a7\u11a8");
}

TEST(UnicodeForm, Nfd) {
  const TestNormalizer normalize(R"({"type":"NFD"})");
  EXPECT_EQ(normalize("\u00e9\ud55c"), "e\u0301\u1112\u1161\u11ab");
  EXPECT_EQ(normalize("a\u0301\u0323"), "a\u0323\u0301");
  EXPECT_EQ(normalize("\u1e69"), "s\u0323\u0307");
  EXPECT_EQ(normalize("\uac00\uac01"), "\u1100\u1161\u1100\u1161\u11a8");
  EXPECT_EQ(normalize("\u0344"), "\u0308\u0301");
}

TEST(UnicodeForm, Nfkc) {
  const TestNormalizer normalize(R"({"type":"NFKC"})");
  EXPECT_EQ(normalize("\ufb01\u00bd"), "fi1\u20442");
  EXPECT_EQ(normalize("\u212b\u2460"), "\u00c51");
  EXPECT_EQ(normalize("\uff21\u3000"), "A ");
  EXPECT_EQ(normalize("\u1e9b\u0323"), "\u1e69");
  EXPECT_EQ(normalize("\u33a5"), "m3");
}

TEST(UnicodeForm, Nfkd) {
  const TestNormalizer normalize(R"({"type":"NFKD"})");
  EXPECT_EQ(normalize("\u1e9b\u0323"), "s\u0323\u0307");
  EXPECT_EQ(normalize("\ufdfa"),
            "\u0635\u0644\u0649 \u0627\u0644\u0644\u0647 \u0639\u0644\u064a\u0647 "
            "\u0648\u0633\u0644\u0645");
  EXPECT_EQ(normalize("\u00a8"), " \u0308");
}

TEST(UnicodeForm, PartsComeFromTheirWhole) {
  const TestNormalizer normalize(R"({"type":"NFD"})");
  EXPECT_EQ(normalize.Origins("x\u00e9"), (Origins{{0, 1}, {1, 3}, {1, 3}, {1, 3}}));
}

TEST(UnicodeForm, ManyMarksTakeNoTime) {
  const TestNormalizer normalize(R"({"type":"NFKC"})");
  std::string marks = "a";
  while (marks.size() < (1 << 20)) marks += "\u0301\u0323";
  const std::string normalized = normalize(marks);
  EXPECT_EQ(normalized.size(), marks.size());
  EXPECT_TRUE(normalized.starts_with("\u1ea1\u0323\u0323"));
  EXPECT_TRUE(normalized.ends_with("\u0301\u0301"));
}

}  // namespace
}  // namespace embd
