#include "tokenizer/vocabulary.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "base/page_allocator.h"
#include "tokenizer/token_index.h"

namespace embd {
namespace {

std::string Describe(simdjson::dom::element element) {
  std::string text = simdjson::minify(element);
  constexpr std::size_t kLongest = 60;
  if (text.size() > kLongest) text = text.substr(0, kLongest) + "...";
  return text;
}

}  // namespace

std::vector<Vocabulary::Entry> Vocabulary::ReadEntries(const JsonValue& vocab) {
  const simdjson::dom::object object = vocab.Object();
  std::vector<Entry> entries;
  entries.reserve(object.size());
  std::vector<bool> seen;
  for (const auto& [token, value] : object) {
    std::uint64_t id = 0;
    if (value.get(id) != simdjson::SUCCESS || id > kMaxTokenId) {
      vocab.Fail(fmt::format("ids from 0 to {}", kMaxTokenId),
                 fmt::format("{} for the token \"{}\"", Describe(value), token));
    }
    if (id >= seen.size()) seen.resize(std::max<std::size_t>(id + 1, 2 * seen.size()));
    if (seen[id]) vocab.Fail("one token for each id", fmt::format("{} twice", id));
    seen[id] = true;
    entries.push_back({token, static_cast<std::uint32_t>(id)});
  }
  return entries;
}

std::optional<Vocabulary> Vocabulary::Read(JsonScanner& scanner) {
  if (!scanner.Take('{')) return std::nullopt;
  Vocabulary in_file_order;
  std::vector<std::uint32_t> ids;
  // About what a compact file has; untouched memory costs nothing, and growing would copy.
  constexpr std::size_t kBytesPerToken = 12;
  in_file_order.Reserve(scanner.bytes_left() / kBytesPerToken, scanner.bytes_left() / 2);
  ids.reserve(scanner.bytes_left() / kBytesPerToken);
  bool is_id_order = true;
  while (!scanner.Take('}')) {
    std::uint32_t id = 0;
    if (!ids.empty() && !scanner.Take(',')) return std::nullopt;
    if (!in_file_order.Append(scanner) || !scanner.Take(':') || !scanner.ReadUnsigned(id) ||
        id > kMaxTokenId) {
      return std::nullopt;
    }
    is_id_order = is_id_order && id == ids.size();
    ids.push_back(id);
  }
  if (is_id_order) {
    in_file_order.ShrinkToFit();
    return in_file_order;
  }
  std::vector<bool> seen(*std::max_element(ids.begin(), ids.end()) + std::size_t{1});
  std::vector<Entry> entries;
  entries.reserve(ids.size());
  for (const std::uint32_t id : ids) {
    if (seen[id]) return std::nullopt;
    seen[id] = true;
    entries.push_back({in_file_order.Text(static_cast<std::uint32_t>(entries.size())), id});
  }
  return Vocabulary(entries);
}

Vocabulary::Vocabulary(const std::vector<Entry>& entries) : size_(entries.size()) {
  std::uint32_t bound = 0;
  std::size_t bytes = 0;
  for (const Entry& entry : entries) {
    bound = std::max(bound, entry.id + 1);
    bytes += entry.text.size();
  }
  begins_.assign(bound + std::size_t{1}, 0);
  if (size_ < bound) used_.assign(bound, false);
  for (const Entry& entry : entries) {
    begins_[entry.id + 1] = static_cast<std::uint32_t>(entry.text.size());
    if (!used_.empty()) used_[entry.id] = true;
  }
  for (std::size_t id = 0; id < bound; ++id) begins_[id + 1] += begins_[id];
  pool_.resize(bytes);
  for (const Entry& entry : entries) {
    std::copy(entry.text.begin(), entry.text.end(), pool_.begin() + begins_[entry.id]);
  }
}

std::uint64_t Vocabulary::Hash() const {
  const std::string_view begins(reinterpret_cast<const char*>(begins_.data()),
                                begins_.size() * sizeof(begins_[0]));
  return MixHash(HashBytes(pool_), HashBytes(begins));
}

void Vocabulary::Reserve(std::size_t tokens, std::size_t bytes) {
  pool_.reserve(bytes);
  begins_.reserve(tokens + 1);
}

void Vocabulary::ShrinkToFit() {
  pool_.shrink_to_fit();
  begins_.shrink_to_fit();
}

Trie BuildTrie(const Vocabulary& vocabulary, std::string_view branch) {
  std::vector<Trie::Key, PageAllocator<Trie::Key>> keys;
  keys.reserve(vocabulary.size());
  for (std::uint32_t id = 0; id < vocabulary.id_bound(); ++id) {
    if (!vocabulary.Text(id).empty()) keys.push_back({vocabulary.Text(id), id});
  }
  return Trie(keys, branch);
}

}  // namespace embd
