#include "tokenizer/tokenizer.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "json/json_document.h"
#include "tokenizer/load_tokenizer_json.h"
#include "tokenizer/models/model_scratch.h"
#include "tokenizer/truncation.h"
#include "unicode/utf8.h"

namespace embd {
namespace {

// The largest published file has some 35 MB.
constexpr std::size_t kMaxFileBytes = std::size_t{256} << 20;

std::uint32_t LayoutIdBound(const Layout& layout) {
  std::uint32_t bound = 0;
  for (const LayoutPart& part : layout.parts) {
    if (part.kind == LayoutPart::Kind::kSpecial) bound = std::max(bound, part.id + 1);
  }
  return bound;
}

}  // namespace

struct Tokenizer::Scratch::Impl {
  Segment segment;
  std::vector<Piece> original_pieces;
  ModelScratch model;
  std::array<std::vector<Token>, 2> tokens;
  // Of each token, when offsets are asked for and the post-processor trims them.
  std::array<std::vector<TokenSpaces>, 2> spaces;
};

Tokenizer::Scratch::Scratch() : impl_(std::make_unique<Impl>()) {}
Tokenizer::Scratch::~Scratch() = default;
Tokenizer::Scratch::Scratch(Scratch&&) noexcept = default;
Tokenizer::Scratch& Tokenizer::Scratch::operator=(Scratch&&) noexcept = default;

std::size_t Tokenizer::Scratch::FixedBytes() { return sizeof(Impl) + WordCache::MemoryBytes(); }

struct Tokenizer::Impl {
  TokenizerParts parts;
  std::uint32_t id_bound = 0;
  bool needs_origins = false;

  bool trims() const { return !parts.post_processor.trims.empty(); }

  // Fills scratch.tokens[sequence], with places in the input when `details` are asked for.
  Result<void> EncodeSequence(std::string_view text, std::size_t sequence, bool details,
                              Scratch::Impl& scratch) const;
  // Appends the tokens of a stretch of the input without (original) added tokens.
  Result<void> EncodeSegment(std::string_view text, std::uint32_t begin, std::size_t sequence,
                             bool details, Scratch::Impl& scratch) const;
  // Appends the model's tokens, and the added ones, of the segment's pieces.
  Result<void> TokenizePieces(Scratch::Impl& scratch, std::vector<Token>& out) const;
  // Notes the spaces of the tokens from `first` on and turns their places in the segment's text
  // into places in the input.
  void AddDetails(std::size_t first, std::size_t sequence, Scratch::Impl& scratch) const;
  // Trims the offsets of `tokens`, those of the sequence that stay, from its `first_kept` on.
  void TrimOffsets(std::size_t sequence, Scratch::Impl& scratch, std::span<Token> tokens,
                   std::size_t first_kept) const;
  // Truncates the sequences and lays them out together with the special tokens. Fails when the
  // options do not allow enough tokens to be cut off.
  Result<void> Assemble(bool pair, const EncodeOptions& options, Scratch::Impl& scratch,
                        Encoding& out) const;
};

Result<void> Tokenizer::Impl::EncodeSequence(std::string_view text, std::size_t sequence,
                                             bool details, Scratch::Impl& scratch) const {
  std::vector<Token>& out = scratch.tokens[sequence];
  out.clear();
  scratch.spaces[sequence].clear();
  if (text.size() > kMaxTextBytes) {
    return Error{
        ErrorKind::kTokenizer,
        fmt::format("the text has {} bytes; at most {} are possible", text.size(), kMaxTextBytes)};
  }
  if (!unicode::IsValid(text)) return Error{ErrorKind::kTokenizer, "the text is not valid UTF-8"};
  scratch.original_pieces.clear();
  parts.added_vocabulary.SplitOriginal(text, scratch.original_pieces);
  for (const Piece& piece : scratch.original_pieces) {
    const std::string_view stretch = text.substr(piece.begin, piece.end - piece.begin);
    if (piece.is_token()) {
      out.push_back({piece.token, {piece.begin, piece.end}});
      if (details && trims()) scratch.spaces[sequence].push_back(TokenSpaces::Of(stretch));
      continue;
    }
    Result<void> done = EncodeSegment(stretch, piece.begin, sequence, details, scratch);
    if (!done) return done;
  }
  return {};
}

Result<void> Tokenizer::Impl::EncodeSegment(std::string_view text, std::uint32_t begin,
                                            std::size_t sequence, bool details,
                                            Scratch::Impl& scratch) const {
  Segment& segment = scratch.segment;
  segment.text.Assign(text, details || needs_origins);
  segment.original_begin = begin;
  if (parts.normalizer) {
    Result<void> done = parts.normalizer->Normalize(segment.text, segment.spare_text);
    if (!done) return done;
  }
  parts.added_vocabulary.SplitNormalized(segment);
  if (parts.pre_tokenizer) {
    if (Result<void> done = parts.pre_tokenizer->PreTokenize(segment); !done) return done;
  }
  const std::size_t first = scratch.tokens[sequence].size();
  if (Result<void> done = TokenizePieces(scratch, scratch.tokens[sequence]); !done) return done;
  if (details) AddDetails(first, sequence, scratch);
  return {};
}

Result<void> Tokenizer::Impl::TokenizePieces(Scratch::Impl& scratch,
                                             std::vector<Token>& out) const {
  const std::span<const Piece> pieces = scratch.segment.pieces;
  for (std::size_t i = 0; i < pieces.size();) {
    std::size_t words = i;
    while (words < pieces.size() && !pieces[words].is_token()) ++words;
    Result<void> done = parts.model->Tokenize(scratch.segment.text.text,
                                              pieces.subspan(i, words - i), scratch.model, out);
    if (!done) return done;
    for (i = words; i < pieces.size() && pieces[i].is_token(); ++i) {
      out.push_back({pieces[i].token, {pieces[i].begin, pieces[i].end}});
    }
  }
  return {};
}

void Tokenizer::Impl::AddDetails(std::size_t first, std::size_t sequence,
                                 Scratch::Impl& scratch) const {
  const Segment& segment = scratch.segment;
  const std::vector<ByteRange>& origins = segment.text.origins;
  const std::span<Token> tokens = std::span(scratch.tokens[sequence]).subspan(first);
  if (trims()) {
    for (const Token& token : tokens) {
      const bool added = parts.added_vocabulary.Has(token.id);
      scratch.spaces[sequence].push_back(
          TokenSpaces::Of(added ? segment.TextOf({token.range.begin, token.range.end})
                                : parts.model->vocabulary().Text(token.id)));
    }
  }
  for (Token& token : tokens) {
    ByteRange& range = token.range;
    // An affix that a model falls back to bytes for covers more than there is.
    if (range.begin == range.end || range.end > origins.size()) continue;
    range = {segment.original_begin + origins[range.begin].begin,
             segment.original_begin + origins[range.end - 1].end};
  }
}

void Tokenizer::Impl::TrimOffsets(std::size_t sequence, Scratch::Impl& scratch,
                                  std::span<Token> tokens, std::size_t first_kept) const {
  const std::span<const TokenSpaces> spaces = std::span(scratch.spaces[sequence]);
  for (const OffsetTrim& trim : parts.post_processor.trims) {
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      ByteRange& range = tokens[i].range;
      auto [leading, trailing] = spaces[first_kept + i];
      if (leading > 0) {
        const bool is_first = i == 0 || range.begin == 0;
        if (is_first && trim.keep_added_space && leading == 1) leading = 0;
        range.begin = std::min(range.begin + leading, range.end);
      }
      if (trailing > 0 && range.end >= trailing) {
        range.end = std::max(range.end - trailing, range.begin);
      }
    }
  }
}

Result<void> Tokenizer::Impl::Assemble(bool pair, const EncodeOptions& options,
                                       Scratch::Impl& scratch, Encoding& out) const {
  const Layout& layout = pair ? parts.post_processor.pair : parts.post_processor.single;
  std::array<std::span<Token>, 2> sequences = {scratch.tokens[0], scratch.tokens[1]};
  if (options.max_length > 0) {
    // When not even the special tokens fit, they are all that is left.
    const std::uint32_t special = options.add_special_tokens ? layout.special_count() : 0;
    const std::size_t limit = options.max_length - std::min(options.max_length, special);
    const Result<KeptTokens> kept =
        Truncate(sequences[0].size(), pair ? std::optional(sequences[1].size()) : std::nullopt,
                 {options.truncation_strategy, limit, options.stride});
    if (!kept) return kept.error();
    const bool right = options.truncation_side == TruncationSide::kRight;
    sequences[0] = right ? sequences[0].first(kept->first) : sequences[0].last(kept->first);
    sequences[1] = right ? sequences[1].first(kept->second) : sequences[1].last(kept->second);
  }
  if (options.details && trims()) {
    for (std::size_t i = 0; i < sequences.size(); ++i) {
      const auto dropped = sequences[i].data() - scratch.tokens[i].data();
      TrimOffsets(i, scratch, sequences[i], static_cast<std::size_t>(dropped));
    }
  }
  out.Clear();
  for (const LayoutPart& part : layout.parts) {
    if (part.kind == LayoutPart::Kind::kSpecial) {
      if (!options.add_special_tokens) continue;
      out.ids.push_back(part.id);
      out.type_ids.push_back(part.type_id);
      if (!options.details) continue;
      out.offsets.push_back({});
      out.special_tokens_mask.push_back(1);
      continue;
    }
    const std::span<const Token> sequence =
        sequences[part.kind == LayoutPart::Kind::kFirst ? 0 : 1];
    for (const Token& token : sequence) out.ids.push_back(token.id);
    out.type_ids.resize(out.ids.size(), part.type_id);
    if (!options.details) continue;
    for (const Token& token : sequence) out.offsets.push_back(token.range);
    out.special_tokens_mask.resize(out.ids.size(), 0);
  }
  return {};
}

std::unique_ptr<const Tokenizer> Tokenizer::Load(const std::filesystem::path& tokenizer_json,
                                                 const TokenizerOptions& options) {
  const MappedFile file = MapJsonFile(tokenizer_json, kMaxFileBytes);
  return LoadText(file.text(), tokenizer_json.string(), options);
}

std::unique_ptr<const Tokenizer> Tokenizer::LoadText(std::string_view json, std::string origin,
                                                     const TokenizerOptions& options) {
  auto impl = std::make_unique<Impl>();
  impl->parts = LoadTokenizerText(json, std::move(origin), options);
  return std::unique_ptr<const Tokenizer>(new Tokenizer(std::move(impl)));
}

Tokenizer::Tokenizer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {
  const TokenizerParts& parts = impl_->parts;
  impl_->needs_origins = parts.pre_tokenizer && parts.pre_tokenizer->NeedsOrigins();
  impl_->id_bound = std::max(
      {parts.model->vocabulary().id_bound(), parts.added_vocabulary.id_bound(),
       LayoutIdBound(parts.post_processor.single), LayoutIdBound(parts.post_processor.pair)});
}

Tokenizer::~Tokenizer() = default;

Result<void> Tokenizer::Encode(std::string_view text, const EncodeOptions& options,
                               Scratch& scratch, Encoding& out) const {
  Scratch::Impl& buffers = *scratch.impl_;
  buffers.tokens[1].clear();
  Result<void> done = impl_->EncodeSequence(text, 0, options.details, buffers);
  if (done) done = impl_->Assemble(/*pair=*/false, options, buffers, out);
  return done;
}

Result<void> Tokenizer::EncodePair(std::string_view first, std::string_view second,
                                   const EncodeOptions& options, Scratch& scratch,
                                   Encoding& out) const {
  Scratch::Impl& buffers = *scratch.impl_;
  Result<void> done = impl_->EncodeSequence(first, 0, options.details, buffers);
  if (done) done = impl_->EncodeSequence(second, 1, options.details, buffers);
  if (done) done = impl_->Assemble(/*pair=*/true, options, buffers, out);
  return done;
}

std::string_view Tokenizer::IdToToken(std::uint32_t id) const {
  const TokenizerParts& parts = impl_->parts;
  return parts.added_vocabulary.Has(id) ? parts.added_vocabulary.Text(id)
                                        : parts.model->vocabulary().Text(id);
}

std::string Tokenizer::Decode(std::span<const std::uint32_t> ids, bool skip_special_tokens) const {
  const TokenizerParts& parts = impl_->parts;
  std::vector<std::string> texts;
  for (const std::uint32_t id : ids) {
    if (!parts.added_vocabulary.Has(id) && !parts.model->vocabulary().Has(id)) continue;
    const std::string_view text = IdToToken(id);
    if (skip_special_tokens && parts.added_vocabulary.IsSpecial(text)) continue;
    texts.emplace_back(text);
  }
  if (parts.decoder) parts.decoder->Decode(texts);
  std::string result;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (i > 0 && !parts.decoder) result += ' ';
    result += texts[i];
  }
  return result;
}

std::uint32_t Tokenizer::id_bound() const { return impl_->id_bound; }

std::size_t Tokenizer::resident_bytes() const {
  const TokenizerParts& parts = impl_->parts;
  return sizeof(Impl) + parts.model->resident_bytes() + parts.added_vocabulary.resident_bytes() +
         (parts.normalizer ? parts.normalizer->resident_bytes() : 0);
}

std::size_t Tokenizer::vocabulary_bytes() const { return impl_->parts.model->vocabulary_bytes(); }

}  // namespace embd
