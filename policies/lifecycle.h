// What becomes of a stored message over time, by the rules of its account's class of service. Pure: facts in, dates with their
// reasons out. Any thread.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "schema/effective_class.h"
#include "schema/message.h"
#include "schema/records.h"

namespace telepost::policies {

struct LifecycleFacts {
  // A mailbox that the message lies in: where the class needs_places, its path where it needs_paths.
  struct Place {
    std::string path;
    schema::Role role = schema::Role::none;
  };
  schema::Kind kind = schema::Kind::email;
  std::vector<Place> places;
  std::string_view sender;  // scheme-qualified, as lists show it
  std::uint64_t size_bytes = 0;
  std::span<const std::string> keywords;  // sorted
  Time received{};
  std::optional<Time> seen;      // since when it has $seen
  std::optional<Time> trashed;   // since when it lies in Trash and nowhere else
  std::optional<Time> accessed;  // when the subscriber last opened it
  std::optional<Time> expires_header;
  std::span<const schema::HeaderField> fields;  // where the class needs_fields
  // What is not known of it; only what must not miss a message asks.
  bool header_is_cut = false;  // it had more fields than these
  bool view_is_lost = false;   // its mailboxes and keywords went with its placements
};

// A date and the rule that set it, which the class owns.
struct Dated {
  Time time{};
  const schema::Rule* rule = nullptr;
  std::string reason;  // "P30D after its arrival"
  bool on_server_only = false;  // of expires: clients may keep their copies
};
std::string policy_of(const schema::Rule& rule);  // "gold: newsletters (gold.xml:12)", for the audit log and for people

struct Lifecycle {
  std::optional<Dated> expires;         // leaves the subscriber's view
  std::optional<Dated> archive_after;   // may be archived, once its account is over its allocation
  std::optional<Dated> compress_after;
  std::optional<Dated> retain_until;    // its content stays until then, whoever deletes it
};

// None of the first three for a class that is defined nowhere: nobody knows what it would have said.
Lifecycle decide_lifecycle(const schema::EffectiveClass& service, const LifecycleFacts& facts);
// The last of its dates alone.
std::optional<Dated> retain_until(const schema::EffectiveClass& service, const LifecycleFacts& facts);

// The rule that decides; null: none is about the message. Of several mailboxes the one whose rule leaves it online longest.
const schema::ArchiveRule* archive_rule(const schema::EffectiveClass& service, const LifecycleFacts& facts);
// Bytes online above which sources are archived, and down to which; none: the class archives nothing.
struct Relief {
  std::uint64_t above_bytes = 0;
  std::uint64_t down_to_bytes = 0;
};
std::optional<Relief> relief(const schema::EffectiveClass& service);
bool notifies(const schema::EffectiveClass& service, const LifecycleFacts& facts);  // true where no rule is about the message

}  // namespace telepost::policies
