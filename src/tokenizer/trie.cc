#include "tokenizer/trie.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>
#include <string>

#include "base/page_allocator.h"

namespace embd {
namespace {

template <typename T>
using PageVector = std::vector<T, PageAllocator<T>>;

// The first eight bytes, as far as there are so many, in the order of the strings: sorting by it
// settles almost every comparison.
std::uint64_t SortPrefix(std::string_view text) {
  constexpr std::size_t kBytes = sizeof(std::uint64_t);
  const std::size_t size = std::min(text.size(), kBytes);
  std::uint64_t word = 0;
  if (size == kBytes) {
    std::memcpy(&word, text.data(), kBytes);
  } else if (size >= kBytes / 2) {
    std::uint32_t first = 0;
    std::uint32_t last = 0;
    std::memcpy(&first, text.data(), sizeof(first));
    std::memcpy(&last, text.data() + size - sizeof(last), sizeof(last));
    word = first | std::uint64_t{last} << 8 * (size - sizeof(last));
  } else {
    for (std::size_t i = 0; i < size; ++i) {
      word |= std::uint64_t{static_cast<std::uint8_t>(text[i])} << 8 * i;
    }
  }
  return __builtin_bswap64(word);
}

struct SortEntry {
  std::uint64_t prefix;
  std::uint32_t index;
};

// Byte by byte from the last: a few passes over the entries, where comparing takes many.
void SortByPrefix(PageVector<SortEntry>& entries) {
  constexpr std::size_t kBytes = sizeof(std::uint64_t);
  std::array<std::array<std::uint32_t, 257>, kBytes> begins{};
  for (const SortEntry& entry : entries) {
    for (std::size_t i = 0; i < kBytes; ++i) ++begins[i][(entry.prefix >> 8 * i & 0xFF) + 1];
  }
  PageVector<SortEntry> sorted(entries.size());
  for (std::size_t i = 0; i < kBytes; ++i) {
    for (std::size_t byte = 1; byte < begins[i].size(); ++byte) {
      begins[i][byte] += begins[i][byte - 1];
    }
    for (const SortEntry& entry : entries) {
      sorted[begins[i][entry.prefix >> 8 * i & 0xFF]++] = entry;
    }
    entries.swap(sorted);
  }
}

// May read up to eight bytes behind either.
std::size_t CommonPrefix(std::string_view a, std::string_view b) {
  const std::size_t size = std::min(a.size(), b.size());
  for (std::size_t at = 0; at < size; at += sizeof(std::uint64_t)) {
    std::uint64_t words[2];
    std::memcpy(&words[0], a.data() + at, sizeof(words[0]));
    std::memcpy(&words[1], b.data() + at, sizeof(words[1]));
    if (const std::uint64_t difference = words[0] ^ words[1]; difference != 0) {
      return std::min(size, at + static_cast<std::size_t>(std::countr_zero(difference)) / 8);
    }
  }
  return size;
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

// The keys in order, each once, their texts close together: building reads every byte of them, in
// this order.
class Trie::SortedKeys {
 public:
  explicit SortedKeys(std::span<const Key> keys) {
    PageVector<SortEntry> entries;
    entries.reserve(keys.size());
    for (const Key& key : keys) {
      entries.push_back({SortPrefix(key.text), static_cast<std::uint32_t>(entries.size())});
    }
    SortByPrefix(entries);
    Gather(keys, entries);
    // Keys with the same first bytes stand together now, in the order in which they came.
    for (std::size_t begin = 0; begin < entries.size();) {
      std::size_t end = begin + 1;
      while (end < entries.size() && entries[end].prefix == entries[begin].prefix) ++end;
      if (end - begin > 1) SortTexts(begin, end);
      begin = end;
    }
    Unite();
  }

  std::size_t size() const { return keys_.size(); }
  // Of all texts together.
  std::size_t bytes() const { return pool_.size() - kPadding; }
  std::string_view Text(std::size_t i) const { return Text(keys_[i]); }
  std::uint8_t Byte(std::size_t i, std::size_t at) const {
    return static_cast<std::uint8_t>(pool_[keys_[i].begin + at]);
  }
  std::size_t Length(std::size_t i) const { return keys_[i].length; }
  // How many bytes key i starts with as the key before it does.
  std::size_t Common(std::size_t i) const { return keys_[i].common; }
  std::uint32_t Value(std::size_t i) const { return keys_[i].value; }

 private:
  struct SortedKey {
    std::uint32_t begin;  // in the pool
    std::uint32_t length;
    std::uint32_t common;
    std::uint32_t value;
  };

  // Takes over the keys in the order of `entries`.
  void Gather(std::span<const Key> keys, std::span<const SortEntry> entries) {
    std::size_t bytes = 0;
    for (const Key& key : keys) bytes += key.text.size();
    pool_.resize(bytes + kPadding);
    keys_.reserve(keys.size());
    std::size_t at = 0;
    for (std::size_t i = 0; i < entries.size(); ++i) {
      // The texts lie all over the memory: without this each is waited for.
      if (i + 2 * kAhead < entries.size()) __builtin_prefetch(&keys[entries[i + 2 * kAhead].index]);
      if (i + kAhead < entries.size()) {
        __builtin_prefetch(keys[entries[i + kAhead].index].text.data());
      }
      const Key& key = keys[entries[i].index];
      keys_.push_back({static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(key.text.size()),
                       0, key.value});
      std::memcpy(pool_.data() + at, key.text.data(), key.text.size());
      at += key.text.size();
    }
  }

  // By what follows the bytes that they have in common; equal ones as they came.
  void SortTexts(std::size_t begin, std::size_t end) {
    const std::span<SortedKey> part = std::span(keys_).subspan(begin, end - begin);
    const auto rest = [this](const SortedKey& key) {
      const std::string_view text = Text(key);
      return text.substr(std::min(text.size(), sizeof(std::uint64_t)));
    };
    std::sort(part.begin(), part.end(), [&](const SortedKey& a, const SortedKey& b) {
      const std::uint64_t prefix_a = SortPrefix(rest(a));
      const std::uint64_t prefix_b = SortPrefix(rest(b));
      if (prefix_a != prefix_b) return prefix_a < prefix_b;
      const int order = Text(a).compare(Text(b));
      return order != 0 ? order < 0 : a.begin < b.begin;
    });
  }

  // Of equal keys leaves the last one.
  void Unite() {
    std::size_t count = 0;
    std::string_view last = Text(SortedKey{});
    for (SortedKey& key : keys_) {
      const std::string_view text = Text(key);
      const std::size_t common = CommonPrefix(last, text);
      if (count > 0 && common == text.size() && common == last.size()) {
        keys_[count - 1].value = key.value;
        continue;
      }
      key.common = static_cast<std::uint32_t>(common);
      keys_[count++] = key;
      last = text;
    }
    keys_.resize(count);
  }

  std::string_view Text(const SortedKey& key) const {
    return {pool_.data() + key.begin, key.length};
  }

  static constexpr std::size_t kAhead = 16;
  static constexpr std::size_t kPadding = sizeof(std::uint64_t);

  PageVector<char> pool_;
  PageVector<SortedKey> keys_;
};

// Takes the keys in order and places a node's children once the last of them is known, so the
// deepest first. Bases and units live in blocks of 256, within which base ^ byte stays; only the
// last few blocks are searched for room, so that building is linear.
class Trie::Builder {
 public:
  Builder(std::vector<Unit>& units, std::string& tails, std::string_view branch)
      : units_(units), tails_(tails), branch_(branch) {
    AddBlock();
    blocks_[0].used_units.Set(kRoot);
  }

  // Gives the node behind the branch.
  std::uint32_t Build(const SortedKeys& keys) {
    open_.push_back({0, kNoValue});
    for (std::size_t i = 0; i < keys.size(); ++i) {
      const std::size_t shared_with_next = i + 1 < keys.size() ? keys.Common(i + 1) : 0;
      Add(keys.Text(i), keys.Value(i), std::max(keys.Common(i), shared_with_next));
      while (open_.size() > shared_with_next + 1) Close(keys.Text(i));
    }
    units_[kRoot] = {PlaceChildren(open_.front()), kNoValue << 8 | 1};
    if (branch_.empty() && keys.size() > 0) return kRoot;
    return branch_node_;
  }

 private:
  // A search that looks into more blocks saves little room and takes long.
  static constexpr std::size_t kSearchedBlocks = 4;
  static constexpr std::size_t kLongestTail = 255;
  static constexpr std::size_t kNotClosed = std::numeric_limits<std::size_t>::max();

  struct Block {
    Bits used_units;
    Bits used_bases;
    std::size_t free_units = kBlock;
  };
  // A node on the way to the last key, as deep as it stands in open_, which may get more children.
  struct OpenNode {
    std::size_t first_child;  // in closed_
    std::uint32_t value;
  };

  // Adds a key that has `shared` bytes in common with one of its neighbours.
  void Add(std::string_view text, std::uint32_t value, std::size_t shared) {
    // What can be looked from is no tail.
    if (shared < branch_.size() && text.starts_with(branch_)) {
      shared = std::min(branch_.size(), text.size() - 1);
    }
    if (text.size() - shared > kLongestTail + 1) shared = text.size() - kLongestTail - 1;
    while (open_.size() <= shared) open_.push_back({closed_.size(), kNoValue});
    if (shared == text.size()) {
      open_.back().value = value;
      return;
    }
    const std::string_view tail = text.substr(shared + 1);
    std::uint32_t base = 0;
    if (!tail.empty()) {
      base = kTail + static_cast<std::uint32_t>(tails_.size());
      tails_ += static_cast<char>(tail.size());
      tails_ += tail;
    }
    PushClosed(text[shared], base, value);
  }

  // Places what follows the deepest open node, which lies on the way to `text`.
  void Close(std::string_view text) {
    const std::size_t depth = open_.size() - 1;
    const OpenNode node = open_.back();
    open_.pop_back();
    const std::uint32_t base = PlaceChildren(node);
    if (depth == branch_.size() && text.starts_with(branch_)) branch_child_ = closed_.size();
    PushClosed(text[depth - 1], base, node.value);
  }

  void PushClosed(char label, std::uint32_t base, std::uint32_t value) {
    labels_.push_back(static_cast<std::uint8_t>(label));
    closed_.push_back({base, value << 8 | labels_.back()});
  }

  // Gives the base of the children of `node`, the last closed ones; 0 when it has none.
  std::uint32_t PlaceChildren(const OpenNode& node) {
    if (node.first_child == closed_.size()) return 0;
    const std::uint32_t base = Place(std::span(labels_).subspan(node.first_child));
    for (std::size_t i = node.first_child; i < closed_.size(); ++i) {
      units_[base ^ labels_[i]] = closed_[i];
      if (i == branch_child_) branch_node_ = base ^ labels_[i];
    }
    if (branch_child_ >= node.first_child) branch_child_ = kNotClosed;
    labels_.resize(node.first_child);
    closed_.resize(node.first_child);
    return base;
  }

  void AddBlock() {
    // Bases 0 and 1 of a block are never given out. 0 is the base of nodes without children, and
    // only base 1 would reach a free unit along its label.
    for (std::uint32_t i = 0; i < kBlock; ++i) units_.push_back({0, kNoValue << 8 | (i ^ 1)});
    blocks_.push_back({});
    blocks_.back().used_bases.Set(0);
    blocks_.back().used_bases.Set(1);
  }

  // Takes a base that has room for all labels, and the units there. Single labels, which most nodes
  // have, fill up the oldest of the blocks; where more are to fit, the latest has most room.
  std::uint32_t Place(std::span<const std::uint8_t> labels) {
    const std::size_t count = std::min(blocks_.size(), kSearchedBlocks);
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t b =
          labels.size() == 1 ? blocks_.size() - count + i : blocks_.size() - 1 - i;
      if (blocks_[b].free_units < labels.size()) continue;
      const std::uint32_t base = FindBase(blocks_[b], labels);
      if (base != 0) return Take(b, base, labels);
    }
    AddBlock();
    return Take(blocks_.size() - 1, FindBase(blocks_.back(), labels), labels);
  }

  // A base within the block for which all labels lead to free units, or 0.
  static std::uint32_t FindBase(const Block& block, std::span<const std::uint8_t> labels) {
    // Few labels find room sooner by trying, many by moving whole sets.
    constexpr std::size_t kFew = 4;
    return labels.size() <= kFew ? TryBases(block, labels) : LowestBase(block, labels);
  }

  static std::uint32_t LowestBase(const Block& block, std::span<const std::uint8_t> labels) {
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

  static std::uint32_t TryBases(const Block& block, std::span<const std::uint8_t> labels) {
    const auto fits = [&](std::uint32_t base) {
      if (block.used_bases.Has(base)) return false;
      for (const std::uint32_t label : labels.subspan(1)) {
        if (block.used_units.Has(base ^ label)) return false;
      }
      return true;
    };
    for (std::uint32_t w = 0; w < block.used_units.words.size(); ++w) {
      for (std::uint64_t free = ~block.used_units.words[w]; free != 0; free &= free - 1) {
        const std::uint32_t unit = w * 64 + static_cast<std::uint32_t>(std::countr_zero(free));
        if (fits(unit ^ labels[0])) return unit ^ labels[0];
      }
    }
    return 0;
  }

  std::uint32_t Take(std::size_t b, std::uint32_t base, std::span<const std::uint8_t> labels) {
    const auto first = static_cast<std::uint32_t>(b) * kBlock;
    blocks_[b].used_bases.Set(base);
    blocks_[b].free_units -= labels.size();
    for (const std::uint32_t label : labels) blocks_[b].used_units.Set(base ^ label);
    return first | base;
  }

  std::vector<Unit>& units_;
  std::string& tails_;
  std::string_view branch_;
  std::vector<Block> blocks_;
  std::vector<OpenNode> open_;
  // The nodes whose children are placed but not they themselves, with their labels.
  std::vector<Unit> closed_;
  std::vector<std::uint8_t> labels_;
  std::size_t branch_child_ = kNotClosed;  // which of them is the node behind the branch
  std::uint32_t branch_node_ = kNone;
};

Trie::Trie(std::span<const Key> keys, std::string_view branch) {
  const SortedKeys sorted(keys);
  duplicates_ = keys.size() - sorted.size();
  // About as many nodes as there are; growing would copy them several times.
  units_.reserve(std::min(sorted.bytes(), 2 * sorted.size()) + kBlock);
  branch_ = Builder(units_, tails_, branch).Build(sorted);
  units_.shrink_to_fit();
  tails_.shrink_to_fit();
}

}  // namespace embd
