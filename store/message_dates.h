// When a message is due to expire, to be archived and to be compressed, by the class of service of its account: read from what is
// stored, decided by policies/lifecycle.h, written into the account's due list.
#pragma once

#include <optional>

#include "policies/lifecycle.h"
#include "schema/kept_record.h"
#include "schema/message.h"
#include "schema/message_records.h"
#include "store/account_write.h"

namespace telepost::store {

struct DatedMessage {
  const schema::MessageRecord& record;
  const schema::Summary& summary;
  const schema::Document* document = nullptr;  // null: read where header fields are asked for (mode with_reads)
  const std::vector<schema::KeptRecord::Place>* lay = nullptr;  // where it lay before it left the view; null: where it lies
};

// What rules may ask of a message beside what its record and summary say.
struct FactsWanted {
  bool places = false;  // its mailboxes
  bool paths = false;   // their names too
  bool fields = false;  // its header
  void add(const FactsWanted& more) { places |= more.places, paths |= more.paths, fields |= more.fields; }
};
// They point into the document, and into the record and the summary that they were read for.
struct MessageFacts {
  policies::LifecycleFacts facts;
  schema::Document document;
};
// Errors: io, corrupt (no document).
Result<MessageFacts> read_facts(AccountWrite& write, const DatedMessage& message, const FactsWanted& wanted);
FactsWanted wanted_by(const schema::EffectiveClass& service);

// The rules belong to write.service(). Errors: io, corrupt (no document).
Result<policies::Lifecycle> lifecycle_of(AccountWrite& write, const DatedMessage& message);

// Whether the policy of this moment brings it back from the archive when its subscriber reads it. Errors: as lifecycle_of.
Result<bool> comes_back(AccountWrite& write, const DatedMessage& message);

// Due work for each date that is earlier than it was. What became later, or never, is found out when its old date comes.
void add_due_dates(AccountWrite& write, schema::LocalId local, const policies::Lifecycle& was, const policies::Lifecycle& is);

// A mailbox as rules and people name it.
Result<policies::LifecycleFacts::Place> place_of(AccountWrite& write, schema::MailboxId id, bool with_path);

// Whether every mailbox of these is a Trash, and there is one.
Result<bool> lies_in_trash_only(AccountWrite& write, const std::vector<schema::Placement>& placements);

}  // namespace telepost::store
