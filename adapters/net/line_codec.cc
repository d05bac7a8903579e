#include "adapters/net/line_codec.h"

#include <algorithm>

namespace telepost::adapters::net {

LineScan scan_line(std::string_view buffered, std::size_t limit_bytes) {
  const std::string_view front = buffered.substr(0, limit_bytes);
  const std::size_t lf = front.find('\n');
  const std::size_t cr = front.substr(0, lf).find('\r');
  if (lf != std::string_view::npos) {
    const bool ends_in_crlf = cr != std::string_view::npos && cr + 1 == lf;
    return ends_in_crlf ? LineScan{LineScan::Status::complete, lf + 1} : LineScan{LineScan::Status::bare, 0};
  }
  if (cr != std::string_view::npos && cr + 1 < front.size()) return {LineScan::Status::bare, 0};
  return {front.size() == limit_bytes ? LineScan::Status::too_long : LineScan::Status::incomplete, 0};
}

}  // namespace telepost::adapters::net
