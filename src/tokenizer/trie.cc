#include "tokenizer/trie.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

namespace embd {
namespace {

// First eight bytes in the order of the strings: sorting by it settles almost every comparison.
std::uint64_t SortPrefix(std::string_view text) {
  unsigned char bytes[8] = {};
  std::memcpy(bytes, text.data(), std::min<std::size_t>(text.size(), sizeof(bytes)));
  std::uint64_t prefix = 0;
  for (const unsigned char byte : bytes) prefix = prefix << 8 | byte;
  return prefix;
}

void SortKeys(std::vector<Trie::Key>& keys) {
  struct Entry {
    std::uint64_t prefix;
    std::uint32_t index;
  };
  std::vector<Entry> entries;
  entries.reserve(keys.size());
  for (const Trie::Key& key : keys) {
    entries.push_back({SortPrefix(key.text), static_cast<std::uint32_t>(entries.size())});
  }
  std::sort(entries.begin(), entries.end(), [&](const Entry& a, const Entry& b) {
    if (a.prefix != b.prefix) return a.prefix < b.prefix;
    return keys[a.index].text < keys[b.index].text;
  });
  std::vector<Trie::Key> sorted;
  sorted.reserve(keys.size());
  for (const Entry& entry : entries) sorted.push_back(keys[entry.index]);
  keys = std::move(sorted);
}

constexpr std::uint32_t kBlock = 256;

// Which of the 256 units or bases of a block are taken.
struct Bits {
  std::array<std::uint64_t, 4> words{};

  bool Test(std::uint32_t i) const { return (words[i >> 6] >> (i & 63) & 1) != 0; }
  void Set(std::uint32_t i) { words[i >> 6] |= std::uint64_t{1} << (i & 63); }
};

}  // namespace

// Places nodes depth first. Bases and units live in blocks of 256, within which base ^ byte stays;
// only the last few blocks are searched for room, so that building is linear.
class Trie::Builder {
 public:
  explicit Builder(std::vector<Unit>& units) : units_(units) { AddBlock(); }

  void Build(std::span<const Key> keys) {
    blocks_[0].used_units.Set(kRoot);
    units_[kRoot] = {0, kNoValue << 8 | 1};
    std::vector<Range> stack{{kRoot, 0, keys.size(), 0}};
    std::vector<Range> children;
    std::vector<std::uint8_t> labels;
    while (!stack.empty()) {
      Range range = stack.back();
      stack.pop_back();
      if (range.begin < range.end && keys[range.begin].text.size() == range.depth) {
        Unit& unit = units_[range.node];
        unit.value_and_label = keys[range.begin].value << 8 | (unit.value_and_label & 0xFF);
        ++range.begin;
      }
      if (range.begin == range.end) continue;
      labels.clear();
      children.clear();
      for (std::size_t i = range.begin; i < range.end; ++i) {
        const auto label = static_cast<std::uint8_t>(keys[i].text[range.depth]);
        if (labels.empty() || labels.back() != label) {
          labels.push_back(label);
          children.push_back({0, i, i, range.depth + 1});
        }
        children.back().end = i + 1;
      }
      const std::uint32_t base = Place(labels);
      units_[range.node].base = base;
      for (std::size_t i = 0; i < children.size(); ++i) {
        children[i].node = base ^ labels[i];
        stack.push_back(children[i]);
      }
    }
  }

 private:
  static constexpr std::size_t kSearchedBlocks = 8;

  struct Block {
    Bits used_units;
    Bits used_bases;
  };
  struct Range {
    std::uint32_t node;
    std::size_t begin;
    std::size_t end;
    std::size_t depth;
  };

  void AddBlock() {
    // Bases 0 and 1 of a block are never given out. 0 is the base of nodes without children, and
    // only base 1 would reach a free unit along its label.
    for (std::uint32_t i = 0; i < kBlock; ++i) units_.push_back({0, kNoValue << 8 | (i ^ 1)});
    blocks_.push_back({});
    blocks_.back().used_bases.Set(0);
    blocks_.back().used_bases.Set(1);
  }

  // Takes a base that has room for all labels, and the units there.
  std::uint32_t Place(std::span<const std::uint8_t> labels) {
    const std::size_t oldest = blocks_.size() - std::min(blocks_.size(), kSearchedBlocks);
    for (std::size_t b = blocks_.size(); b-- > oldest;) {
      const std::uint32_t base = FindBase(blocks_[b], labels);
      if (base != 0) return Take(b, base, labels);
    }
    AddBlock();
    return Take(blocks_.size() - 1, FindBase(blocks_.back(), labels), labels);
  }

  // The base within the block, or 0.
  static std::uint32_t FindBase(const Block& block, std::span<const std::uint8_t> labels) {
    for (std::uint32_t word = 0; word < 4; ++word) {
      for (std::uint64_t room = ~block.used_units.words[word]; room != 0; room &= room - 1) {
        const std::uint32_t unit = word * 64 + static_cast<std::uint32_t>(std::countr_zero(room));
        const std::uint32_t base = unit ^ labels[0];
        if (block.used_bases.Test(base)) continue;
        if (std::none_of(labels.begin(), labels.end(), [&](std::uint32_t label) {
              return block.used_units.Test(base ^ label);
            })) {
          return base;
        }
      }
    }
    return 0;
  }

  std::uint32_t Take(std::size_t b, std::uint32_t base, std::span<const std::uint8_t> labels) {
    const auto first = static_cast<std::uint32_t>(b) * kBlock;
    blocks_[b].used_bases.Set(base);
    for (const std::uint32_t label : labels) {
      blocks_[b].used_units.Set(base ^ label);
      units_[first | (base ^ label)] = {0, kNoValue << 8 | label};
    }
    return first | base;
  }

  std::vector<Unit>& units_;
  std::vector<Block> blocks_;
};

Trie::Trie(std::vector<Key> keys) {
  SortKeys(keys);
  const auto end = std::unique(keys.begin(), keys.end(),
                               [](const Key& a, const Key& b) { return a.text == b.text; });
  duplicates_ = static_cast<std::size_t>(keys.end() - end);
  keys.erase(end, keys.end());
  Builder(units_).Build(keys);
  units_.shrink_to_fit();
}

std::uint32_t Trie::Descend(std::uint32_t node, std::string_view text) const {
  for (std::size_t i = 0; i < text.size() && node != kNone; ++i) node = Child(node, text[i]);
  return node;
}

std::uint32_t Trie::Find(std::string_view text) const {
  const std::uint32_t node = Descend(kRoot, text);
  return node == kNone ? kNone : Value(node);
}

}  // namespace embd
