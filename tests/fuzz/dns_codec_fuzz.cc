// A name server's answer from hostile bytes; the first byte chooses the type that was asked for.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "adapters/net/dns_codec.h"

using namespace telepost::adapters::net;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size == 0) return 0;
  constexpr DnsType kTypes[] = {DnsType::a, DnsType::ptr, DnsType::mx, DnsType::txt, DnsType::aaaa};
  const DnsType type = kTypes[bytes[0] % 5];
  const auto answer = parse_dns_answer({reinterpret_cast<const char*>(bytes) + 1, size - 1}, "a.test", type);
  if (!answer.ok()) return 0;
  if ((answer->kind == DnsAnswer::Kind::found) == answer->records.empty()) std::abort();
  if (answer->records.size() > kMostDnsRecords || answer->ttl > kLongestDnsTtl || answer->ttl.count() < 0) std::abort();
  for (const DnsRecord& record : answer->records) {
    if (type != DnsType::txt && record.text.size() > 512) std::abort();
  }
  if (const auto name = dns_name(answer->canonical_name); name && name->size() > 253) std::abort();
  return 0;
}
