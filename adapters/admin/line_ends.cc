#include "adapters/admin/line_ends.h"

#include <utility>

namespace telepost::adapters::admin {
namespace {

constexpr std::size_t kMaxFirstLine = 64u << 10;  // longer than this is no mail: left as it is

}  // namespace

std::string LineEnds::convert(std::string bytes) {
  if (!converting_) {
    held_.append(bytes);
    const std::size_t end = held_.find('\n');
    if (end == std::string::npos && held_.size() < kMaxFirstLine) return {};
    converting_ = end != std::string::npos && (end == 0 || held_[end - 1] != '\r');
    bytes = std::exchange(held_, {});
  }
  if (!*converting_) return bytes;
  std::string out;
  out.reserve(bytes.size() + bytes.size() / 32);
  for (const char c : bytes) {
    if (c == '\n' && !after_cr_) out.push_back('\r');
    out.push_back(c);
    after_cr_ = c == '\r';
  }
  return out;
}

std::string LineEnds::finish() { return std::exchange(held_, {}); }

}  // namespace telepost::adapters::admin
