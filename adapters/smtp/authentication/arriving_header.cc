#include "adapters/smtp/authentication/arriving_header.h"

#include <utility>

#include "adapters/smtp/authentication/authentication_results.h"
#include "base/bytes.h"

namespace telepost::adapters::smtp::authentication {
namespace {

constexpr std::string_view kResultsName = "authentication-results";

}  // namespace

ArrivingHeader::Passed ArrivingHeader::pass(std::string_view input) {
  if (ended_) return {input, input};
  out_.clear();
  while (!input.empty()) {
    if (at_line_start_ && !begin_line(input)) {
      if (!ended_) continue;
      out_.append(input);
      return {out_, input};
    }
    const std::size_t end = input.find('\n');
    const std::string_view run = input.substr(0, end == std::string_view::npos ? end : end + 1);
    // Lines end in CRLF; anything else was or will be refused, and is content here.
    const bool after_return = run.size() > 1 ? run[run.size() - 2] == '\r' : carriage_return_;
    at_line_start_ = run.back() == '\n' && after_return;
    carriage_return_ = run.back() == '\r';
    append(run);
    input.remove_prefix(run.size());
  }
  return {out_, {}};
}

bool ArrivingHeader::begin_line(std::string_view& input) {
  const char first = input.front();
  if (carriage_return_) {  // alone at the line's begin so far
    if (first == '\n') {
      close_field();
      out_.append("\r\n");
      input.remove_prefix(1);
      ended_ = true;
      return false;
    }
    close_field();
    current_ = Field::held;
    append("\r");
  } else if (first == '\r') {
    carriage_return_ = true;
    input.remove_prefix(1);
    return false;
  } else if ((first != ' ' && first != '\t') || current_ == Field::none) {
    close_field();
    current_ = Field::held;
  }
  at_line_start_ = false;
  return true;
}

void ArrivingHeader::append(std::string_view run) {
  if (current_ == Field::passing) out_.append(run);
  if (current_ != Field::held) return;
  field_.append(run);
  if (field_.size() <= kMaxField) return;
  // Too long to be held: no honest field of results is. The octets that follow it share its fate.
  truncated_ = true;
  const bool is_results = starts_with_ignoring_case(field_, kResultsName);
  current_ = is_results ? Field::dropped : Field::passing;
  if (is_results) ++forged_;
  else out_.append(field_);
  field_.clear();
}

void ArrivingHeader::close_field() {
  if (std::exchange(current_, Field::none) != Field::held) return;
  HeaderField field = header_field_from(std::exchange(field_, {}));
  if (field.name == kResultsName && claims_to_be_ours(field.value(), authserv_id_)) ++forged_;
  else out_.append(field.raw);
  if (kept_bytes_ + field.raw.size() > kMaxHeader) {
    truncated_ = true;
    return;
  }
  kept_bytes_ += field.raw.size();
  header_.push_back(std::move(field));
}

std::string_view ArrivingHeader::rest() {
  out_.clear();
  if (ended_) return {};
  const bool lone_return = at_line_start_ && carriage_return_;
  close_field();
  if (lone_return) out_.append("\r");
  return out_;
}

}  // namespace telepost::adapters::smtp::authentication
