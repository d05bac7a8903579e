#include "store/index_batch.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/log.h"
#include "schema/document.h"
#include "schema/keys.h"
#include "store/change_log.h"
#include "store/changed_messages.h"
#include "store/message_writer.h"
#include "store/rooms.h"
#include "store/stored_content.h"
#include "store/stored_record.h"

namespace telepost::store {
namespace keys = schema::keys;

namespace {

schema::ThreadRecord::Member member_of(schema::LocalId local, const ChangedMessages::Message& message) {
  schema::ThreadRecord::Member member{message.record.received, local, is_unread(message.summary), {}};
  for (const schema::Placement& placement : message.record.placements) member.mailboxes.push_back(placement.mailbox);
  std::sort(member.mailboxes.begin(), member.mailboxes.end());
  return member;
}

}  // namespace

struct IndexBatch::Source {
  Source(Rooms& all, schema::AccountId of, const PartitionReader& reader) : rooms(all), account(of), snapshot(reader), messages(reader) {}
  Rooms& rooms;
  const schema::AccountId account;
  const PartitionReader& snapshot;
  ChangedMessages messages;
  std::vector<std::string> own;  // the account's addresses

  Result<Message> message(schema::LocalId local) const;
  Result<ThreadTies> ties(schema::LocalId local, const schema::Summary& summary) const;
};

// A document is dear. Of what lies in a thread none is read: whatever became of it since the snapshot, it lies there until the index
// itself reads that it went.
Result<IndexBatch::Message> IndexBatch::Source::message(schema::LocalId local) const {
  TELEPOST_ASSIGN(const auto there, messages.message(local));
  TELEPOST_ASSIGN(const auto known, stored<schema::decode_IndexedMessageRecord>(messages, Space::point, keys::indexed_message(local)));
  Message message{member_of(local, there), {}};
  if (!known || known->gone) {
    TELEPOST_ASSIGN(message.ties, ties(local, there.summary));
  }
  return message;
}

// Of a document that is damaged nothing is known: the message is a thread of its own.
Result<ThreadTies> IndexBatch::Source::ties(schema::LocalId local, const schema::Summary& summary) const {
  TELEPOST_ASSIGN(const auto xml, StoredContent(snapshot, rooms.dictionaries, local).document());
  const Result<schema::Document> document = xml ? schema::read_document(*xml) : Result<schema::Document>(Errc::corrupt, "no document");
  if (document.ok()) return ties_of(*document, summary, own);
  log::error("message_without_thread", {{"message", schema::to_string(schema::MessageId{account, local})}, {"reason", to_string(document.error())}});
  return ThreadTies();
}

// Where the log had no more, it goes on behind the snapshot: what deliveries have assigned since then is not to be read yet.
Result<IndexBatch> IndexBatch::read(Rooms& rooms, schema::AccountId account, const PartitionReader& snapshot, const schema::HeadRecord& head) {
  IndexBatch batch;
  batch.from_ = head.indexed;
  batch.trash_ = head.indexed_trash;
  Source source(rooms, account, snapshot);
  TELEPOST_ASSIGN(auto profile, stored<schema::decode_AccountRecord>(snapshot, Space::point, std::string(keys::kAccount)));
  if (!profile) return {Errc::not_found, "no account " + schema::to_string(account)};
  source.own = std::move(profile->addresses);
  TELEPOST_ASSIGN(const auto changes, changes_behind(snapshot, head.indexed, kMostChanges));
  TELEPOST_TRY(source.messages.read(changes, keys::indexed_message));
  for (const Change& change : changes) {
    const Result<void> done = batch.read(source, change);
    if (!done.ok() && done.error().kind != Errc::corrupt) return done.error();
    if (!done.ok()) batch.told_.push_back({change.modseq, {change.record.id}, done.error()});
  }
  batch.until_ = changes.size() < kMostChanges ? head.modseq : changes.back().modseq;
  return Result<IndexBatch>(std::move(batch));
}

Result<void> IndexBatch::read(const Source& source, const Change& change) {
  using What = schema::ChangeRecord::What;
  const schema::LocalId local{change.record.id};
  if (change.record.what == What::message) {
    TELEPOST_ASSIGN(Message message, source.message(local));
    told_.push_back({change.modseq, local, std::move(message)});
  }
  if (change.record.what != What::message_gone) return {};  // what a mailbox lost stands in the message's own entry
  TELEPOST_ASSIGN(const auto there, source.messages.record(local));
  const bool is_back = there && !there->placements.empty();  // by a later entry
  if (!is_back) told_.push_back({change.modseq, local, Gone{}});
  return {};
}

bool IndexBatch::follows(const schema::HeadRecord& head) const {
  return head.indexed == from_ && head.indexed_trash == trash_ && head.trash == trash_;
}

}  // namespace telepost::store
