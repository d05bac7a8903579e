#include "adapters/net/smtp_content_codec.h"

#include <algorithm>
#include <cstring>

namespace telepost::adapters::net {
namespace {

const char* find(const char* at, const char* end, char what) {
  const void* found = std::memchr(at, what, static_cast<std::size_t>(end - at));
  return found != nullptr ? static_cast<const char*>(found) : end;
}

bool has_high_bit(std::string_view bytes) {
  unsigned char all = 0;
  for (const char c : bytes) all = static_cast<unsigned char>(all | static_cast<unsigned char>(c));
  return (all & 0x80) != 0;
}

const Error kBare{Errc::invalid, "the content has a bare CR or LF, which DATA cannot carry"};

}  // namespace

void ContentSurvey::look_at_header(std::string_view chunk) {
  for (const char c : chunk) {
    if ((static_cast<unsigned char>(c) & 0x80) != 0) traits_.eight_bit_header = true;
    if (c == "\r\n\r\n"[header_end_]) ++header_end_;
    else header_end_ = c == '\r' ? 1 : 0;
    if (header_end_ == 4) return;
  }
}

void ContentSurvey::feed(std::string_view chunk) {
  if (chunk.empty()) return;
  if (header_end_ < 4) look_at_header(chunk);
  traits_.size_bytes += chunk.size();
  traits_.eight_bit = traits_.eight_bit || has_high_bit(chunk);
  traits_.nul = traits_.nul || chunk.find('\0') != std::string_view::npos;
  const char* at = chunk.data();
  const char* const end = at + chunk.size();
  while (at < end) {
    if (cr_) {
      cr_ = false;
      if (*at == '\n') {
        traits_.longest_line = std::max(traits_.longest_line, line_);
        line_ = 0;
        ++at;
        continue;
      }
      traits_.bare_line_end = true;
      ++line_;  // the CR was content
    }
    const char* const lf = find(at, end, '\n');
    const char* const cr = find(at, lf, '\r');
    line_ += static_cast<std::size_t>(cr - at);
    at = cr;
    if (at == end) break;
    if (*at == '\r') cr_ = true;
    else traits_.bare_line_end = true, ++line_;
    ++at;
  }
  traits_.longest_line = std::max(traits_.longest_line, line_);
  traits_.ends_in_crlf = line_ == 0 && !cr_;
}

ContentTraits ContentSurvey::finish() {
  if (cr_) traits_.bare_line_end = true;
  return traits_;
}

ContentTraits survey(std::string_view content) {
  ContentSurvey survey;
  survey.feed(content);
  return survey.finish();
}

Result<void> DotStuffer::append(std::string& out, std::string_view chunk) {
  const char* at = chunk.data();
  const char* const end = at + chunk.size();
  while (at < end) {
    if (cr_) {
      if (*at != '\n') return kBare;
      out += '\n';
      cr_ = false;
      line_start_ = true;
      line_ = 0;
      ++at;
      continue;
    }
    if (line_start_ && *at == '.') out += '.';
    line_start_ = false;
    const char* const lf = find(at, end, '\n');
    const char* const cr = find(at, lf, '\r');
    if (cr == lf && lf != end) return kBare;
    line_ += static_cast<std::size_t>(cr - at);
    if (line_ > kMaxTextLine) return {Errc::invalid, "a line is longer than DATA may carry"};
    cr_ = cr != end;
    const char* const taken = cr_ ? cr + 1 : end;
    out.append(at, static_cast<std::size_t>(taken - at));
    at = taken;
  }
  return {};
}

Result<void> DotStuffer::finish(std::string& out) {
  if (cr_) return kBare;
  out += line_start_ ? ".\r\n" : "\r\n.\r\n";
  return {};
}

}  // namespace telepost::adapters::net
