#include "adapters/net/dns_codec.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include "base/bytes.h"

namespace telepost::adapters::net {
namespace {

constexpr std::size_t kMostPointers = 64;  // of one name: each must point further ahead, but a chain costs time
constexpr std::uint16_t kCname = 5;
constexpr std::uint16_t kSoa = 6;
constexpr std::uint16_t kInternet = 1;

Error broken(const char* what) { return {Errc::invalid, std::string("the name server's answer is broken: ") + what}; }

// Reads a message from its front. What lies beyond its end makes it bad, and everything read from then on zero.
class Reader {
 public:
  explicit Reader(std::string_view message) : message_(message) {}
  bool bad() const { return bad_; }
  void skip(std::size_t size) { take(size); }
  std::string_view take(std::size_t size) {
    if (bad_ || size > message_.size() - at_) return bad_ = true, std::string_view();
    at_ += size;
    return message_.substr(at_ - size, size);
  }
  std::uint8_t u8() {
    const std::string_view one = take(1);
    return one.empty() ? std::uint8_t{0} : static_cast<std::uint8_t>(one[0]);
  }
  std::uint16_t u16() {
    const unsigned high = u8();
    return static_cast<std::uint16_t>((high << 8) | u8());
  }
  std::uint32_t u32() {
    const std::uint32_t high = u16();
    return (high << 16) | u16();
  }
  // RFC 1035 section 4.1.4. Lower case, without the last dot; dots and control bytes within a label make it bad: nobody who
  // compares names as text may be fooled by one.
  std::string name() {
    std::string text;
    std::size_t back = 0;  // where reading goes on once a pointer was followed
    for (std::size_t pointers = 0;;) {
      const std::size_t start = at_;
      const unsigned size = u8();
      if (bad_ || size == 0) break;
      if ((size & 0xc0) == 0xc0) {
        const std::size_t target = ((size & 0x3f) << 8) | u8();
        if (target >= start || ++pointers > kMostPointers) return bad_ = true, std::string();
        if (back == 0) back = at_;
        at_ = target;
        continue;
      }
      const std::string_view label = take(size);
      if (size > 63 || text.size() + size > 255 || !is_plain(label)) return bad_ = true, std::string();
      text += (text.empty() ? "" : ".") + to_lower(std::string(label));
    }
    if (back != 0) at_ = back;
    return text;
  }
  std::size_t at() const { return at_; }
  void go_to(std::size_t at) { at_ = at; }

 private:
  static bool is_plain(std::string_view label) {
    return std::all_of(label.begin(), label.end(), [](char c) { return c > ' ' && c != '.' && c != 0x7f; });
  }
  const std::string_view message_;
  std::size_t at_ = 0;
  bool bad_ = false;
};

std::string address_text(int family, std::string_view bytes) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(family, bytes.data(), text.data(), text.size());
  return text.data();
}

struct ResourceRecord {
  std::string owner;
  std::uint16_t type = 0;
  std::uint16_t kind = 0;  // its class
  std::uint32_t ttl = 0;
  std::size_t begin = 0, end = 0;  // its RDATA
};

ResourceRecord read_record(Reader& reader) {
  ResourceRecord record;
  record.owner = reader.name();
  record.type = reader.u16();
  record.kind = reader.u16();
  record.ttl = reader.u32();
  if (record.ttl > 0x7fffffff) record.ttl = 0;  // RFC 2181 section 8
  const std::size_t size = reader.u16();
  record.begin = reader.at();
  reader.skip(size);
  record.end = reader.at();
  return record;
}

// Whether the RDATA had its type's form and nothing more.
bool read_rdata(Reader reader, const ResourceRecord& record, DnsType type, DnsRecord& into) {
  reader.go_to(record.begin);
  const std::size_t size = record.end - record.begin;
  switch (type) {
    case DnsType::a:
      if (size != 4) return false;
      into.text = address_text(AF_INET, reader.take(4));
      break;
    case DnsType::aaaa:
      if (size != 16) return false;
      into.text = address_text(AF_INET6, reader.take(16));
      break;
    case DnsType::ptr: into.text = reader.name(); break;
    case DnsType::mx:
      into.preference = reader.u16();
      into.text = reader.name();
      break;
    case DnsType::txt:
      while (!reader.bad() && reader.at() < record.end) into.text += reader.take(reader.u8());
      break;
  }
  return !reader.bad() && reader.at() == record.end;
}

Duration capped(std::uint32_t seconds, Duration most) { return std::min<Duration>(std::chrono::seconds(seconds), most); }

struct Sections {
  Reader reader;
  std::vector<ResourceRecord> answers;
  std::vector<ResourceRecord> authorities;
  unsigned code = 0;
};

Result<Sections> read_sections(std::string_view message) {
  Sections sections{Reader(message), {}, {}, 0};
  Reader& reader = sections.reader;
  reader.skip(2);
  const unsigned flags = reader.u16();
  sections.code = flags & 15;
  const unsigned questions = reader.u16(), answers = reader.u16(), authorities = reader.u16();
  reader.skip(2);
  if (reader.bad() || (flags & 0x8000) == 0 || questions != 1) return broken("its header");
  if (answers > kMostDnsRecords + kMostDnsAliases) return {Errc::too_many, "a name has too many records"};
  reader.name();
  reader.skip(4);
  for (unsigned i = 0; i < answers && !reader.bad(); ++i) sections.answers.push_back(read_record(reader));
  for (unsigned i = 0; i < authorities && !reader.bad() && i < kMostDnsRecords; ++i) {
    sections.authorities.push_back(read_record(reader));
  }
  if (reader.bad()) return broken("a record");
  return sections;
}

// RFC 2308 section 5: the lesser of the SOA record's TTL and its MINIMUM. An absence without SOA is not kept.
Duration absence_ttl(const Sections& sections) {
  for (const ResourceRecord& record : sections.authorities) {
    if (record.type != kSoa || record.kind != kInternet) continue;
    Reader reader = sections.reader;
    reader.go_to(record.begin);
    reader.name();
    reader.name();
    reader.skip(16);
    const std::uint32_t minimum = reader.u32();
    if (!reader.bad() && reader.at() == record.end) return capped(std::min(record.ttl, minimum), kLongestAbsence);
  }
  return Duration(0);
}

// Follows the aliases from the name; the TTL becomes the least of theirs.
Result<void> follow(const Sections& sections, DnsAnswer& answer) {
  for (std::size_t steps = 0;; ++steps) {
    const auto alias = std::find_if(sections.answers.begin(), sections.answers.end(), [&answer](const ResourceRecord& record) {
      return record.type == kCname && record.kind == kInternet && record.owner == answer.canonical_name;
    });
    if (alias == sections.answers.end()) return {};
    if (steps == kMostDnsAliases) return broken("too many aliases one behind another");
    Reader reader = sections.reader;
    reader.go_to(alias->begin);
    answer.canonical_name = reader.name();
    if (reader.bad() || reader.at() != alias->end) return broken("an alias");
    answer.ttl = std::min(answer.ttl, capped(alias->ttl, kLongestDnsTtl));
  }
}

}  // namespace

Result<DnsAnswer> parse_dns_answer(std::string_view message, std::string_view name, DnsType type) {
  TELEPOST_ASSIGN(const Sections sections, read_sections(message));
  constexpr unsigned kNoError = 0, kNoSuchName = 3;  // RFC 1035 section 4.1.1
  if (sections.code != kNoError && sections.code != kNoSuchName) {
    return {Errc::unavailable, "the name server answered with code " + std::to_string(sections.code)};
  }
  DnsAnswer answer{DnsAnswer::Kind::no_data, {}, to_lower(std::string(name)), kLongestDnsTtl};
  TELEPOST_TRY(follow(sections, answer));
  for (const ResourceRecord& record : sections.answers) {
    if (record.type != static_cast<std::uint16_t>(type) || record.kind != kInternet || record.owner != answer.canonical_name) continue;
    if (answer.records.size() == kMostDnsRecords) return Error{Errc::too_many, "a name has too many records"};
    if (!read_rdata(sections.reader, record, type, answer.records.emplace_back())) return broken("the content of a record");
    answer.ttl = std::min(answer.ttl, capped(record.ttl, kLongestDnsTtl));
  }
  if (!answer.records.empty()) {
    answer.kind = DnsAnswer::Kind::found;
    std::stable_sort(answer.records.begin(), answer.records.end(),
                     [](const DnsRecord& a, const DnsRecord& b) { return a.preference < b.preference; });
    return answer;
  }
  if (sections.code == kNoSuchName) answer.kind = DnsAnswer::Kind::no_such_name;
  answer.ttl = std::min(answer.ttl, absence_ttl(sections));
  return answer;
}

std::optional<std::string> dns_name(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  if (name.empty() || name.size() > 253) return {};
  for (std::string_view rest = name;;) {
    const std::string_view label = rest.substr(0, rest.find('.'));
    if (label.empty() || label.size() > 63) return {};
    if (label.size() == rest.size()) break;
    rest.remove_prefix(label.size() + 1);
  }
  const bool plain = std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c < 0x7f && c != '\\'; });
  if (!plain) return {};
  return to_lower(std::string(name));
}

std::optional<std::string> dns_reverse_name(std::string_view address) {
  const std::string text(address);
  std::array<unsigned char, 16> bytes{};
  std::string name;
  if (inet_pton(AF_INET, text.c_str(), bytes.data()) == 1) {
    for (int i = 3; i >= 0; --i) name += std::to_string(bytes[static_cast<std::size_t>(i)]) + ".";
    return name + "in-addr.arpa";
  }
  if (inet_pton(AF_INET6, text.c_str(), bytes.data()) != 1) return {};
  constexpr std::string_view kDigits = "0123456789abcdef";
  for (int i = 15; i >= 0; --i) {
    const unsigned byte = bytes[static_cast<std::size_t>(i)];
    for (const unsigned nibble : {byte & 15u, byte >> 4}) name += {kDigits[nibble], '.'};
  }
  return name + "ip6.arpa";
}

}  // namespace telepost::adapters::net
