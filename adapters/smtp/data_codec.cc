#include "adapters/smtp/data_codec.h"

#include <cstring>

#include "base/assert.h"

namespace telepost::adapters::smtp {
namespace {

constexpr std::string_view kNothing;

std::string_view take(std::string_view& input, std::size_t size_bytes) {
  const std::string_view taken = input.substr(0, size_bytes);
  input.remove_prefix(size_bytes);
  return taken;
}

bool has_lf(const char* begin, const char* end) {
  return std::memchr(begin, '\n', static_cast<std::size_t>(end - begin)) != nullptr;
}

}  // namespace

std::string_view DataDecoder::next(std::string_view& input) {
  TELEPOST_ASSERT(!input.empty() && !ended());
  const char first = input.front();
  switch (state_) {
    case State::line_start:
      if (first != '.') return scan(input, 0);
      state_ = State::dot;
      input.remove_prefix(1);
      return kNothing;
    case State::dot:
      if (first != '\r') return scan(input, 0);  // the dot was stuffing
      state_ = State::dot_cr;
      input.remove_prefix(1);
      return kNothing;
    case State::dot_cr:
      if (first == '\n') {
        state_ = State::ended;
        input.remove_prefix(1);
        return kNothing;
      }
      bare_ = true;
      state_ = State::text;
      return "\r";
    case State::cr:
      if (first != '\n') {
        bare_ = true;
        return scan(input, 0);
      }
      if (input.size() > 1 && input[1] != '.') return scan(input, 1);
      state_ = State::line_start;
      return take(input, 1);
    case State::text: return scan(input, 0);
    case State::ended: break;
  }
  return kNothing;
}

// Goes from line end to line end with memchr, from an offset that lies inside a line, and stops where bytes must be left
// out: behind a CRLF that a dot follows.
std::string_view DataDecoder::scan(std::string_view& input, std::size_t from) {
  const char* const begin = input.data();
  const char* const end = begin + input.size();
  for (const char* at = begin + from;;) {
    const void* found = std::memchr(at, '\r', static_cast<std::size_t>(end - at));
    const char* const cr = found != nullptr ? static_cast<const char*>(found) : end;
    if (!bare_ && has_lf(at, cr)) bare_ = true;
    if (cr == end) {
      state_ = State::text;
      return take(input, input.size());
    }
    at = cr + 1;
    if (at == end) {
      state_ = State::cr;
      return take(input, input.size());
    }
    if (*at != '\n') {
      bare_ = true;
      continue;
    }
    ++at;
    if (at == end || *at == '.') {
      state_ = State::line_start;
      return take(input, static_cast<std::size_t>(at - begin));
    }
  }
}

void LineEndWatch::see(std::string_view content) {
  if (content.empty() || bare_) return;
  const char* at = content.data();
  const char* const end = at + content.size();
  if (cr_ && *at++ != '\n') bare_ = true;
  cr_ = false;
  while (at != end && !bare_) {
    const void* const found = std::memchr(at, '\r', static_cast<std::size_t>(end - at));
    const char* const cr = found != nullptr ? static_cast<const char*>(found) : end;
    if (has_lf(at, cr)) bare_ = true;
    if (cr == end) return;
    cr_ = cr + 1 == end;
    if (cr_) return;
    if (cr[1] != '\n') bare_ = true;
    at = cr + 2;
  }
}

}  // namespace telepost::adapters::smtp
