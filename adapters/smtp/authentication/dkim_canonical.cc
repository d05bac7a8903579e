#include "adapters/smtp/authentication/dkim_canonical.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"

namespace telepost::adapters::smtp::authentication {
namespace {

constexpr std::size_t kGathered = 8192;

bool is_blank(char c) { return c == ' ' || c == '\t'; }

// Section 3.4.2: unfolded, each run of white space one space, none at the ends.
std::string relaxed_value(std::string_view value) {
  std::string out;
  out.reserve(value.size());
  bool blank = false;
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (value[i] == '\r' && i + 1 < value.size() && value[i + 1] == '\n') {
      ++i;
    } else if (is_blank(value[i])) {
      blank = true;
    } else {
      if (std::exchange(blank, false) && !out.empty()) out.push_back(' ');
      out.push_back(value[i]);
    }
  }
  return out;
}

// What lies between "b=" and the next semicolon is left out, white space too (section 3.7).
std::string without_signature(std::string_view raw) {
  std::size_t begin = raw.find(':');
  begin = begin == std::string_view::npos ? raw.size() : begin + 1;
  while (begin < raw.size()) {
    const std::size_t end = std::min(raw.find(';', begin), raw.size());
    const std::size_t equals = raw.find('=', begin);
    if (equals < end && trim(raw.substr(begin, equals - begin)) == "b") {
      return std::string(raw.substr(0, equals + 1)).append(raw.substr(end));
    }
    begin = end + 1;
  }
  return std::string(raw);
}

}  // namespace

std::string_view name_of(Canonical canonical) { return canonical == Canonical::simple ? "simple" : "relaxed"; }

std::string canonical_field(const HeaderField& field, Canonical canonical) {
  if (canonical == Canonical::simple) return field.raw;
  return field.name + ":" + relaxed_value(field.value()) + "\r\n";
}

std::string canonical_signature_field(const HeaderField& field, Canonical canonical) {
  const HeaderField bare{field.name, without_signature(field.raw)};
  std::string text = canonical_field(bare, canonical);
  if (text.ends_with("\r\n")) text.resize(text.size() - 2);
  return text;
}

void BodyHash::update(std::string_view chunk) {
  if (chunk.empty()) return;
  if (std::exchange(carriage_return_, false)) {
    if (chunk.front() == '\n') {
      take_line_end();
      chunk.remove_prefix(1);
    } else {
      take_text("\r");
    }
  }
  while (!chunk.empty()) {
    const std::size_t end = chunk.find('\r');
    take_text(chunk.substr(0, end));
    if (end == std::string_view::npos) return;
    chunk.remove_prefix(end);
    if (chunk.size() == 1) {
      carriage_return_ = true;
      return;
    }
    if (chunk[1] == '\n') take_line_end();
    else take_text("\r");
    chunk.remove_prefix(chunk[1] == '\n' ? 2 : 1);
  }
}

void BodyHash::take_text(std::string_view text) {
  if (text.empty()) return;
  if (canonical_ == Canonical::simple) {
    flush_pending();
    emit(text);
    return;
  }
  while (!text.empty()) {
    const auto* const word_end = std::find_if(text.begin(), text.end(), is_blank);
    const auto word = static_cast<std::size_t>(word_end - text.begin());
    if (word > 0) {
      flush_pending();
      emit(text.substr(0, word));
    }
    const auto* const next = std::find_if_not(word_end, text.end(), is_blank);
    if (next != word_end) white_space_ = true;
    text.remove_prefix(static_cast<std::size_t>(next - text.begin()));
  }
}

void BodyHash::take_line_end() {
  white_space_ = false;  // at a line's end it does not count; simple never sets it
  ++line_ends_;
}

void BodyHash::flush_pending() {
  for (; line_ends_ > 0; --line_ends_) emit("\r\n");
  if (std::exchange(white_space_, false)) emit(" ");
}

void BodyHash::emit(std::string_view canonical_bytes) {
  const std::uint64_t room = length_ ? *length_ - std::min(*length_, emitted_) : canonical_bytes.size();
  emitted_ += canonical_bytes.size();
  canonical_bytes = canonical_bytes.substr(0, std::min<std::uint64_t>(room, canonical_bytes.size()));
  if (held_.size() + canonical_bytes.size() > kGathered) {
    hash_.update(held_);
    held_.clear();
  }
  if (canonical_bytes.size() > kGathered) hash_.update(canonical_bytes);
  else held_.append(canonical_bytes);
}

BodyDigest BodyHash::finish() {
  if (std::exchange(carriage_return_, false)) take_text("\r");
  line_ends_ = 0;
  white_space_ = false;
  // Section 3.4.3: an empty body is one CRLF; section 3.4.4: or nothing.
  if (emitted_ > 0 || canonical_ == Canonical::simple) emit("\r\n");
  hash_.update(held_);
  held_.clear();
  return {hash_.finish(), emitted_};
}

}  // namespace telepost::adapters::smtp::authentication
