#include "tokenizer/pre_tokenizers/metaspace.h"

#include <fmt/core.h>

#include <string_view>
#include <utility>

#include "tokenizer/json_char.h"
#include "tokenizer/split_behavior.h"
#include "unicode/utf8.h"

namespace embd {
namespace {

PrependScheme SchemeFromJson(const JsonValue& json) {
  constexpr std::pair<std::string_view, PrependScheme> kNames[] = {
      {"always", PrependScheme::kAlways},
      {"first", PrependScheme::kFirst},
      {"never", PrependScheme::kNever},
  };
  for (const auto& [name, scheme] : kNames) {
    if (json.String() == name) return scheme;
  }
  json.Fail("always, first or never", fmt::format("\"{}\"", json.String()));
}

}  // namespace

MetaspaceOptions MetaspaceOptions::FromJson(const JsonValue& json) {
  MetaspaceOptions options;
  unicode::Append(options.replacement, CharFromJson(json.Get("replacement")));
  if (const auto scheme = json.Find("prepend_scheme")) options.prepend = SchemeFromJson(*scheme);
  // The older way to say it must not contradict the newer one.
  if (const auto add = json.Find("add_prefix_space"); add && !add->Bool()) {
    if (options.prepend != PrependScheme::kNever) {
      add->Fail("true, or prepend_scheme \"never\"", "false");
    }
  }
  options.split = json.BoolOr("split", true);
  return options;
}

std::unique_ptr<PreTokenizer> Metaspace::FromJson(const JsonValue& json) {
  return std::make_unique<Metaspace>(MetaspaceOptions::FromJson(json));
}

Metaspace::Metaspace(MetaspaceOptions options)
    : options_(std::move(options)), pattern_(options_.replacement) {}

Result<void> Metaspace::PreTokenize(Segment& segment) const {
  RewritePieces(segment, [&](const Piece& piece, TextRewriter& rewriter) {
    const std::string_view text = segment.TextOf(piece);
    const bool marked = text.starts_with(options_.replacement) || text.starts_with(' ');
    const bool first = options_.prepend == PrependScheme::kFirst && segment.original_begin == 0 &&
                       segment.text.origins[piece.begin].begin == 0;
    if (!marked && (first || options_.prepend == PrependScheme::kAlways)) {
      rewriter.InsertBeforeNext(options_.replacement);
    }
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t space = std::min(text.find(' ', at), text.size());
      rewriter.Keep(space - at);
      if (space < text.size()) {
        rewriter.Drop(1);
        rewriter.Insert(options_.replacement);
      }
      at = space + 1;
    }
  });
  if (!options_.split) return {};
  return SplitOnMatches(segment, pattern_, SplitBehavior::kMergedWithNext, /*invert=*/false);
}

}  // namespace embd
