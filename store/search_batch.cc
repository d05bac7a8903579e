#include "store/search_batch.h"

#include "base/log.h"
#include "schema/keys.h"
#include "store/change_log.h"
#include "store/changed_messages.h"
#include "store/message_texts.h"
#include "store/rooms.h"
#include "store/stored_record.h"

namespace telepost::store {
namespace keys = schema::keys;

namespace {
constexpr std::size_t kMostBytes = 5u << 18;  // of words; the last message may bring two MiB more, and a batch of the engine takes four
}

struct SearchBatch::Source {
  Source(Rooms& rooms, schema::AccountId of, const PartitionReader& snapshot) : account(of), messages(snapshot), texts(rooms, of, snapshot) {}
  const schema::AccountId account;
  ChangedMessages messages;
  const MessageTexts texts;
  MessageTexts::Annotated annotated;

  // What is asked of every message, by a few questions for all of them.
  Result<void> read_ahead(const std::vector<Change>& changes);
};

Result<void> SearchBatch::Source::read_ahead(const std::vector<Change>& changes) {
  std::vector<schema::LocalId> live;
  for (const Change& change : changes) {
    if (change.record.what == schema::ChangeRecord::What::message) live.push_back({change.record.id});
  }
  TELEPOST_TRY(messages.read(changes, keys::searched_message));
  TELEPOST_ASSIGN(annotated, texts.annotated(std::move(live)));
  return {};
}

Result<SearchBatch> SearchBatch::read(Rooms& rooms, schema::AccountId account, const PartitionReader& snapshot, const schema::HeadRecord& head,
                                      const schema::SearchRecord& from, std::size_t most) {
  SearchBatch batch;
  batch.until_ = from.position;
  batch.next_ = from.next;
  TELEPOST_ASSIGN(const auto changes, changes_behind(snapshot, from.position, most));
  Source source(rooms, account, snapshot);
  TELEPOST_TRY(source.read_ahead(changes));
  bool stopped = false;
  for (const Change& change : changes) {
    stopped = batch.writer_.size_bytes() > kMostBytes;
    if (stopped) break;
    const Result<void> done = batch.read(source, change);
    if (!done.ok() && done.error().kind != Errc::corrupt) return done.error();
    if (!done.ok()) {  // one that is damaged keeps the others from nothing: verify tells of it
      const schema::MessageId id{account, {change.record.id}};
      log::error("message_not_searched", {{"message", schema::to_string(id)}, {"reason", to_string(done.error())}});
    }
    batch.until_ = change.modseq;
  }
  if (!stopped && changes.size() < most) batch.until_ = head.modseq;
  batch.records_ = batch.writer_.take();
  return Result<SearchBatch>(std::move(batch));
}

Result<std::optional<schema::SearchedMessageRecord>> SearchBatch::known(const Source& source, schema::LocalId local) const {
  const auto told = told_.find(local.value);
  if (told != told_.end()) return told->second;
  return stored<schema::decode_SearchedMessageRecord>(source.messages, Space::point, keys::searched_message(local));
}

Result<void> SearchBatch::read(const Source& source, const Change& change) {
  using What = schema::ChangeRecord::What;
  const schema::LocalId local{change.record.id};
  if (change.record.what == What::message) return read_message(source, change);
  if (change.record.what != What::message_gone) return {};
  TELEPOST_ASSIGN(const auto there, known(source, local));
  if (!there) return {};
  TELEPOST_ASSIGN(const auto record, source.messages.record(local));
  if (record && !record->placements.empty()) return {};  // it came back since, by a later entry
  gone_.push_back({local, there->number, false});
  told_[local.value] = std::nullopt;
  return {};
}

// What a message says never changes; only annotations are added.
Result<void> SearchBatch::read_message(const Source& source, const Change& change) {
  const schema::LocalId local{change.record.id};
  TELEPOST_ASSIGN(const auto there, known(source, local));
  const auto known_annotated = source.annotated.find(local);
  const schema::Modseq annotated = known_annotated == source.annotated.end() ? schema::Modseq{} : known_annotated->second;
  if (there && there->annotated == annotated) return {};
  TELEPOST_ASSIGN(const auto message, source.messages.message(local));
  if (there) gone_.push_back({local, there->number, true});
  writer_.begin(next_);
  const Result<void> read = source.texts.for_each(message.summary, annotated.value != 0, [&](schema::SearchField field, std::string_view text) { writer_.add(field, text); });
  const PostingWriter::Sum sum = writer_.end();
  TELEPOST_TRY(read);
  if (sum.is_cut) log::warning("message_searched_in_part", {{"message", schema::to_string(schema::MessageId{source.account, local})}, {"reason", "it has more words than are kept of one"}});
  added_.push_back({local, message.record.received, {next_++, annotated, sum.words, sum.hashes}});
  told_[local.value] = added_.back().record;
  return {};
}

}  // namespace telepost::store
