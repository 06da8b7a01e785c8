#include "tokenizer/models/bpe_merge.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace embd {
namespace {

using Link = BpeMergeScratch::Link;
using Candidate = BpeMergeScratch::Candidate;

constexpr std::size_t kShortWord = 24;  // symbols; above, a queue is faster
constexpr std::size_t kWindow = 4096;   // symbols that are merged together in a long word
constexpr std::size_t kOverlap = 64;    // of windows, at first; more where they disagree

std::uint32_t Emit(std::uint32_t id, std::uint32_t length, std::uint32_t begin,
                   std::vector<Token>& out) {
  out.push_back({id, {begin, begin + length}});
  return begin + length;
}

// Looks at all neighbours again after each merge.
void MergeShort(const MergeTable& merges, std::span<BpeSymbol> symbols, std::uint32_t begin,
                std::vector<Token>& out) {
  std::array<MergeTable::Merge, kShortWord> found;
  std::size_t count = symbols.size();
  const auto look = [&](std::size_t i) {
    found[i] = i + 1 < count ? merges.Find(symbols[i].id, symbols[i + 1].id) : MergeTable::Merge{};
  };
  for (std::size_t i = 0; i < count; ++i) look(i);
  while (count > 1) {
    std::size_t best = 0;
    for (std::size_t i = 1; i + 1 < count; ++i) {
      if (found[i].rank < found[best].rank) best = i;
    }
    if (found[best].rank == MergeTable::kNone) break;
    symbols[best].id = found[best].merged;
    symbols[best].length += symbols[best + 1].length;
    for (std::size_t i = best + 1; i + 1 < count; ++i) {
      symbols[i] = symbols[i + 1];
      found[i] = found[i + 1];
    }
    --count;
    look(best);
    if (best > 0) look(best - 1);
  }
  for (const BpeSymbol& symbol : symbols.first(count)) {
    begin = Emit(symbol.id, symbol.length, begin, out);
  }
}

// The first candidate of a heap is the one with the lowest rank, then the leftmost.
bool ComesLater(const Candidate& a, const Candidate& b) {
  return a.rank != b.rank ? a.rank > b.rank : a.position > b.position;
}

// Merges `symbols` with a queue. A link stands where its first symbol did.
void MergeQueued(const MergeTable& merges, std::span<const BpeSymbol> symbols,
                 std::vector<Link>& links, std::vector<Candidate>& queue) {
  links.clear();
  queue.clear();
  const auto consider = [&](std::int32_t left, std::int32_t right) {
    if (left < 0 || right < 0) return false;
    const MergeTable::Merge merge = merges.Find(links[static_cast<std::size_t>(left)].id,
                                                links[static_cast<std::size_t>(right)].id);
    if (merge.rank == MergeTable::kNone) return false;
    queue.push_back({merge.rank, static_cast<std::uint32_t>(left), merge.merged});
    return true;
  };
  const auto count = static_cast<std::int32_t>(symbols.size());
  for (std::int32_t i = 0; i < count; ++i) {
    const BpeSymbol& symbol = symbols[static_cast<std::size_t>(i)];
    links.push_back({symbol.id, symbol.length, i - 1, i + 1 < count ? i + 1 : -1});
    if (i > 0) consider(i - 1, i);
  }
  std::make_heap(queue.begin(), queue.end(), ComesLater);
  while (!queue.empty()) {
    std::pop_heap(queue.begin(), queue.end(), ComesLater);
    const Candidate top = queue.back();
    queue.pop_back();
    Link& left = links[top.position];
    if (left.length == 0 || left.next < 0) continue;
    Link& right = links[static_cast<std::size_t>(left.next)];
    const MergeTable::Merge merge = merges.Find(left.id, right.id);
    if (merge.rank == MergeTable::kNone || merge.merged != top.merged) continue;  // outdated
    left.id = top.merged;
    left.length += right.length;
    left.next = right.next;
    right.length = 0;
    const auto here = static_cast<std::int32_t>(top.position);
    if (left.next >= 0) links[static_cast<std::size_t>(left.next)].previous = here;
    if (consider(left.previous, here)) std::push_heap(queue.begin(), queue.end(), ComesLater);
    if (consider(here, left.next)) std::push_heap(queue.begin(), queue.end(), ComesLater);
  }
}

std::uint32_t EmitLinks(std::span<const Link> links, std::uint32_t begin, std::vector<Token>& out) {
  for (const Link& link : links) {
    if (link.length > 0) begin = Emit(link.id, link.length, begin, out);
  }
  return begin;
}

// Merges window by window. In the result of a window no merge crosses the border of two neighbours,
// and whether one would depends on nothing but these two: so tokens are those of the whole
// word if each pair of neighbours is one in the result of some window. Windows overlap, the next
// one starting where a token of the last one does; where both have the same token in the same
// place, the word goes on with the next one. False, with rubbish appended, when there is none.
bool MergeInWindows(const MergeTable& merges, std::span<const BpeSymbol> symbols,
                    std::uint32_t begin, BpeMergeScratch& scratch, std::vector<Token>& out) {
  std::vector<Link>& links = scratch.links;
  std::vector<Link>& next = scratch.next_links;
  const auto window = [&](std::size_t from) {
    return symbols.subspan(from, std::min(kWindow, symbols.size() - from));
  };
  std::size_t first = 0;  // symbol of the window
  std::size_t from = 0;   // link from which on tokens have not been appended yet
  MergeQueued(merges, window(0), links, scratch.queue);
  while (first + links.size() < symbols.size()) {
    bool joined = false;
    for (std::size_t overlap = kOverlap; !joined && overlap < kWindow; overlap *= 4) {
      std::size_t start = links.size() - overlap;
      while (links[start].length == 0) --start;
      if (start <= from) return false;
      MergeQueued(merges, window(first + start), next, scratch.queue);
      for (std::size_t i = 0; !joined && start + i < links.size(); ++i) {
        joined = next[i].length != 0 && next[i].length == links[start + i].length &&
                 next[i].id == links[start + i].id;
        if (!joined) continue;
        begin = EmitLinks(std::span(links).subspan(from, start + i - from), begin, out);
        links.swap(next);
        first += start;
        from = i;
        break;
      }
    }
    if (!joined) return false;
  }
  EmitLinks(std::span(links).subspan(from), begin, out);
  return true;
}

}  // namespace

void MergeSymbols(const MergeTable& merges, MergeTexts texts, std::span<BpeSymbol> symbols,
                  std::uint32_t begin, BpeMergeScratch& scratch, std::vector<Token>& out) {
  if (symbols.size() <= kShortWord) {
    MergeShort(merges, symbols, begin, out);
    return;
  }
  if (symbols.size() > kWindow && texts == MergeTexts::kConcatenated) {
    const std::size_t mark = out.size();
    if (MergeInWindows(merges, symbols, begin, scratch, out)) return;
    out.resize(mark);
  }
  MergeQueued(merges, symbols, scratch.links, scratch.queue);
  EmitLinks(scratch.links, begin, out);
}

}  // namespace embd
