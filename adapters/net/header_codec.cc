#include "adapters/net/header_codec.h"

#include <algorithm>

#include "base/bytes.h"

namespace telepost::adapters::net {

void HeaderWatch::see(std::string_view content) {
  while (!ended_ && !content.empty()) {
    const std::size_t end = std::min(content.find('\n'), content.size());
    if (line_.size() < kLineBegin) line_.append(content.substr(0, std::min(end, kLineBegin - line_.size())));
    if (end == content.size()) return;
    see_line();
    line_.clear();
    content.remove_prefix(end + 1);
  }
}

void HeaderWatch::see_line() {
  const std::string_view line = trim(line_);
  ended_ = line.empty();
  const std::size_t colon = line.find(':');
  if (ended_ || line_.front() == ' ' || line_.front() == '\t' || colon == std::string_view::npos) return;
  const std::string_view name = trim(line.substr(0, colon));
  const std::string_view value = trim(line.substr(colon + 1));
  if (equals_ignoring_case(name, "Received")) ++hops_;
  else if (equals_ignoring_case(name, "Date")) date_ = true;
  else if (equals_ignoring_case(name, "Message-ID")) message_id_ = true;
  else if (equals_ignoring_case(name, "TLS-Required")) tls_optional_ = equals_ignoring_case(value, "No");
}

}  // namespace telepost::adapters::net
