#include "store/message_dates.h"

#include <algorithm>

#include "base/bytes.h"
#include "schema/document.h"
#include "schema/keys.h"
#include "store/due_list.h"
#include "store/redating.h"
#include "transcoders/mime/fields.h"

namespace telepost::store {
namespace {

constexpr int kMaxDepth = 64;  // of the tree; a damaged one has no end

// RFC 5536 section 3.2.5; of several fields the first that is a date.
std::optional<Time> expires_field(const std::vector<schema::HeaderField>& fields) {
  for (const schema::HeaderField& field : fields) {
    if (!equals_ignoring_case(field.name, "Expires") && !equals_ignoring_case(field.name, "Expiry-Date")) continue;
    const Result<Time> date = transcoders::mime::parse_date(field.value);
    if (date.ok()) return *date;
  }
  return std::nullopt;
}

// What came back from undelete stays for as long as undelete would have kept it: else it would go again at once.
policies::Lifecycle decide(const schema::EffectiveClass& service, const DatedMessage& message, const policies::LifecycleFacts& facts) {
  policies::Lifecycle lifecycle = policies::decide_lifecycle(service, facts);
  const std::optional<Time>& restored = message.record.restored;
  if (lifecycle.expires && restored) lifecycle.expires->time = std::max(lifecycle.expires->time, *restored + service.settings.undelete.keep);
  return lifecycle;
}

}  // namespace

Result<policies::LifecycleFacts::Place> place_of(AccountWrite& write, schema::MailboxId id, bool with_path) {
  TELEPOST_ASSIGN(const schema::MailboxRecord* const mailbox, write.peek_mailbox(id));
  policies::LifecycleFacts::Place place{with_path ? mailbox->name : "", mailbox->role};
  schema::MailboxId parent = mailbox->parent;
  for (int depth = 0; with_path && parent.value != 0 && depth < kMaxDepth; ++depth) {
    TELEPOST_ASSIGN(const schema::MailboxRecord* const above, write.peek_mailbox(parent));
    place.path = above->name + "/" + place.path;
    parent = above->parent;
  }
  return place;
}

FactsWanted wanted_by(const schema::EffectiveClass& service) { return {service.needs_places, service.needs_paths, service.needs_fields}; }

Result<MessageFacts> read_facts(AccountWrite& write, const DatedMessage& message, const FactsWanted& wanted) {
  MessageFacts read;
  policies::LifecycleFacts& facts = read.facts;
  facts.kind = message.summary.kind;
  facts.sender = message.summary.from;
  facts.size_bytes = message.record.size_bytes;
  facts.keywords = message.summary.keywords;
  facts.received = message.record.received;
  facts.seen = message.record.seen;
  facts.trashed = message.record.trashed;
  facts.accessed = message.record.accessed;
  if (message.lay != nullptr) {
    for (const schema::KeptRecord::Place& place : *message.lay) facts.places.push_back({place.path, place.role});
  } else if (wanted.places) {
    for (const schema::Placement& placement : message.record.placements) {
      TELEPOST_ASSIGN(auto place, place_of(write, placement.mailbox, wanted.paths));
      facts.places.push_back(std::move(place));
    }
  }
  if (!wanted.fields) return read;
  const schema::Document* document = message.document;
  if (document == nullptr) {
    TELEPOST_ASSIGN(const auto xml, write.document(message.summary.local));
    if (!xml) return {Errc::corrupt, "a message without its document; run telepost verify"};
    TELEPOST_ASSIGN(read.document, schema::read_document(*xml));
    document = &read.document;
  }
  facts.fields = document->fields;
  facts.expires_header = expires_field(document->fields);
  return read;
}

Result<policies::Lifecycle> lifecycle_of(AccountWrite& write, const DatedMessage& message) {
  Redating::note(write);
  const schema::EffectiveClass& service = write.service();
  if (!service.dates_messages() && service.rules.retain.empty()) return policies::Lifecycle();
  TELEPOST_ASSIGN(const MessageFacts read, read_facts(write, message, wanted_by(service)));
  return decide(service, message, read.facts);
}

Result<bool> comes_back(AccountWrite& write, const DatedMessage& message) {
  const schema::EffectiveClass& service = write.service();
  if (service.rules.archive.empty()) return false;
  TELEPOST_ASSIGN(const MessageFacts read, read_facts(write, message, wanted_by(service)));
  const schema::ArchiveRule* const rule = policies::archive_rule(service, read.facts);
  return rule != nullptr && rule->bring_back;
}

void add_due_dates(AccountWrite& write, schema::LocalId local, const policies::Lifecycle& was, const policies::Lifecycle& is) {
  const auto add = [&](const std::optional<policies::Dated>& before, const std::optional<policies::Dated>& now, char what) {
    if (now && (!before || now->time < before->time)) write.add_due(now->time, what, due::id_of(local));
  };
  add(was.expires, is.expires, due::kExpire);
  add(was.archive_after, is.archive_after, due::kArchive);
  add(was.compress_after, is.compress_after, due::kCompress);
}

Result<bool> lies_in_trash_only(AccountWrite& write, const std::vector<schema::Placement>& placements) {
  for (const schema::Placement& placement : placements) {
    TELEPOST_ASSIGN(const schema::MailboxRecord* const mailbox, write.peek_mailbox(placement.mailbox));
    if (mailbox->role != schema::Role::trash) return false;
  }
  return !placements.empty();
}

}  // namespace telepost::store
