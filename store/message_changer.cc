#include "store/message_changer.h"

#include <algorithm>

#include "base/bytes.h"
#include "schema/annotation.h"
#include "schema/document.h"
#include "schema/keys.h"
#include "store/account_write.h"
#include "store/append.h"
#include "store/copy.h"
#include "store/keywords.h"
#include "store/message_edit.h"
#include "store/message_reader.h"
#include "store/message_writer.h"
#include "store/pieces.h"
#include "store/quota.h"
#include "store/rooms.h"
#include "store/source_cutter.h"

namespace telepost::store {
namespace keys = schema::keys;

namespace {

Result<AccountWrite> open_write(Rooms& rooms, schema::AccountId account) {
  return AccountWrite::begin(rooms, account, AccountWrite::Mode::with_reads);
}

}  // namespace

Result<schema::Modseq> MessageChanger::set_keywords(schema::MessageId id, const std::vector<std::string>& add,
                                                    const std::vector<std::string>& remove) {
  TELEPOST_ASSIGN(AccountWrite write, open_write(rooms_, id.account));
  TELEPOST_ASSIGN(MessageEdit edit, MessageEdit::open(write, id.local));
  TELEPOST_ASSIGN(std::vector<std::string> keywords, changed_keywords(edit.summary().keywords, add, remove));
  if (keywords == edit.summary().keywords) return edit.record().modseq;
  TELEPOST_TRY(edit.set_keywords(std::move(keywords)));
  TELEPOST_ASSIGN(const schema::Modseq modseq, edit.finish());
  TELEPOST_TRY(write.commit());
  return modseq;
}

Result<schema::Uid> MessageChanger::move(schema::MessageId id, schema::MailboxId from, schema::MailboxId to) {
  TELEPOST_ASSIGN(AccountWrite write, open_write(rooms_, id.account));
  TELEPOST_ASSIGN(MessageEdit edit, MessageEdit::open(write, id.local));
  if (!edit.is_in(from)) return {Errc::not_found, "the message is not in that mailbox"};
  TELEPOST_TRY(write.mailbox(to));
  schema::Uid uid{};
  const bool is_there = edit.is_in(to);
  for (const schema::Placement& placement : edit.record().placements) {
    if (placement.mailbox == to) uid = placement.uid;
  }
  if (from == to) return uid;
  if (!is_there) {
    TELEPOST_ASSIGN(uid, edit.place(to));
  }
  TELEPOST_TRY(edit.unplace(from));
  TELEPOST_TRY(edit.finish());
  TELEPOST_TRY(write.commit());
  return uid;
}

Result<schema::Uid> MessageChanger::copy(schema::MessageId id, schema::MailboxId to) {
  {
    TELEPOST_ASSIGN(AccountWrite write, open_write(rooms_, id.account));
    TELEPOST_ASSIGN(MessageEdit edit, MessageEdit::open(write, id.local));
    if (!edit.is_in(to)) {
      if (edit.record().placements.size() >= kMaxPlacements) return {Errc::too_many, "a message lies in at most 64 mailboxes"};
      TELEPOST_ASSIGN(const schema::Uid uid, edit.place(to));
      TELEPOST_TRY(edit.finish());
      TELEPOST_TRY(write.commit());
      return uid;
    }
  }
  TELEPOST_ASSIGN(const schema::MessageId copied, copy_to_account(id, id.account, to));
  TELEPOST_ASSIGN(const auto record, MessageReader(rooms_).find(copied));
  return record.placements.front().uid;
}

// A new message with the same bytes: links first, then its batch. Inline bytes are copied, shared ones linked.
Result<schema::MessageId> MessageChanger::copy_to_account(schema::MessageId id, schema::AccountId account,
                                                          schema::MailboxId to) {
  MessageReader reader(rooms_);
  TELEPOST_ASSIGN(const auto record, reader.find(id));
  TELEPOST_ASSIGN(const Listed listed, reader.summary(id));
  TELEPOST_ASSIGN(const std::string xml, reader.document(id));
  TELEPOST_ASSIGN(schema::Document document, schema::read_document(xml));
  document.id = {account, rooms_.numbers.next_local()};
  {
    // Asked before the pieces are linked, so that a full account leaves no links behind; what is decided is decided below.
    TELEPOST_ASSIGN(AccountWrite asking, AccountWrite::begin(rooms_, account, AccountWrite::Mode::without_reads));
    TELEPOST_TRY(ask_quota(asking, document.kind, record.size_bytes));
  }
  TELEPOST_ASSIGN(const Content content, copy_content(rooms_, id, record, document.id));
  TELEPOST_ASSIGN(AccountWrite write, open_write(rooms_, account));
  TELEPOST_TRY(ask_quota(write, document.kind, record.size_bytes));
  TELEPOST_TRY(write_message(write, {&document, &content, {to}, listed.summary.keywords}));
  TELEPOST_TRY(write.commit());
  return document.id;
}

Result<void> MessageChanger::remove_placement(schema::MessageId id, schema::MailboxId from) {
  TELEPOST_ASSIGN(AccountWrite write, open_write(rooms_, id.account));
  TELEPOST_ASSIGN(MessageEdit edit, MessageEdit::open(write, id.local));
  if (!edit.is_in(from)) return {Errc::not_found, "the message is not in that mailbox"};
  if (edit.record().placements.size() == 1) {
    TELEPOST_TRY(edit.expunge(schema::Removal::expunged, rooms_.clock.now()));
  } else {
    TELEPOST_TRY(edit.unplace(from));
    TELEPOST_TRY(edit.finish());
  }
  return write.commit();
}

Result<void> MessageChanger::expunge(schema::MessageId id, schema::Removal reason, schema::Reach reach) {
  TELEPOST_ASSIGN(AccountWrite write, open_write(rooms_, id.account));
  TELEPOST_ASSIGN(MessageEdit edit, MessageEdit::open(write, id.local));
  TELEPOST_TRY(edit.expunge(reason, rooms_.clock.now(), reach));
  return write.commit();
}

Result<schema::Modseq> MessageChanger::annotate(const schema::Annotation& annotation) {
  TELEPOST_ASSIGN(AccountWrite write, open_write(rooms_, annotation.message.account));
  TELEPOST_ASSIGN(MessageEdit edit, MessageEdit::open(write, annotation.message.local));
  TELEPOST_ASSIGN(const schema::Modseq modseq, edit.finish());
  write.put(Space::large, keys::annotation(annotation.message.local, modseq), schema::write_annotation(annotation));
  TELEPOST_TRY(write.commit());
  return modseq;
}

std::unique_ptr<Append> MessageChanger::append(schema::AccountId account, std::string_view network) {
  return std::make_unique<Append>(rooms_, account, network);
}

Result<schema::MessageId> MessageChanger::import(const Appended& message) {
  const bool wants_new_id = message.document.id.local.value == 0;
  const schema::MessageId id = {message.document.id.account,
                                wants_new_id ? rooms_.numbers.next_local() : message.document.id.local};
  schema::Document document = message.document;
  document.id = id;
  if (message.document.trace_size_bytes > message.source.size() || message.document.size_bytes != message.source.size()) {
    return {Errc::invalid, "the document and the content do not have the same size"};
  }
  if (!rooms_.numbers.was_given(id.local.value)) {
    return {Errc::invalid, "this store never gave out the id " + schema::to_string(id) + "; --new-id gives it another"};
  }
  SourceCutter cutter;
  const std::string_view source(message.source);
  cutter.write(source.substr(message.document.trace_size_bytes));
  cutter.finish(source.substr(0, message.document.trace_size_bytes));
  if (cutter.arrived_digest() != message.document.digest) return {Errc::invalid, "the content is not what the document's digest says"};
  // Under the account's lock before the first link: due work of an expunged message of this id takes links away.
  TELEPOST_ASSIGN(AccountWrite write, open_write(rooms_, id.account));
  TELEPOST_ASSIGN(const auto taken, write.get(Space::point, keys::message(id.local)));
  if (taken) return {Errc::exists, "message " + schema::to_string(id) + " is there already; --new-id gives it another"};
  std::vector<schema::MailboxId> mailboxes;
  for (const schema::Placement& placement : message.placements) {
    if (std::find(mailboxes.begin(), mailboxes.end(), placement.mailbox) == mailboxes.end()) mailboxes.push_back(placement.mailbox);
  }
  if (mailboxes.empty() || mailboxes.size() > kMaxPlacements) return {Errc::invalid, "a message lies in 1 to 64 mailboxes"};
  TELEPOST_TRY(ask_quota(write, document.kind, document.size_bytes));
  TELEPOST_TRY(Pieces(rooms_).store(cutter.take_pieces(), {id}));
  TELEPOST_TRY(write_message(write, {&document, &cutter.content(), mailboxes, message.keywords}));
  for (schema::Annotation annotation : message.annotations) {
    annotation.message = id;
    const std::string xml = schema::write_annotation(annotation);
    if (!write.has_room(xml.size())) return {Errc::too_large, "the message and its annotations do not fit a batch"};
    write.put(Space::large, keys::annotation(id.local, write.advance()), xml);
  }
  TELEPOST_TRY(write.commit());
  return id;
}

}  // namespace telepost::store
