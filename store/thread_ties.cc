#include "store/thread_ties.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/sha256.h"
#include "store/accounts.h"
#include "transcoders/mime/fields.h"

namespace telepost::store {
namespace {

constexpr std::size_t kMaxInReplyTo = 5;
constexpr std::size_t kMaxReferences = 20;
constexpr std::size_t kMaxParsed = 1000;
static_assert(1 + kMaxInReplyTo + kMaxReferences == kMaxTies);

std::uint64_t hash_of(std::string_view text) { return ByteReader(sha256(text).view()).u64(); }

void add(std::vector<std::uint64_t>& ids, std::string_view id) {
  if (id.empty()) return;
  const std::uint64_t hash = hash_of(id);
  if (std::find(ids.begin(), ids.end(), hash) == ids.end()) ids.push_back(hash);
}

void add_some(std::vector<std::uint64_t>& ids, const std::vector<std::string>& named, std::size_t limit) {
  for (std::size_t i = 0; i < named.size(); ++i) {
    if (named.size() <= limit || i == 0 || i > named.size() - limit) add(ids, named[i]);
  }
}

// The first field of a name counts (RFC 5322 section 3.6: there is one).
std::string_view value_of(const schema::Document& document, std::string_view name) {
  for (const schema::HeaderField& field : document.fields) {
    if (equals_ignoring_case(field.name, name)) return field.value;
  }
  return {};
}

// A number that came by MM4 stands as an address of its gateway: +15550100/TYPE=PLMN@mms.example (3GPP TS 23.140 section 8.4.5.1).
std::string canonical(std::string_view address) {
  const std::size_t number = starts_with_ignoring_case(address, "mailto:+") ? 7 : std::string_view::npos;
  const std::size_t type = number == 7 ? to_lower(address).find("/type=plmn@") : std::string_view::npos;
  if (type != std::string_view::npos) return canonical("tel:" + std::string(address.substr(number, type - number)));
  const Result<std::string> known = canonical_address(address);
  return known.ok() ? *known : to_lower(trim(address));
}

bool is_own(const std::vector<std::string>& own, std::string_view address) {
  return std::find(own.begin(), own.end(), address) != own.end();
}

std::string_view called_of(const schema::Document& document) {
  if (const auto* voice = std::get_if<schema::VoiceFacts>(&document.facts)) return voice->called;
  if (const auto* fax = std::get_if<schema::FaxFacts>(&document.facts)) return fax->called;
  if (const auto* sms = std::get_if<schema::SmsFacts>(&document.facts)) return sms->called;
  if (const auto* video = std::get_if<schema::VideoFacts>(&document.facts)) return video->called;
  return {};
}

std::string_view caller_of(const schema::Document& document) {
  if (const auto* voice = std::get_if<schema::VoiceFacts>(&document.facts)) return voice->caller;
  if (const auto* fax = std::get_if<schema::FaxFacts>(&document.facts)) return fax->caller;
  if (const auto* sms = std::get_if<schema::SmsFacts>(&document.facts)) return sms->caller;
  if (const auto* video = std::get_if<schema::VideoFacts>(&document.facts)) return video->caller;
  return {};
}

// "" where it is withheld. What the account sent itself goes by whom it was for.
std::string other_side(const schema::Document& document, const schema::Summary& summary, const std::vector<std::string>& own) {
  // Of an MMS the sender is told by its header alone; of the others that would be the gateway.
  const std::string_view told = document.kind == schema::Kind::mms ? std::string_view(summary.from) : caller_of(document);
  const std::string caller = canonical(told);
  if (!is_own(own, caller)) return caller;
  if (const std::string called = canonical(called_of(document)); !called.empty() && !is_own(own, called)) return called;
  for (const auto& mailbox : transcoders::mime::parse_addresses(value_of(document, "To"), kMaxTies)) {
    if (std::string to = canonical("mailto:" + mailbox.address); !is_own(own, to)) return to;
  }
  for (const std::string& to : document.envelope.to) {
    if (std::string address = canonical(to); !is_own(own, address)) return address;
  }
  return caller;
}

// '\0': conversations of this kind are by message ids.
char group_of(schema::Kind kind) {
  switch (kind) {
    case schema::Kind::sms:
    case schema::Kind::mms: return 's';
    case schema::Kind::voice:
    case schema::Kind::video: return 'v';
    case schema::Kind::fax: return 'f';
    case schema::Kind::email:
    case schema::Kind::image:
    case schema::Kind::text: break;
  }
  return '\0';
}

}  // namespace

ThreadTies ties_of(const schema::Document& document, const schema::Summary& summary, const std::vector<std::string>& own) {
  ThreadTies ties;
  if (const char group = group_of(document.kind); group != '\0') {
    const std::string other = other_side(document, summary, own);
    if (!other.empty()) ties.partner = hash_of(group + other) | 1u;
    if (ties.partner != 0) return ties;
  }
  add(ties.ids, transcoders::mime::parse_message_id(value_of(document, "Message-ID")));
  add_some(ties.ids, transcoders::mime::parse_message_ids(value_of(document, "In-Reply-To"), kMaxParsed), kMaxInReplyTo);
  add_some(ties.ids, transcoders::mime::parse_message_ids(value_of(document, "References"), kMaxParsed), kMaxReferences);
  return ties;
}

}  // namespace telepost::store
