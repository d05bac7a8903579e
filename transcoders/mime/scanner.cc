#include "transcoders/mime/scanner.h"

#include <algorithm>
#include <cstring>

#include "transcoders/mime/part_tree.h"

namespace telepost::transcoders::mime {
namespace {

// What a line is (delimiter, field, text) is decided by its first bytes, however long it goes on. 1002 are a
// line of the longest kind that RFC 5322 section 2.1.1 allows, and its line end.
constexpr std::size_t kDecisionBytes = 1002;

std::size_t find_newline(std::string_view bytes, std::size_t from, std::size_t size) {
  const void* found = std::memchr(bytes.data() + from, '\n', size);
  return found == nullptr ? std::string_view::npos
                          : static_cast<std::size_t>(static_cast<const char*>(found) - bytes.data());
}

}  // namespace

// Finds the lines. What the end of a chunk leaves undecided waits in carry_: the line end before the current
// line (it may belong to a delimiter), then what is known of that line; or the CR of a line end that is cut in
// two.
class Scanner::Walk {
 public:
  explicit Walk(const Limits& limits) : tree_(limits) {}

  void feed(std::string_view chunk) {
    if (chunk.empty()) return;
    for (std::size_t position = 0; position < chunk.size();) {
      position = tree_.in_header() ? header(chunk, position) : body(chunk, position);
    }
    size_ += chunk.size();
    last_ = chunk.back();
  }

  Structure finish() {
    if (undecided_ && carry_.size() > carry_eol_) {
      const std::string line = carry_.substr(carry_eol_);
      const Verdict verdict = tree_.in_header() ? judge_header_line(line) : judge_body_line(line);
      if (verdict == Verdict::field || verdict == Verdict::blank) tree_.header_line(line);
      if (verdict == Verdict::delimiter) end_body(size_);
      while (verdict == Verdict::body && tree_.in_header()) begin_body();
    }
    settle();
    return tree_.finish(at_, size_);
  }

  std::uint64_t size_bytes() const { return size_; }
  OpenStretch open_stretch() const {
    OpenStretch open = tree_.open_stretch();
    open.safe_end = std::max(open.begin, size_ - carry_.size());
    return open;
  }
  std::vector<Stretch> take_stretches() { return tree_.take_stretches(); }

 private:
  enum class Verdict : std::uint8_t { field, blank, delimiter, body };

  Verdict judge_header_line(std::string_view line);
  Verdict judge_body_line(std::string_view line) {
    const bool short_enough = line.size() < kDecisionBytes;
    delimiter_ = short_enough && tree_.seeks_delimiters() ? tree_.match(line) : std::nullopt;
    return delimiter_ ? Verdict::delimiter : Verdict::body;
  }
  bool may_be_delimiter(std::string_view chunk, std::size_t position) const;

  // carry_ turned out to belong to the body.
  void settle() {
    tree_.body(carry_);
    drop_carry();
  }
  // The carried line is the body's; but its CR may begin the line end that a delimiter claims.
  void settle_line() {
    const bool cr = carry_.size() > carry_eol_ && carry_.back() == '\r';
    if (cr) carry_.pop_back();
    settle();
    if (cr) carry_ = "\r";
    undecided_ = false;
  }
  void drop_carry() {
    carry_.clear();
    carry_eol_ = 0;
  }
  void begin_body() {
    tree_.begin_body(at_);
    at_.eol_bytes = 0;
    has_field_ = false;
  }
  void end_body(std::uint64_t next_offset) {
    tree_.delimiter(*delimiter_, at_, next_offset);
    drop_carry();
    has_field_ = false;
  }
  void line_ended(std::string_view chunk, std::size_t newline) {
    const char before = newline > 0 ? chunk[newline - 1] : last_;
    next_line(size_ + newline + 1, before == '\r' && size_ + newline > at_.offset ? 2 : 1);
  }
  void next_line(std::uint64_t offset, unsigned eol_bytes) {
    at_ = {offset, at_.offset, at_.newlines + 1, eol_bytes};
    undecided_ = true;
  }

  // Each takes bytes from position on and gives the position where it stopped: the chunk's end, or where the
  // other one goes on.
  std::size_t header(std::string_view chunk, std::size_t position);
  std::size_t body(std::string_view chunk, std::size_t position);
  // Of a line whose kind is open: npos if it is still open at the chunk's end; else the end of what was looked
  // at.
  std::size_t judge_next(std::string_view chunk, std::size_t position, Verdict& verdict);
  void keep_tail(std::string_view chunk, std::size_t run);

  PartTree tree_;
  std::uint64_t size_ = 0;  // of the chunks before this one
  char last_ = '\0';        // last byte of them
  LinePosition at_;         // of the current line
  bool undecided_ = true;   // what the current line is
  bool has_field_ = false;  // the open header has
  std::optional<Delimiter> delimiter_;
  std::string carry_;
  std::size_t carry_eol_ = 0;  // bytes of carry_ that are the line end before the line
};

Scanner::Walk::Verdict Scanner::Walk::judge_header_line(std::string_view line) {
  if (judge_body_line(line) == Verdict::delimiter) return Verdict::delimiter;
  if (line.empty() || line == "\r") return Verdict::blank;
  if (is_field_line(line) || (has_field_ && (line[0] == ' ' || line[0] == '\t'))) {
    has_field_ = true;
    return Verdict::field;
  }
  const bool first = tree_.at_first_byte();
  if (first && (line.starts_with("From ") || line.starts_with(">From "))) {
    tree_.defect("a line of an mbox stands before the header");
    return Verdict::field;
  }
  tree_.defect(first ? "the message has no header" : "a header ends without an empty line");
  return Verdict::body;
}

std::size_t Scanner::Walk::judge_next(std::string_view chunk, std::size_t position, Verdict& verdict) {
  const std::size_t known = carry_.size() - carry_eol_;
  const std::size_t room = kDecisionBytes - known;
  const std::size_t rest = chunk.size() - position;
  const std::size_t newline = find_newline(chunk, position, std::min(room, rest));
  if (newline == std::string_view::npos && rest < room) return std::string_view::npos;
  const std::size_t end = newline == std::string_view::npos ? position + room : newline;
  std::string_view line = chunk.substr(position, end - position);
  if (known > 0) line = std::string_view(carry_.append(line)).substr(carry_eol_);
  verdict = tree_.in_header() ? judge_header_line(line) : judge_body_line(line);
  if (verdict == Verdict::field) tree_.header_line(line);
  return end;
}

std::size_t Scanner::Walk::header(std::string_view chunk, std::size_t position) {
  while (position < chunk.size() && tree_.in_header()) {
    if (!undecided_) {  // inside a field's line that was too long to see at once
      const std::size_t newline = find_newline(chunk, position, chunk.size() - position);
      const std::size_t end = newline == std::string_view::npos ? chunk.size() : newline + 1;
      tree_.header_piece(chunk.substr(position, end - position));
      if (newline != std::string_view::npos) line_ended(chunk, newline);
      position = end;
      continue;
    }
    Verdict verdict = Verdict::body;
    const bool carried = !carry_.empty();
    const std::size_t end = judge_next(chunk, position, verdict);
    if (end == std::string_view::npos) {
      carry_.append(chunk.substr(position));
      return chunk.size();
    }
    if (verdict == Verdict::body) {
      while (tree_.in_header()) begin_body();  // no field, so none of a message inside either
      settle_line();
      return carried ? end : position;
    }
    if (verdict == Verdict::delimiter) end_body(size_ + end + 1);
    drop_carry();
    if (end < chunk.size() && chunk[end] == '\n') {
      if (verdict == Verdict::field) tree_.header_piece("\n");
      line_ended(chunk, end);
      if (verdict == Verdict::blank) begin_body();
      position = end + 1;
    } else {
      undecided_ = false;
      position = end;
    }
  }
  return position;
}

bool Scanner::Walk::may_be_delimiter(std::string_view chunk, std::size_t position) const {
  if (!tree_.seeks_delimiters()) return false;
  const std::string_view known = std::string_view(carry_).substr(carry_eol_);
  for (std::size_t i = 0; i < 2; ++i) {
    const std::size_t index = position + i - known.size();
    if (i >= known.size() && index >= chunk.size()) return true;
    if ((i < known.size() ? known[i] : chunk[index]) != '-') return false;
  }
  return true;
}

std::size_t Scanner::Walk::body(std::string_view chunk, std::size_t position) {
  std::size_t run = position;  // what is before it was given to the tree, or waits in carry_
  while (position < chunk.size()) {
    if (undecided_ && may_be_delimiter(chunk, position)) {
      if (carry_
              .empty()) {  // give the body what is decided, so that the line end before this line can be left out
        const std::size_t tail = position - std::min<std::size_t>(at_.eol_bytes, position - run);
        tree_.body(chunk.substr(run, tail - run));
        run = tail;
      }
      const bool carried = carry_.size() > carry_eol_;
      Verdict verdict = Verdict::body;
      const std::size_t end = judge_next(chunk, position, verdict);
      if (end == std::string_view::npos) {
        if (carry_.empty()) carry_eol_ = position - run;
        carry_.append(chunk.substr(run));
        return chunk.size();
      }
      if (verdict == Verdict::delimiter) {
        end_body(size_ + end + 1);
        line_ended(chunk, end);
        return end + 1;
      }
      if (carried) run = position = end;
    }
    if (undecided_) settle_line();
    if (position == chunk.size()) break;
    if (!carry_.empty() && chunk[position] == '\n') {  // carry_ is a CR
      carry_ = "\r\n";
      carry_eol_ = 2;
      next_line(size_ + position + 1, 2);
      run = ++position;
      continue;
    }
    settle();
    const std::size_t newline = find_newline(chunk, position, chunk.size() - position);
    if (newline == std::string_view::npos) break;
    line_ended(chunk, newline);
    position = newline + 1;
  }
  keep_tail(chunk, run);
  return chunk.size();
}

// At the chunk's end: what a delimiter in the next one could claim is carried, the rest is the body's.
void Scanner::Walk::keep_tail(std::string_view chunk, std::size_t run) {
  std::size_t keep = 0;
  if (tree_.seeks_delimiters() && run < chunk.size()) {
    if (undecided_) keep = std::min<std::size_t>(at_.eol_bytes, chunk.size() - run);
    else if (chunk.back() == '\r') keep = 1;
    carry_eol_ = undecided_ ? keep : 0;
    carry_.assign(chunk.substr(chunk.size() - keep));
  }
  tree_.body(chunk.substr(run, chunk.size() - keep - run));
}

Scanner::Scanner(const Limits& limits) : walk_(std::make_unique<Walk>(limits)) {}
Scanner::~Scanner() = default;
Scanner::Scanner(Scanner&&) noexcept = default;
Scanner& Scanner::operator=(Scanner&&) noexcept = default;

void Scanner::feed(std::string_view chunk) { walk_->feed(chunk); }
Structure Scanner::finish() { return walk_->finish(); }
std::uint64_t Scanner::size_bytes() const { return walk_->size_bytes(); }
OpenStretch Scanner::open_stretch() const { return walk_->open_stretch(); }
std::vector<Stretch> Scanner::take_stretches() { return walk_->take_stretches(); }

Structure scan(std::string_view message, const Limits& limits) {
  Scanner scanner(limits);
  scanner.feed(message);
  return scanner.finish();
}

}  // namespace telepost::transcoders::mime
