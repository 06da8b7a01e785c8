#include "tokenizer/patterns/pcre2_pattern.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#define PCRE2_CODE_UNIT_WIDTH 32
#include <pcre2.h>

#include "tokenizer/patterns/pcre2_text.h"
#include "tokenizer/patterns/search_budget.h"
#include "tokenizer/patterns/symbol_map.h"
#include "unicode/utf8.h"

namespace embd {
namespace {

// An attempt to match first sees only so many characters, and may take only so many steps. If
// that does not do, it starts over with four times as much, which is then counted.
constexpr std::size_t kFirstWindow = 64;
constexpr std::uint32_t kFirstLimit = 512;
// A step that goes through a run, or compares with what a group has matched, may take as long as
// that is.
constexpr std::uint32_t kFirstLimitOfLongSteps = 64;
// Going through a run is quick, and not every step does it.
constexpr std::int64_t kRunsInBudget = 16;
// PCRE2 counts one step for a run. One that is not longer is as good as one character.
constexpr std::uint32_t kShortRun = 16;
// What looks back goes beyond the characters that an attempt sees, and is one step.
constexpr std::uint32_t kMaxLookbehind = 255;
constexpr std::uint32_t kHeapLimitKib = 64 << 10;

template <auto Free>
struct Freer {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Code = std::unique_ptr<pcre2_code, Freer<pcre2_code_free>>;
using MatchData = std::unique_ptr<pcre2_match_data, Freer<pcre2_match_data_free>>;
using MatchContext = std::unique_ptr<pcre2_match_context, Freer<pcre2_match_context_free>>;

std::string Message(int error) {
  std::array<PCRE2_UCHAR, 256> text{};
  pcre2_get_error_message(error, text.data(), text.size());
  std::string result;
  for (const PCRE2_UCHAR c : text) {
    if (c == 0) break;
    result += static_cast<char>(c);
  }
  return result;
}

// `text` is ASCII.
Code Compile(std::string_view text, std::uint32_t options) {
  std::vector<PCRE2_UCHAR> units(text.begin(), text.end());
  units.push_back(0);  // so that there is an address also when there is no text
  int error = 0;
  PCRE2_SIZE offset = 0;
  Code code(pcre2_compile(units.data(), text.size(), options, &error, &offset, nullptr));
  if (!code) throw RegexError(fmt::format("PCRE2 refuses it: {}", Message(error)));
  return code;
}

// Tells whether one attempt to match can go through a run of characters again and again: in a
// repeated group, or after what can match in several ways. If not, it does so once for each run
// that the expression has.
class RerunFinder {
 public:
  static bool Find(const RegexNode& root) {
    RerunFinder finder;
    finder.Visit(root);
    return finder.found_;
  }

 private:
  using Kind = RegexNode::Kind;

  void Visit(const RegexNode& node) {
    const bool before = repeated_;
    switch (node.kind) {
      case Kind::kRepeat:
        return VisitRepeat(node);
      case Kind::kAlternation:
        for (const RegexNode& child : node.children) {
          repeated_ = before;
          Visit(child);
        }
        repeated_ = true;
        return;
      case Kind::kSequence:
      case Kind::kCapture:
        for (const RegexNode& child : node.children) Visit(child);
        return;
      default:  // is never entered a second time
        for (const RegexNode& child : node.children) Visit(child);
        repeated_ = before;
    }
  }

  void VisitRepeat(const RegexNode& node) {
    if (node.children[0].kind == Kind::kSet) {
      found_ = found_ || (repeated_ && node.max > kShortRun);
    } else {
      repeated_ = repeated_ || node.max > 1;
      Visit(node.children[0]);
    }
    if (node.min != node.max && node.mode != RegexNode::Mode::kPossessive) repeated_ = true;
  }

  bool repeated_ = false;  // whether what comes next can be
  bool found_ = false;
};

// The text as PCRE2 sees it.
struct Subject {
  std::vector<std::uint32_t> units;   // symbols or characters
  std::vector<std::uint32_t> places;  // where each starts in the text, and the text's end
  std::size_t size() const { return units.size(); }
};

}  // namespace

class Pcre2Pattern::Engine {
 public:
  explicit Engine(const RegexTree& tree)
      : has_references_(tree.has_references), has_reruns_(RerunFinder::Find(tree.root)) {
    // References compare characters: then nothing less than these will do.
    if (!tree.has_references) map_.emplace(tree.sets);
    const std::string text = Pcre2Text(tree, map_ ? &*map_ : nullptr);
    code_ = Compile(text, PCRE2_ANCHORED | PCRE2_NO_START_OPTIMIZE);
    std::uint32_t lookbehind = 0;
    pcre2_pattern_info(code_.get(), PCRE2_INFO_MAXLOOKBEHIND, &lookbehind);
    if (lookbehind > kMaxLookbehind) {
      throw RegexError(fmt::format("it looks {} characters behind; at most {} are possible",
                                   lookbehind, kMaxLookbehind));
    }
    // Without it the interpreter does.
    pcre2_jit_compile(code_.get(), PCRE2_JIT_COMPLETE | PCRE2_JIT_PARTIAL_HARD);
    FindFirstUnits(text);
  }

  const pcre2_code* code() const { return code_.get(); }
  bool CanStartWith(std::uint32_t unit) const { return first_[std::min<std::uint32_t>(unit, 255)]; }
  // Whether a step may take as long as all that an attempt sees.
  bool has_long_steps() const { return has_references_ || has_reruns_; }
  std::int64_t Budget(std::size_t size) const {
    return SearchBudget(size) * (has_reruns_ && !has_references_ ? kRunsInBudget : 1);
  }
  bool can_be_empty() const { return can_be_empty_; }

  Subject Prepare(std::string_view text) const {
    Subject subject;
    subject.units.reserve(text.size());
    subject.places.reserve(text.size() + 1);
    for (std::size_t at = 0; at < text.size();) {
      const unicode::DecodedChar c = unicode::DecodeValid(text.data() + at);
      subject.units.push_back(map_ ? map_->SymbolOf(c.scalar) : c.scalar);
      subject.places.push_back(static_cast<std::uint32_t>(at));
      at += c.length;
    }
    subject.places.push_back(static_cast<std::uint32_t>(text.size()));
    return subject;
  }

 private:
  // Which units (255 stands for itself and all above) a match can start with.
  void FindFirstUnits(const std::string& text) {
    const Code code = Compile(text, 0);
    std::uint32_t value = 0;
    pcre2_pattern_info(code.get(), PCRE2_INFO_MATCHEMPTY, &value);
    can_be_empty_ = value != 0;
    first_.fill(true);
    const std::uint8_t* bitmap = nullptr;
    pcre2_pattern_info(code.get(), PCRE2_INFO_FIRSTBITMAP, &bitmap);
    pcre2_pattern_info(code.get(), PCRE2_INFO_FIRSTCODETYPE, &value);
    if (value == 1) {
      pcre2_pattern_info(code.get(), PCRE2_INFO_FIRSTCODEUNIT, &value);
      first_.fill(false);
      first_[std::min<std::uint32_t>(value, 255)] = true;
    } else if (bitmap != nullptr) {
      for (std::size_t i = 0; i < 256; ++i) first_[i] = (bitmap[i / 8] >> (i % 8) & 1) != 0;
    }
  }

  bool has_references_;  // then the subject is made of characters, not symbols
  bool has_reruns_;
  std::optional<SymbolMap> map_;
  Code code_;
  std::array<bool, 256> first_{};
  bool can_be_empty_ = false;
};

namespace {

// One search through one text, within a budget of steps.
class Search {
 public:
  Search(const pcre2_code* code, bool has_long_steps, std::int64_t budget, const Subject& subject)
      : code_(code),
        has_long_steps_(has_long_steps),
        subject_(subject),
        data_(pcre2_match_data_create(1, nullptr)),
        context_(pcre2_match_context_create(nullptr)),
        steps_left_(budget) {
    if (context_) pcre2_set_heap_limit(context_.get(), kHeapLimitKib);
  }

  enum class Outcome : std::uint8_t { kMatch, kNoMatch, kTooMuch };

  // Matches what starts at `begin`; `end` is where a match ends.
  Outcome MatchAt(std::size_t begin, std::size_t& end) {
    std::size_t window = kFirstWindow;
    std::uint32_t limit = has_long_steps_ ? kFirstLimitOfLongSteps : kFirstLimit;
    std::uint32_t options = 0;
    if (!data_ || !context_) return Outcome::kTooMuch;
    for (;;) {
      const bool whole = window >= subject_.size() - begin;
      const std::size_t visible = whole ? subject_.size() : begin + window;
      pcre2_set_match_limit(context_.get(), limit);
      const int rc =
          pcre2_match(code_, subject_.units.data(), visible, begin,
                      options | (whole ? 0 : PCRE2_PARTIAL_HARD), data_.get(), context_.get());
      if (rc >= 0) {
        end = pcre2_get_ovector_pointer(data_.get())[1];
        return Outcome::kMatch;
      }
      if (rc == PCRE2_ERROR_NOMATCH) return Outcome::kNoMatch;
      const std::int64_t longest = has_long_steps_ ? static_cast<std::int64_t>(window) : 1;
      if (rc == PCRE2_ERROR_PARTIAL) {
        steps_left_ -= has_long_steps_ ? limit * longest : static_cast<std::int64_t>(window);
        window *= 4;
      } else if (rc == PCRE2_ERROR_MATCHLIMIT) {
        steps_left_ -= limit * longest;
        limit *= 4;
      } else if (rc == PCRE2_ERROR_JIT_STACKLIMIT && options == 0) {
        options = PCRE2_NO_JIT;  // it takes memory instead
      } else {
        return Outcome::kTooMuch;
      }
      if (steps_left_ < 0) return Outcome::kTooMuch;
    }
  }

 private:
  const pcre2_code* code_;
  bool has_long_steps_;
  const Subject& subject_;
  MatchData data_;
  MatchContext context_;
  std::int64_t steps_left_;
};

}  // namespace

Pcre2Pattern::Pcre2Pattern(const RegexTree& tree, std::string name)
    : engine_(std::make_unique<const Engine>(tree)), name_(std::move(name)) {}

Pcre2Pattern::~Pcre2Pattern() = default;

Result<void> Pcre2Pattern::FindAll(std::string_view text, std::vector<ByteRange>& matches) const {
  if (text.empty()) return {};
  const Subject subject = engine_->Prepare(text);
  Search search(engine_->code(), engine_->has_long_steps(), engine_->Budget(subject.size()),
                subject);
  std::optional<std::size_t> last_end;
  for (std::size_t begin = 0; begin <= subject.size();) {
    std::size_t end = begin;
    const bool possible = begin == subject.size() ? engine_->can_be_empty()
                                                  : engine_->CanStartWith(subject.units[begin]);
    const Search::Outcome outcome =
        possible ? search.MatchAt(begin, end) : Search::Outcome::kNoMatch;
    if (outcome == Search::Outcome::kTooMuch) return TooManySteps(name_);
    // Nothing, right after a match, is no match.
    const bool found = outcome == Search::Outcome::kMatch && (end > begin || last_end != begin);
    if (found) {
      matches.push_back({subject.places[begin], subject.places[end]});
      last_end = end;
    }
    begin = found && end > begin ? end : begin + 1;
  }
  return {};
}

}  // namespace embd
