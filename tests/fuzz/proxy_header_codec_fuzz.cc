// A PROXY header from hostile bytes: every scan of a front agrees with the scan of the whole.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "adapters/net/proxy_header_codec.h"

using telepost::adapters::net::ProxyScan;
using telepost::adapters::net::scan_proxy_header;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(bytes), size);
  const ProxyScan whole = scan_proxy_header(input);
  if (whole.status == ProxyScan::Status::complete && whole.size_bytes > size) std::abort();
  if (whole.header.names_source && whole.header.source.empty()) std::abort();
  for (std::size_t front = 0; front < size && front < 300; ++front) {
    const ProxyScan part = scan_proxy_header(input.substr(0, front));
    if (whole.status == ProxyScan::Status::complete && front < whole.size_bytes && part.status != ProxyScan::Status::incomplete) std::abort();
    if (part.status == ProxyScan::Status::complete && (part.size_bytes != whole.size_bytes || part.header != whole.header)) std::abort();
  }
  return 0;
}
