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

struct SortEntry {
  std::uint64_t prefix;
  std::uint32_t index;
};

// Byte by byte from the last: a few passes over the entries, where comparing takes many.
void SortByPrefix(std::vector<SortEntry>& entries) {
  std::vector<SortEntry> sorted(entries.size());
  for (int shift = 0; shift < 64; shift += 8) {
    std::array<std::size_t, 257> begins{};
    for (const SortEntry& entry : entries) ++begins[(entry.prefix >> shift & 0xFF) + 1];
    for (std::size_t i = 1; i < begins.size(); ++i) begins[i] += begins[i - 1];
    for (const SortEntry& entry : entries) sorted[begins[entry.prefix >> shift & 0xFF]++] = entry;
    entries.swap(sorted);
  }
}

void SortKeys(std::vector<Trie::Key>& keys) {
  std::vector<SortEntry> entries;
  entries.reserve(keys.size());
  for (const Trie::Key& key : keys) {
    entries.push_back({SortPrefix(key.text), static_cast<std::uint32_t>(entries.size())});
  }
  SortByPrefix(entries);
  std::vector<Trie::Key> sorted;
  sorted.reserve(keys.size());
  for (const SortEntry& entry : entries) sorted.push_back(keys[entry.index]);
  // Keys with the same first bytes stand together now.
  for (std::size_t begin = 0; begin < entries.size();) {
    std::size_t end = begin + 1;
    while (end < entries.size() && entries[end].prefix == entries[begin].prefix) ++end;
    const auto at = [&sorted](std::size_t i) {
      return sorted.begin() + static_cast<std::ptrdiff_t>(i);
    };
    if (end - begin > 1) {
      std::sort(at(begin), at(end),
                [](const Trie::Key& a, const Trie::Key& b) { return a.text < b.text; });
    }
    begin = end;
  }
  keys = std::move(sorted);
}

constexpr std::uint32_t kBlock = 256;

// Which of the 256 units or bases of a block are taken.
struct Bits {
  std::array<std::uint64_t, 4> words{};

  void Set(std::uint32_t i) { words[i >> 6] |= std::uint64_t{1} << (i & 63); }

  bool Has(std::uint32_t i) const { return (words[i >> 6] >> (i & 63) & 1) != 0; }

  // The set of all i ^ label: bits change places within words, then words do.
  Bits Moved(std::uint8_t label) const {
    constexpr std::uint64_t kLowHalves[] = {0x5555555555555555, 0x3333333333333333,
                                            0x0F0F0F0F0F0F0F0F, 0x00FF00FF00FF00FF,
                                            0x0000FFFF0000FFFF, 0x00000000FFFFFFFF};
    Bits moved;
    for (std::size_t w = 0; w < words.size(); ++w) moved.words[w] = words[w ^ label >> 6];
    for (unsigned bit = 0; bit < 6; ++bit) {
      if ((label >> bit & 1) == 0) continue;
      const unsigned shift = 1u << bit;
      for (std::uint64_t& word : moved.words) {
        word = (word >> shift & kLowHalves[bit]) | (word & kLowHalves[bit]) << shift;
      }
    }
    return moved;
  }
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
  // A search that looks into more blocks saves little room and takes long.
  static constexpr std::size_t kSearchedBlocks = 4;

  struct Block {
    Bits used_units;
    Bits used_bases;
    std::size_t free_units = kBlock;
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
      if (blocks_[b].free_units < labels.size()) continue;
      const std::uint32_t base = FindBase(blocks_[b], labels);
      if (base != 0) return Take(b, base, labels);
    }
    AddBlock();
    return Take(blocks_.size() - 1, FindBase(blocks_.back(), labels), labels);
  }

  // The lowest base within the block for which all labels lead to free units, or 0.
  static std::uint32_t FindBase(const Block& block, std::span<const std::uint8_t> labels) {
    if (labels.size() == 1) return FindBase(block, labels[0]);
    Bits taken = block.used_bases;
    for (const std::uint8_t label : labels) {
      const Bits moved = block.used_units.Moved(label);
      for (std::size_t w = 0; w < taken.words.size(); ++w) taken.words[w] |= moved.words[w];
    }
    for (std::uint32_t w = 0; w < taken.words.size(); ++w) {
      if (~taken.words[w] == 0) continue;
      return w * 64 + static_cast<std::uint32_t>(std::countr_one(taken.words[w]));
    }
    return 0;
  }

  // Some base for one label, as most nodes have it.
  static std::uint32_t FindBase(const Block& block, std::uint32_t label) {
    for (std::uint32_t w = 0; w < block.used_units.words.size(); ++w) {
      for (std::uint64_t free = ~block.used_units.words[w]; free != 0; free &= free - 1) {
        const std::uint32_t unit = w * 64 + static_cast<std::uint32_t>(std::countr_zero(free));
        if (!block.used_bases.Has(unit ^ label)) return unit ^ label;
      }
    }
    return 0;
  }

  std::uint32_t Take(std::size_t b, std::uint32_t base, std::span<const std::uint8_t> labels) {
    const auto first = static_cast<std::uint32_t>(b) * kBlock;
    blocks_[b].used_bases.Set(base);
    blocks_[b].free_units -= labels.size();
    for (const std::uint32_t label : labels) {
      blocks_[b].used_units.Set(base ^ label);
      units_[first | (base ^ label)] = {0, kNoValue << 8 | label};
    }
    return first | base;
  }

  std::vector<Unit>& units_;
  std::vector<Block> blocks_;
};

// Copies the texts one after the other and lets the keys point there: building reads every text
// byte by byte, in the order of the keys.
std::string Trie::Gather(std::vector<Key>& keys) {
  std::size_t size = 0;
  for (const Key& key : keys) size += key.text.size();
  std::string pool;
  pool.reserve(size);
  for (Key& key : keys) {
    const std::size_t begin = pool.size();
    pool += key.text;
    key.text = {pool.data() + begin, key.text.size()};
  }
  return pool;
}

Trie::Trie(std::vector<Key> keys) {
  SortKeys(keys);
  const std::string pool = Gather(keys);
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
