#include "tokenizer/load_tokenizer_json.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "tokenizer/decoders/bpe_decoder.h"
#include "tokenizer/decoders/byte_fallback_decoder.h"
#include "tokenizer/decoders/byte_level_decoder.h"
#include "tokenizer/decoders/ctc_decoder.h"
#include "tokenizer/decoders/fuse_decoder.h"
#include "tokenizer/decoders/metaspace_decoder.h"
#include "tokenizer/decoders/replace_decoder.h"
#include "tokenizer/decoders/sequence_decoder.h"
#include "tokenizer/decoders/strip_decoder.h"
#include "tokenizer/decoders/word_piece_decoder.h"
#include "tokenizer/models/bpe.h"
#include "tokenizer/models/unigram.h"
#include "tokenizer/models/word_level.h"
#include "tokenizer/models/word_piece.h"
#include "tokenizer/normalizers/bert_normalizer.h"
#include "tokenizer/normalizers/byte_level_normalizer.h"
#include "tokenizer/normalizers/lowercase.h"
#include "tokenizer/normalizers/nmt.h"
#include "tokenizer/normalizers/precompiled.h"
#include "tokenizer/normalizers/prepend.h"
#include "tokenizer/normalizers/replace.h"
#include "tokenizer/normalizers/sequence_normalizer.h"
#include "tokenizer/normalizers/strip.h"
#include "tokenizer/normalizers/strip_accents.h"
#include "tokenizer/normalizers/unicode_form.h"
#include "tokenizer/post_processors/bert_processing.h"
#include "tokenizer/post_processors/byte_level_processing.h"
#include "tokenizer/post_processors/end_of_text_processing.h"
#include "tokenizer/post_processors/roberta_processing.h"
#include "tokenizer/post_processors/sequence_processing.h"
#include "tokenizer/post_processors/template_processing.h"
#include "tokenizer/pre_tokenizers/bert_pre_tokenizer.h"
#include "tokenizer/pre_tokenizers/byte_level.h"
#include "tokenizer/pre_tokenizers/char_delimiter_split.h"
#include "tokenizer/pre_tokenizers/digits.h"
#include "tokenizer/pre_tokenizers/fixed_length.h"
#include "tokenizer/pre_tokenizers/metaspace.h"
#include "tokenizer/pre_tokenizers/punctuation.h"
#include "tokenizer/pre_tokenizers/sequence_pre_tokenizer.h"
#include "tokenizer/pre_tokenizers/split.h"
#include "tokenizer/pre_tokenizers/unicode_scripts.h"
#include "tokenizer/pre_tokenizers/whitespace.h"
#include "tokenizer/pre_tokenizers/whitespace_split.h"

namespace embd {
namespace {

// A component type of the file: its name and what reads it.
template <typename T>
struct Row {
  std::string_view type;
  T (*from_json)(const JsonValue&);
};

template <typename T>
T LoadTyped(const JsonValue& json, std::string_view type, std::span<const Row<T>> rows) {
  std::vector<std::string_view> known;
  for (const Row<T>& row : rows) {
    if (row.type == type) return row.from_json(json);
    known.push_back(row.type);
  }
  json.Fail(fmt::format("a type among {}", fmt::join(known, ", ")), fmt::format("\"{}\"", type));
}

template <typename T>
T LoadTyped(const JsonValue& json, std::span<const Row<T>> rows) {
  return LoadTyped(json, json.Get("type").String(), rows);
}

using NormalizerRow = Row<std::unique_ptr<Normalizer>>;
using PreTokenizerRow = Row<std::unique_ptr<PreTokenizer>>;
using ModelRow = Row<std::unique_ptr<TokenModel>>;
using PostProcessorRow = Row<PostProcessor>;
using DecoderRow = Row<std::unique_ptr<Decoder>>;

std::unique_ptr<Normalizer> LoadNormalizer(const JsonValue& json);
std::unique_ptr<PreTokenizer> LoadPreTokenizer(const JsonValue& json);
PostProcessor LoadPostProcessor(const JsonValue& json);
std::unique_ptr<Decoder> LoadDecoder(const JsonValue& json);

template <typename T>
std::vector<T> LoadList(const JsonValue& json, T (*load)(const JsonValue&)) {
  std::vector<T> list;
  for (const JsonValue& item : json.Array()) list.push_back(load(item));
  return list;
}

std::unique_ptr<Normalizer> LoadNormalizerSequence(const JsonValue& json) {
  return std::make_unique<SequenceNormalizer>(LoadList(json.Get("normalizers"), LoadNormalizer));
}

std::unique_ptr<PreTokenizer> LoadPreTokenizerSequence(const JsonValue& json) {
  return std::make_unique<SequencePreTokenizer>(
      LoadList(json.Get("pretokenizers"), LoadPreTokenizer));
}

PostProcessor LoadPostProcessorSequence(const JsonValue& json) {
  return SequenceProcessing(json, LoadList(json.Get("processors"), LoadPostProcessor));
}

std::unique_ptr<Decoder> LoadDecoderSequence(const JsonValue& json) {
  return std::make_unique<SequenceDecoder>(LoadList(json.Get("decoders"), LoadDecoder));
}

constexpr NormalizerRow kNormalizers[] = {
    {"BertNormalizer", BertNormalizer::FromJson},
    {"ByteLevel", ByteLevelNormalizer::FromJson},
    {"Lowercase", Lowercase::FromJson},
    {"NFC", UnicodeForm::Nfc},
    {"NFD", UnicodeForm::Nfd},
    {"NFKC", UnicodeForm::Nfkc},
    {"NFKD", UnicodeForm::Nfkd},
    {"Nmt", Nmt::FromJson},
    {"Precompiled", Precompiled::FromJson},
    {"Prepend", Prepend::FromJson},
    {"Replace", Replace::FromJson},
    {"Sequence", LoadNormalizerSequence},
    {"Strip", StripNormalizer::FromJson},
    {"StripAccents", StripAccents::FromJson},
};

constexpr PreTokenizerRow kPreTokenizers[] = {
    {"BertPreTokenizer", BertPreTokenizer::FromJson},
    {"ByteLevel", ByteLevel::FromJson},
    {"CharDelimiterSplit", CharDelimiterSplit::FromJson},
    {"Digits", Digits::FromJson},
    {"FixedLength", FixedLength::FromJson},
    {"Metaspace", Metaspace::FromJson},
    {"Punctuation", Punctuation::FromJson},
    {"Sequence", LoadPreTokenizerSequence},
    {"Split", Split::FromJson},
    {"UnicodeScripts", UnicodeScripts::FromJson},
    {"Whitespace", Whitespace::FromJson},
    {"WhitespaceSplit", WhitespaceSplit::FromJson},
};

constexpr ModelRow kModels[] = {
    {"BPE", Bpe::FromJson},
    {"Unigram", Unigram::FromJson},
    {"WordLevel", WordLevel::FromJson},
    {"WordPiece", WordPiece::FromJson},
};

// A model's vocabulary that was read ahead of the document: an array of tokens and scores, an
// object of tokens and ids, or neither.
using VocabularyAhead = std::variant<std::monostate, UnigramVocabulary, Vocabulary>;

template <typename Read>
struct AheadRow {
  std::string_view type;
  std::unique_ptr<TokenModel> (*from_vocabulary)(const JsonValue&, Read);
};

constexpr AheadRow<UnigramVocabulary> kModelsOfArrays[] = {{"Unigram", Unigram::FromVocabulary}};
constexpr AheadRow<Vocabulary> kModelsOfObjects[] = {
    {"BPE", Bpe::FromVocabulary},
    {"WordLevel", WordLevel::FromVocabulary},
    {"WordPiece", WordPiece::FromVocabulary},
};

constexpr PostProcessorRow kPostProcessors[] = {
    {"BertProcessing", BertProcessingFromJson},         {"ByteLevel", ByteLevelProcessingFromJson},
    {"RobertaProcessing", RobertaProcessingFromJson},   {"Sequence", LoadPostProcessorSequence},
    {"TemplateProcessing", TemplateProcessingFromJson},
};

constexpr DecoderRow kDecoders[] = {
    {"BPEDecoder", BpeDecoder::FromJson},      {"ByteFallback", ByteFallbackDecoder::FromJson},
    {"ByteLevel", ByteLevelDecoder::FromJson}, {"CTC", CtcDecoder::FromJson},
    {"Fuse", FuseDecoder::FromJson},           {"Metaspace", MetaspaceDecoder::FromJson},
    {"Replace", ReplaceDecoder::FromJson},     {"Sequence", LoadDecoderSequence},
    {"Strip", StripDecoder::FromJson},         {"WordPiece", WordPieceDecoder::FromJson},
};

std::unique_ptr<Normalizer> LoadNormalizer(const JsonValue& json) {
  return LoadTyped<std::unique_ptr<Normalizer>>(json, kNormalizers);
}

std::unique_ptr<PreTokenizer> LoadPreTokenizer(const JsonValue& json) {
  return LoadTyped<std::unique_ptr<PreTokenizer>>(json, kPreTokenizers);
}

PostProcessor LoadPostProcessor(const JsonValue& json) {
  return LoadTyped<PostProcessor>(json, kPostProcessors);
}

std::unique_ptr<Decoder> LoadDecoder(const JsonValue& json) {
  return LoadTyped<std::unique_ptr<Decoder>>(json, kDecoders);
}

// Files from before models carried their type are told apart by their members.
std::string_view ModelType(const JsonValue& json) {
  if (const auto type = json.Find("type")) return type->String();
  if (json.Find("merges")) return "BPE";
  if (json.Find("continuing_subword_prefix")) return "WordPiece";
  return json.Get("vocab").is_array() ? "Unigram" : "WordLevel";
}

template <typename Read>
std::unique_ptr<TokenModel> LoadModelOf(const JsonValue& json, Read* vocabulary,
                                        std::span<const AheadRow<Read>> rows) {
  for (const AheadRow<Read>& row : rows) {
    if (row.type == ModelType(json)) return row.from_vocabulary(json, std::move(*vocabulary));
  }
  return nullptr;
}

// `ahead`, if there is something, is in place of json's own vocabulary.
std::unique_ptr<TokenModel> LoadModel(const JsonValue& json, VocabularyAhead& ahead) {
  std::unique_ptr<TokenModel> model;
  if (auto* array = std::get_if<UnigramVocabulary>(&ahead)) {
    model = LoadModelOf<UnigramVocabulary>(json, array, kModelsOfArrays);
  } else if (auto* object = std::get_if<Vocabulary>(&ahead)) {
    model = LoadModelOf<Vocabulary>(json, object, kModelsOfObjects);
  }
  if (model) return model;
  return LoadTyped<std::unique_ptr<TokenModel>>(json, ModelType(json), kModels);
}

TokenizerParts LoadParts(const JsonValue& root, const TokenizerOptions& options,
                         VocabularyAhead ahead) {
  if (const auto version = root.Find("version"); version && version->String() != "1.0") {
    version->Fail("\"1.0\"", fmt::format("\"{}\"", version->String()));
  }
  TokenizerParts parts;
  if (const auto json = root.Find("normalizer")) parts.normalizer = LoadNormalizer(*json);
  if (const auto json = root.Find("pre_tokenizer")) parts.pre_tokenizer = LoadPreTokenizer(*json);
  parts.model = LoadModel(root.Get("model"), ahead);
  if (parts.pre_tokenizer && parts.pre_tokenizer->EndsWithByteChars() && parts.model->ReadBytes()) {
    parts.pre_tokenizer->KeepBytes();
  }
  if (const auto json = root.Find("post_processor")) {
    parts.post_processor = LoadPostProcessor(*json);
  }
  if (options.end_of_text_id) {
    parts.post_processor = SequenceProcessing(
        root, {std::move(parts.post_processor), EndOfTextProcessing(*options.end_of_text_id)});
  }
  if (const auto json = root.Find("decoder")) {
    parts.decoder = LoadDecoder(*json);
  }
  if (const auto json = root.Find("added_tokens")) {
    parts.added_vocabulary = AddedVocabulary(*json, *parts.model, parts.normalizer.get());
  }
  return parts;
}

// Reads what is under model.vocab, if it is of a known kind, ahead of all else: a tree of it would
// take most of the time and several times the memory. Gives the text of it, or nothing; what is
// wrong with it then, if anything, is for the usual way to find.
std::optional<std::string_view> ReadVocabulary(std::string_view text, VocabularyAhead& ahead) {
  JsonScanner scanner(text);
  if (!scanner.EnterMember("model") || !scanner.EnterMember("vocab")) return std::nullopt;
  const char* const begin = scanner.at();
  if (scanner.IsNext('[')) {
    if (!ahead.emplace<UnigramVocabulary>().Read(scanner)) return std::nullopt;
  } else {
    std::optional<Vocabulary> tokens = Vocabulary::Read(scanner);
    if (!tokens) return std::nullopt;
    ahead = *std::move(tokens);
  }
  const std::string_view vocab(begin, static_cast<std::size_t>(scanner.at() - begin));
  if (!simdjson::validate_utf8(vocab)) return std::nullopt;
  return vocab;
}

}  // namespace

TokenizerParts LoadTokenizerJson(const JsonValue& root, const TokenizerOptions& options) {
  return LoadParts(root, options, {});
}

TokenizerParts LoadTokenizerText(std::string_view text, std::string origin,
                                 const TokenizerOptions& options) {
  VocabularyAhead ahead;
  const std::optional<std::string_view> vocab = ReadVocabulary(text, ahead);
  if (!vocab) {
    const JsonDocument document = JsonDocument::Parse(text, std::move(origin));
    return LoadParts(document.root(), options, {});
  }
  const auto before = static_cast<std::size_t>(vocab->data() - text.data());
  std::string rest(text.substr(0, before));
  rest += std::holds_alternative<Vocabulary>(ahead) ? "{}" : "[]";
  rest += text.substr(before + vocab->size());
  const JsonDocument document = JsonDocument::Parse(rest, std::move(origin));
  return LoadParts(document.root(), options, std::move(ahead));
}

}  // namespace embd
