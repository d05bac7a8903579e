// The rules of a class of service: what is done with which messages, and when. In a list the first rule that a message meets
// decides, with one exception: of retain the longest does.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "schema/class_settings.h"
#include "schema/message.h"
#include "schema/records.h"

namespace telepost::schema {

// All that is said must be so.
struct When {
  std::uint16_t kinds = 0;  // bits by Kind; 0: any
  std::string mailbox;      // path, "*" for any run of characters; "": any
  std::optional<Role> role;
  std::string sender;       // the same, with or without the scheme; "": any
  Limit larger_bytes;       // strictly
  Limit smaller_bytes;      // strictly
  std::string flag;         // a JMAP keyword that it has, lower case; "": any
  std::string without_flag;
  std::string header;       // a field that it has; "": any
  std::string matches;      // that field's value, "*" for any run of characters; "": any
  bool operator==(const When&) const = default;
};

struct Rule {
  std::string name;          // as its file gives it, else what it is and its number: "retention 2"
  std::string of;            // who states it: "gold" for a class, "subscriber"
  std::string place;         // "gold.xml:12"; "" where no file has it
  std::vector<When> when;    // one of them must be so; none: of every message
};

// What a period of retention counts from.
enum class Since : std::uint8_t {
  arrival,
  reading,         // since it has $seen; an unread message stays
  trash,           // since it lies in Trash and nowhere else
  expires_header,  // RFC 4021 section 2.1.50, RFC 5536 section 3.2.5: its own word
};
std::string_view name_of(Since since);

// When messages leave the subscriber's view. For each Since the first rule decides; of these dates the earliest.
struct Retention {
  Rule rule;
  Since since = Since::arrival;
  std::optional<Duration> keep;  // none: for ever. expires_header: zero, or none where it is not honoured
  bool keep_flagged = false;     // $flagged stays
  bool final = false;            // stands before the rules of the layers above
  std::optional<bool> on_server_only;  // copies that clients hold may stay; none: but for what was thrown away
};
bool leaves_clients_alone(const Retention& rule);

// Content is kept at least so long after its arrival, whatever is deleted. No subscriber states one.
struct Retain {
  Rule rule;
  Duration keep{};
};

struct ArchiveRule {
  Rule rule;
  std::optional<Duration> untouched;  // by arrival or access; none: never archived
  std::uint64_t min_size_bytes = 64u << 10;
  bool bring_back = false;  // a read brings it back online
};

struct CompressRule {
  Rule rule;
  std::optional<Duration> after;  // its arrival; none: never
};

struct NotifyRule {
  Rule rule;
  bool notify = true;
};

struct ClassRules {
  std::vector<Retention> retention;
  std::vector<Retain> retain;
  std::vector<ArchiveRule> archive;
  std::vector<CompressRule> compress;
  std::vector<NotifyRule> notify;
};

}  // namespace telepost::schema
