#include "transcoders/mime/part_tree.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/assert.h"
#include "base/bytes.h"
#include "transcoders/mime/fields.h"
#include "transcoders/mime/header_cut.h"

namespace telepost::transcoders::mime {
namespace {

constexpr std::size_t kMaxDefects = 32;
constexpr std::string_view kOpaque = "application/octet-stream";

bool is_message(std::string_view type) { return type == "message/rfc822" || type == "message/global"; }
bool is_encoded(std::string_view encoding) { return encoding == "base64" || encoding == "quoted-printable"; }

}  // namespace

PartTree::PartTree(const Limits& limits) : limits_(limits) {
  TELEPOST_ASSERT(limits_.parts > 0);
  stack_.reserve(4);
  begin_part(0, true);
}

void PartTree::defect(std::string_view text) {
  auto& defects = structure_.defects;
  if (defects.size() < kMaxDefects && std::find(defects.begin(), defects.end(), text) == defects.end()) {
    defects.emplace_back(text);
  }
}

void PartTree::header_line(std::string_view bytes) {
  line_begin_ = header_.size();
  header_piece(bytes);
}

void PartTree::header_piece(std::string_view bytes) {
  if (header_full_) return;
  const std::size_t size = header_.size() + bytes.size();
  const bool over_total = header_total_ + size > limits_.header_bytes_total;
  if (size > limits_.header_bytes || over_total) {
    header_full_ = true;
    if (over_total) header_total_ = limits_.header_bytes_total;
    header_.resize(line_begin_);  // whole lines only
    defect(kHeaderTooLarge);
    return;
  }
  header_.append(bytes);
}

void PartTree::begin_part(std::uint64_t offset, bool root) {
  Open& open = stack_.emplace_back();
  open.part.header.offset = offset;
  open.root = root;
  ++parts_;
  header_.clear();
  header_full_ = false;
  line_begin_ = 0;
  in_header_ = true;
  update_delimiters();
}

// The last part that the limits allow takes everything to the message's end as it stands.
void PartTree::begin_rest(std::uint64_t offset, const LinePosition& at) {
  defect("the message has more parts or header bytes than allowed; the rest is one opaque part");
  rest_ = true;
  begin_part(offset, false);
  LinePosition position = at;
  position.offset = offset;
  ++position.newlines;  // that of the delimiter line
  begin_body(position);
}

std::string_view PartTree::outer_prefix() const {
  return stack_.size() < 2 ? std::string_view() : std::string_view(stack_[stack_.size() - 2].prefix);
}

void PartTree::number(Open& open) {
  if (open.shape == Shape::multipart && open.root) {
    open.part.id.clear();
    open.prefix = outer_prefix();
    return;
  }
  std::size_t position = 1;
  if (!open.root) position = stack_[stack_.size() - 2].children;
  open.part.id = fmt::format("{}{}", outer_prefix(), position);
  open.prefix = open.part.id + ".";
}

void PartTree::choose_shape(Open& open) {
  const bool multipart = open.part.type.starts_with("multipart/");
  const bool message = is_message(open.part.type) && !is_encoded(open.part.encoding);
  open.shape = multipart ? Shape::multipart : message ? Shape::message : Shape::leaf;
  if (rest_) {
    open.part.type = kOpaque;
    open.shape = Shape::leaf;
  } else if (multipart && open.boundary.empty()) {
    defect("a multipart has no usable boundary");
    open.part.type = "text/plain";
    open.shape = Shape::leaf;
  } else if (open.shape != Shape::leaf &&
             (stack_.size() > limits_.depth ||
              parts_ + (message ? 1 : 0) >= limits_.parts)) {  // one is kept for the rest
    defect("parts are nested deeper or more than allowed; an opaque part stands for them");
    open.part.type = kOpaque;
    open.shape = Shape::leaf;
  }
  if (multipart && is_encoded(open.part.encoding))
    defect("a multipart claims an encoding, which it cannot have");
}

void PartTree::keep_fields(const Open& open) {
  const bool own = parts_ == 1;
  FieldView field;
  for (std::size_t position = 0; next_field(header_, position, field);) {
    if (own) {
      if (structure_.header.size() >= limits_.fields) {
        defect(kTooManyFields);
        break;
      }
      structure_.header.push_back({std::string(field.name), unfold(field.raw_value),
                                   {open.part.header.offset + field.begin, field.end - field.begin}});
    } else if (starts_with_ignoring_case(field.name, "content-") &&
               !equals_ignoring_case(field.name, "content-type") &&
               !equals_ignoring_case(field.name, "content-transfer-encoding") &&
               !equals_ignoring_case(field.name, "content-id")) {
      if (structure_.content_fields.size() >= limits_.content_fields) break;
      structure_.content_fields.push_back({open.part.id, std::string(field.name), unfold(field.raw_value)});
    }
  }
}

void PartTree::read_header(Open& open) {
  const bool in_digest = !open.root && stack_[stack_.size() - 2].part.type == "multipart/digest";
  ContentFields content =
      read_content_fields(header_, in_digest ? DefaultType::message : DefaultType::text, open.part);
  for (const std::string& text : content.defects) defect(text);
  open.boundary = std::move(content.boundary);
  header_total_ += header_.size();
}

void PartTree::start_sample(const Open& open) {
  const bool plain = open.part.type == "text/plain";
  const bool html = open.part.type == "text/html";
  TextSample& text = structure_.text;
  const bool wanted = (plain || html) && open.part.disposition != "attachment" &&
                      (text.part_id.empty() || (plain && text.html));
  if (!wanted) return;
  for (const Open& outer : stack_) {
    if (outer.shape == Shape::message) return;
  }
  text = {open.part.id, html, open.part.encoding, open.part.charset, {}};
  sampling_ = true;
}

void PartTree::begin_body(const LinePosition& at) {
  Open& open = stack_.back();
  read_header(open);
  choose_shape(open);
  number(open);
  keep_fields(open);
  open.part.header.size = at.offset - open.part.header.offset;
  open.part.body.offset = at.offset;
  open.newlines_at_body = at.newlines;
  in_header_ = false;
  if (open.shape == Shape::message) {
    ++open.children;
    begin_part(at.offset, true);
    return;
  }
  close_stretch(at.offset, false);
  digesting_ = true;  // of a multipart too: its preamble is its body if no part follows
  if (open.shape == Shape::leaf) start_sample(open);
  update_delimiters();
}

void PartTree::body(std::string_view bytes) {
  if (!digesting_ || bytes.empty()) return;
  hasher_.update(bytes);
  hashed_ = true;
  if (!sampling_) return;
  TextSample& text = structure_.text;
  const std::size_t limit = text.html ? kHtmlSampleBytes : kPlainSampleBytes;
  text.bytes.append(bytes.substr(0, limit - text.bytes.size()));
  sampling_ = text.bytes.size() < limit;
}

std::optional<Delimiter> PartTree::match(std::string_view line) const {
  if (!line.starts_with("--")) return std::nullopt;
  line.remove_prefix(2);
  const std::size_t last = line.find_last_not_of(" \t\r");  // transport padding, RFC 2046 section 5.1.1
  line = line.substr(0, last == std::string_view::npos ? 0 : last + 1);
  for (std::size_t level = stack_.size(); level-- > 0;) {
    const Open& open = stack_[level];
    if (open.boundary.empty() || open.closed || open.shape != Shape::multipart) continue;
    if (!line.starts_with(open.boundary)) continue;
    const std::string_view after = line.substr(open.boundary.size());
    if (after.empty()) return Delimiter{level, false};
    if (after == "--" && open.children > 0)
      return Delimiter{level, true};  // nothing to close before the first part
  }
  return std::nullopt;
}

void PartTree::delimiter(const Delimiter& delimiter, const LinePosition& at, std::uint64_t next_offset) {
  // The line end before the delimiter is its own, unless it already ends the header or the delimiter line
  // before.
  const Open& innermost = stack_.back();
  const std::uint64_t least = in_header_ ? innermost.part.header.offset : innermost.part.body.offset;
  const bool owns_eol = at.eol_bytes > 0 && at.offset - at.eol_bytes >= least;
  const BodyEnd end = owns_eol ? BodyEnd{at.offset - at.eol_bytes, at.newlines - 1, at.previous_line}
                               : BodyEnd{at.offset, at.newlines, at.offset};
  while (in_header_) {  // a header that nothing follows
    defect("a part ends inside its header");
    begin_body({end.offset, end.last_line, end.newlines, 0});
  }
  while (stack_.size() > delimiter.level + 1) close_top(end);
  Open& multipart = stack_.back();
  if (digesting_) {  // its preamble ends
    close_stretch(end.offset, false);
    if (hashed_) hasher_.finish();
    hashed_ = digesting_ = false;
  }
  if (delimiter.close) {
    multipart.closed = true;
    update_delimiters();
    return;
  }
  ++multipart.children;
  if (parts_ + 1 >= limits_.parts || header_total_ >= limits_.header_bytes_total) begin_rest(next_offset, at);
  else begin_part(next_offset, false);
}

void PartTree::close_leaf(Open& open, const BodyEnd& end) {
  close_stretch(end.offset, true);
  open.part.digest = hasher_.finish();
  hashed_ = digesting_ = sampling_ = false;
}

void PartTree::close_top(const BodyEnd& end) {
  Open& open = stack_.back();
  schema::Part& part = open.part;
  part.body.size = end.offset - part.body.offset;
  if (part.body.size > 0) {
    part.lines = static_cast<std::uint32_t>(end.newlines - open.newlines_at_body +
                                            (end.last_line < end.offset ? 1 : 0));
  }
  if (open.shape == Shape::multipart && open.children == 0) {
    defect("a multipart has no parts");
    open.shape = Shape::leaf;
    part.type = "text/plain";
    number(open);
  } else if (open.shape == Shape::multipart && !open.closed) {
    defect("a multipart has no closing delimiter");
  }
  if (open.shape == Shape::leaf) close_leaf(open, end);
  if (stack_.size() == 1) return;
  schema::Part done = std::move(part);
  stack_.pop_back();
  stack_.back().part.children.push_back(std::move(done));
  update_delimiters();
}

void PartTree::close_stretch(std::uint64_t end, bool leaf) {
  if (end > stretch_begin_) stretches_.push_back({{stretch_begin_, end - stretch_begin_}, leaf});
  stretch_begin_ = end;
}

void PartTree::update_delimiters() {
  seeks_delimiters_ = !rest_ && std::any_of(stack_.begin(), stack_.end(), [](const Open& open) {
    return open.shape == Shape::multipart && !open.closed;
  });
}

Structure PartTree::finish(const LinePosition& at, std::uint64_t size_bytes) {
  // at: where a line would begin; the last line may lack its end.
  const BodyEnd end{size_bytes, at.newlines, at.offset};
  while (in_header_) begin_body({size_bytes, at.offset, at.newlines, 0});
  while (stack_.size() > 1) close_top(end);
  close_top(end);
  close_stretch(size_bytes, false);
  structure_.root = std::move(stack_.front().part);
  structure_.size_bytes = size_bytes;
  return std::move(structure_);
}

}  // namespace telepost::transcoders::mime
