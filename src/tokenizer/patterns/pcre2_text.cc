#include "tokenizer/patterns/pcre2_text.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <string_view>

namespace embd {
namespace {

// Far more than sensible expressions need; PCRE2 copies what is repeated.
constexpr std::size_t kMaxExpanded = std::size_t{1} << 18;

class Writer {
 public:
  Writer(const RegexTree& tree, const SymbolMap* map) : tree_(tree), map_(map) {}

  // Returns how much the node is when what is repeated has been copied.
  std::size_t Write(const RegexNode& node) {
    switch (node.kind) {
      case RegexNode::Kind::kSet:
        return WriteSet(node.value);
      case RegexNode::Kind::kSequence:
        return WriteChildren(node, "");
      case RegexNode::Kind::kAlternation:
        return WriteGroup("(?:", node);
      case RegexNode::Kind::kRepeat:
        return WriteRepeat(node);
      case RegexNode::Kind::kCapture:
        return WriteGroup(tree_.has_references ? "(" : "(?:", node);
      case RegexNode::Kind::kAtomic:
        return WriteGroup("(?>", node);
      case RegexNode::Kind::kLookahead:
        return WriteGroup("(?=", node);
      case RegexNode::Kind::kNotLookahead:
        return WriteGroup("(?!", node);
      case RegexNode::Kind::kLookbehind:
        return WriteGroup("(?<=", node);
      case RegexNode::Kind::kNotLookbehind:
        return WriteGroup("(?<!", node);
      case RegexNode::Kind::kReference:
        fmt::format_to(std::back_inserter(text_), "\\g{{{}}}", node.value);
        return 4;
      case RegexNode::Kind::kTextBegin:
        text_ += "\\A";
        return 1;
      case RegexNode::Kind::kTextEnd:
        text_ += "\\z";
        return 1;
    }
    return 0;
  }

  std::string Take() { return std::move(text_); }

 private:
  std::size_t Checked(std::size_t size) const {
    if (size > kMaxExpanded || text_.size() > 8 * kMaxExpanded) {
      throw RegexError("it repeats so much that it grows beyond bounds");
    }
    return size;
  }

  std::size_t WriteChildren(const RegexNode& node, std::string_view separator) {
    std::size_t size = 0;
    for (std::size_t i = 0; i < node.children.size(); ++i) {
      if (i > 0) text_ += separator;
      size = Checked(size + 1 + Write(node.children[i]));
    }
    return size;
  }

  std::size_t WriteGroup(std::string_view opening, const RegexNode& node) {
    text_ += opening;
    // Look-behind may have alternatives of different lengths, but only right inside it.
    const bool unwrap = node.kind != RegexNode::Kind::kAlternation && node.children.size() == 1 &&
                        node.children[0].kind == RegexNode::Kind::kAlternation;
    if (unwrap) {
      const std::size_t size = WriteChildren(node.children[0], "|");
      text_ += ')';
      return size + 4;
    }
    const bool choice = node.kind == RegexNode::Kind::kAlternation;
    const std::size_t size = WriteChildren(node, choice ? "|" : "");
    text_ += ')';
    return size + 4;
  }

  std::size_t WriteRepeat(const RegexNode& node) {
    const RegexNode& child = node.children[0];
    const bool copies = child.kind != RegexNode::Kind::kSet;
    std::size_t size = copies ? WriteGroup("(?:", node) : Write(child);
    if (node.max == RegexNode::kUnlimited) {
      fmt::format_to(std::back_inserter(text_), "{{{},}}", node.min);
    } else {
      fmt::format_to(std::back_inserter(text_), "{{{},{}}}", node.min, node.max);
    }
    if (node.mode == RegexNode::Mode::kLazy) text_ += '?';
    if (node.mode == RegexNode::Mode::kPossessive) text_ += '+';
    if (copies) {
      const bool limited = node.max != RegexNode::kUnlimited;
      size *= std::max<std::size_t>(1, limited ? node.max : node.min);
    }
    return Checked(size + 4);
  }

  std::size_t WriteSet(std::uint32_t set) {
    const std::size_t before = text_.size();
    text_ += '[';
    if (map_ == nullptr) {
      for (const CharRange& range : tree_.sets[set].ranges()) WriteRange(range.first, range.last);
    } else {
      const std::vector<std::uint16_t>& symbols = map_->SymbolsOf(set);
      for (std::size_t i = 0; i < symbols.size();) {
        std::size_t end = i + 1;
        while (end < symbols.size() && symbols[end] == symbols[end - 1] + 1) ++end;
        WriteRange(symbols[i], symbols[end - 1]);
        i = end;
      }
    }
    text_ += ']';
    // An empty class is none to PCRE2.
    if (text_.size() == before + 2) text_.replace(before, 2, "(?!)");
    return Checked(text_.size() - before);
  }

  void WriteRange(std::uint32_t first, std::uint32_t last) {
    fmt::format_to(std::back_inserter(text_), "\\x{{{:x}}}", first);
    if (last > first) fmt::format_to(std::back_inserter(text_), "-\\x{{{:x}}}", last);
  }

  const RegexTree& tree_;
  const SymbolMap* map_;
  std::string text_;
};

}  // namespace

std::string Pcre2Text(const RegexTree& tree, const SymbolMap* map) {
  Writer writer(tree, map);
  writer.Write(tree.root);
  return writer.Take();
}

}  // namespace embd
