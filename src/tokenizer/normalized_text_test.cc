#include "tokenizer/normalized_text.h"

#include <gtest/gtest.h>

namespace embd {
namespace {

NormalizedText Tracked(std::string_view original) {
  NormalizedText text;
  text.Assign(original, /*track=*/true);
  return text;
}

TEST(NormalizedText, BytesOfACharacterShareItsOrigin) {
  const NormalizedText text = Tracked("a\u4f60");
  EXPECT_EQ(text.origins, (std::vector<ByteRange>{{0, 1}, {1, 4}, {1, 4}, {1, 4}}));
}

TEST(NormalizedText, UntrackedHasNoOrigins) {
  NormalizedText text = Tracked("abc");
  text.Assign("ab", /*track=*/false);
  EXPECT_EQ(text.text, "ab");
  EXPECT_TRUE(text.origins.empty());
}

TEST(TextRewriter, ReplacesInsertsAndDrops) {
  NormalizedText text = Tracked("abcd");
  NormalizedText spare;
  TextRewriter rewriter(text, spare);
  rewriter.Put(U'\u00e9', 0);  // for a
  rewriter.Put(U'x', 1);       // shares a's origin
  rewriter.Put(U'y', -1);      // for b, swallows c
  rewriter.Keep(1);
  rewriter.Finish();
  EXPECT_EQ(text.text, "\u00e9xyd");
  EXPECT_EQ(text.origins, (std::vector<ByteRange>{{0, 1}, {0, 1}, {0, 1}, {1, 2}, {3, 4}}));
}

TEST(TextRewriter, AnInsertionAtTheStartCoversNothing) {
  NormalizedText text = Tracked("a");
  NormalizedText spare;
  TextRewriter rewriter(text, spare);
  rewriter.Insert("-");
  rewriter.Drop(1);
  EXPECT_TRUE(rewriter.AtEnd());
  rewriter.Finish();
  EXPECT_EQ(text.text, "-");
  EXPECT_EQ(text.origins, (std::vector<ByteRange>{{0, 0}}));
}

}  // namespace
}  // namespace embd
