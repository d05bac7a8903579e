// The records as they lie on disk since version 1: these bytes were written once and must be read for ever.
#include <gtest/gtest.h>

#include "base/bytes.h"
#include "schema/audit_record.h"
#include "schema/content_dictionary.h"
#include "schema/dictionary_records.h"
#include "schema/ids.h"
#include "schema/index_records.h"
#include "schema/reindex_record.h"
#include "schema/kept_record.h"
#include "schema/mail_job.h"
#include "schema/message_records.h"
#include "schema/records.h"
#include "schema/rules_record.h"
#include "schema/sender_record.h"
#include "schema/vacation_record.h"
#include "schema/keys.h"
#include "schema/visit_record.h"
#include "tests/support/spaced_hex.h"

namespace telepost::schema {
namespace {

using test::unhexed;

template <typename Record, typename Decode>
void expect_golden(const Record& record, std::string_view golden, Decode decode) {
  EXPECT_EQ(to_hex(encode(record)), to_hex(unhexed(golden)));
  const auto decoded = decode(unhexed(golden));
  ASSERT_TRUE(decoded.ok()) << to_string(decoded.error());
  EXPECT_EQ(*decoded, record);
}

TEST(Records, AccountOfVersion1IsReadAndWritten) {
  // 01 version, 02 disabled, created (64 bits), class "standard", 1 address, name "Ann", no password
  expect_golden(AccountRecord{AccountState::disabled, from_millis(1), "standard", {"tel:+1555"}, "Ann", "", ""},
                "01 02 0000000000000001 08 7374616e64617264 01 09 74656c3a2b31353535 03 416e6e 00", decode_AccountRecord);
}

TEST(Records, WhatASubscriberSaysOfMailThatLeaves) {
  SenderRecord sender;
  sender.identities = {{5, "a@b", "A", std::vector<NamedAddress>{{"", "c@d"}}, std::nullopt, "t", "h", Modseq{1}, Modseq{2}}};
  sender.gone = {{6, Modseq{3}, Modseq{4}}};
  sender.submissions_floor = Modseq{9};
  // one identity: number, email, name, replyTo with one address, no bcc, signatures, created, modseq; one gone; both floors
  expect_golden(sender, "01 01 05 03 614062 01 41 01 01 00 03 634064 00 01 74 01 68 01 02 01 06 03 04 00 09", decode_SenderRecord);
}

TEST(Records, WhatAnswersByItself) {
  VacationRecord vacation;
  vacation.enabled = true;
  vacation.modseq = Modseq{7};
  vacation.to = from_millis(3);
  vacation.text = "x";
  // enabled, modseq, no from, to, no subject, text, no html
  expect_golden(vacation, "01 01 07 00 01 0000000000000003 00 01 01 78 00", decode_VacationRecord);
  expect_golden(AnsweredRecord{from_millis(3)}, "01 0000000000000003", decode_AnsweredRecord);
  // no subject, text, 7 days
  expect_golden(AnswerRecord{std::nullopt, "x", 7}, "01 00 01 78 07", decode_AnswerRecord);
}

TEST(Records, RulesOfAnAccount) {
  DeliveryRule rule;
  rule.name = "r";
  rule.conditions = {{{Kind::voice}, {"@a"}, false, {"mailto:b"}, "h", "t", 1, std::nullopt}};
  rule.mailbox = "m";
  rule.keywords = {"k"};
  rule.forward = RuleForward{{"c@d"}, false};
  rule.answer = AnswerRecord{"s", "x", 1};
  rule.stop = true;
  // modseq, one rule: name, enabled, all of one condition: kind, sender, not withheld, recipient, header, text, from 1 byte on, no end;
  // no block, mailbox, keyword, forward to one and keep nothing, answer, stop
  expect_golden(RulesRecord{Modseq{5}, {rule}}, "01 05 01 01 72 01 00 01 01 02 01 02 4061 02 01 08 6d61696c746f3a62 01 68 01 74 01 01 00 00 01 01 6d 01 01 6b 01 01 03 634064 00 "
                                                "01 01 01 73 01 78 01 01", decode_RulesRecord);
}

TEST(Records, ASubmissionThatNobodyFollowsIsWrittenAsBefore) {
  SubmissionRecord record;
  record.from = "a@b";
  record.recipients = record.open = 2;
  const std::string before = encode(record);
  // from, RET, ENVID, REQUIRETLS, TLS-Required, created, send_at, recipients, open, not final, not canceled, offset, size, trace
  EXPECT_EQ(to_hex(before), to_hex(unhexed("01 03 614062 00 00 00 00 0000000000000000 0000000000000000 02 02 00 00 00 00 00")));
  EXPECT_EQ(*decode_SubmissionRecord(before), record);
  record.sent = true;
  expect_golden(record, to_hex(before) + "01 00 00 00 00 00 00 00", decode_SubmissionRecord);
  record.followed = {LocalId{7}, ThreadId{8}, 9, "{}", Modseq{1}, Modseq{2}, false};
  expect_golden(record, to_hex(before) + "01 07 08 09 02 7b7d 01 02 00", decode_SubmissionRecord);
}

TEST(Records, MessageOfVersion1IsReadAndWritten) {
  MessageRecord record;
  record.placements = {{MailboxId{1}, Uid{300}}};
  record.created = Modseq{5};
  record.modseq = Modseq{6};
  record.received = from_millis(256);
  record.size_bytes = 128;
  record.segments = {{100, std::nullopt}, {28, Digest{}}};
  // placements, created, modseq, received, size (varint 80 01), two segments: 100 inline, 28 of a piece
  expect_golden(record, "01 01 01 ac02 05 06 0000000000000100 8001 02 64 00 1c 01" + std::string(64, '0'), decode_MessageRecord);
}

TEST(Records, AMessageSaysLaterWhatBecameOfIt) {
  MessageRecord record;
  record.created = Modseq{5};
  record.modseq = Modseq{6};
  record.received = from_millis(256);
  record.size_bytes = 1;
  record.segments = {{1, std::nullopt}};
  record.seen = from_millis(3);
  record.trashed = from_millis(4);
  record.departed = Departure{Removal::expired, from_millis(5)};
  record.tier = Tier::archived;
  record.archived = {300, {Digest{}}};
  record.codec = {ContentCodec::Kind::zstd, 7};
  record.accessed = from_millis(6);
  record.parked = from_millis(7);
  expect_golden(record,
                "01 00 05 06 0000000000000100 01 01 01 00"
                "7f 0000000000000003 0000000000000004 02 0000000000000005 02 ac02 01" + std::string(64, '0') +
                    "02 07 0000000000000006 0000000000000007",
                decode_MessageRecord);
  EXPECT_EQ(decode_MessageRecord(unhexed("01 00 05 06 0000000000000100 01 01 01 00 8001")).error().kind, Errc::corrupt);
}

TEST(Records, AnAccountWithoutOwnPolicyIsAsBefore) {
  expect_golden(AccountRecord{AccountState::active, from_millis(1), "a", {}, "", "", "<class/>"},
                "01 01 0000000000000001 01 61 00 00 00 08 3c636c6173732f3e", decode_AccountRecord);
}

TEST(Records, ChangeOfVersion1IsReadAndWritten) {
  ChangeRecord record;
  record.what = ChangeRecord::What::message_gone;
  record.id = 7;
  record.created = Modseq{3};
  record.placements = {{MailboxId{2}, Uid{9}}};
  record.reason = Removal::expired;
  record.time = from_millis(2);
  expect_golden(record, "01 02 07 03 01 02 09 02 0000000000000002", decode_ChangeRecord);
  record.reach = Reach::server_only;
  expect_golden(record, "01 02 07 03 01 02 09 02 0000000000000002 02", decode_ChangeRecord);
  EXPECT_FALSE(decode_ChangeRecord(unhexed("01 02 07 03 01 02 09 02 0000000000000002 01")).ok());
  EXPECT_FALSE(decode_ChangeRecord(unhexed("01 02 07 03 01 02 09 02 0000000000000002 03")).ok());
}

// What was packed on the first day is read for ever.
TEST(Records, TheFirstDictionaryNeverChanges) {
  EXPECT_EQ(to_hex(sha256(content_dictionary(1))), "da68131eaf158a57ea9db2e42e20c66893fa0a5521620228d3fa422abdcddc3c");
  EXPECT_EQ(content_dictionary(0), "");
  EXPECT_EQ(content_dictionary(kFirstTrainedDictionary), "");
}

TEST(Records, SmallOnesOfVersion1AreReadAndWritten) {
  expect_golden(BlockRecord{256, 64}, "01 8002 40", decode_BlockRecord);
  expect_golden(DeliveryKeyRecord{LocalId{7}, from_millis(3)}, "01 07 0000000000000003", decode_DeliveryKeyRecord);
  expect_golden(PieceRecord{PieceRecord::Codec::raw, 1, 2, 0}, "01 01 01 02", decode_PieceRecord);
  expect_golden(DictionaryRecord{Kind::fax, from_millis(1), 50, 300, 4, sha256("")}, "01 03 0000000000000001 32 ac02 04"
                "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", decode_DictionaryRecord);
  expect_golden(PieceRecord{PieceRecord::Codec::flac, 300, 2, 130}, "01 04 ac 02 02 82 01", decode_PieceRecord);
  expect_golden(OrphanRecord{2, from_millis(4)}, "01 02 0000000000000004", decode_OrphanRecord);
  expect_golden(AddressRecord{AccountId{1}}, "01 01", decode_AddressRecord);
}

TEST(Records, VisitsAreReadAndWrittenAndLieByTheHour) {
  VisitRecord visit{VisitRecord::Event::login, VisitRecord::Result::refused, from_millis(5), 3, "s", "p", AccountId{1}, "n", "m", "r", from_millis(4), 300, 1};
  expect_golden(visit, "01 01 02 0000000000000005 03 01 73 01 70 01 01 6e 01 6d 01 72 0000000000000004 ac02 01", decode_VisitRecord);
  // Milliseconds over 20 bits of a sequence; the third hour since 1970 is of slice 3, the ninth of slice 1.
  constexpr std::int64_t kHour = 3'600'000;
  EXPECT_EQ(to_hex(keys::visit(keys::first_visit_of(from_millis(1)))), "560000000000100000");
  EXPECT_EQ(keys::visit_slice(keys::first_visit_of(from_millis(3 * kHour)) + 7), Partition::slice(PartitionKind::audit, 3));
  EXPECT_EQ(keys::visit_slice(keys::first_visit_of(from_millis(10 * kHour - 1))), Partition::slice(PartitionKind::audit, 1));
  EXPECT_EQ(keys::visit_written(keys::first_visit_of(from_millis(9 * kHour)) + 7), from_millis(9 * kHour));
}

TEST(Records, AuditAndKeptRecordsAreReadAndWritten) {
  // purged, time, account 1, policy "p", reason "r", one message
  expect_golden(AuditRecord{AuditRecord::Action::purged, from_millis(5), AccountId{1}, "p", "r", {LocalId{3}}},
                "01 02 0000000000000005 01 01 70 01 72 01 03", decode_AuditRecord);
  KeptRecord kept;
  kept.summary.local = LocalId{7};
  kept.places = {{MailboxId{1}, "INBOX", Role::inbox}};
  kept.departed = {Removal::expired, from_millis(5)};
  kept.hold = 7;
  // expired, time, one place: mailbox 1, role inbox, path; the summary in its own form; the hold
  const std::string summary = encode(kept.summary);
  expect_golden(kept, "01 02 0000000000000005 01 01 01 05 494e424f58" + to_hex(std::string(1, static_cast<char>(summary.size()))) + to_hex(summary) + "07",
                decode_KeptRecord);
}

TEST(Records, TheIndexIsReadAndWritten) {
  ThreadRecord thread;
  thread.created = Modseq{5};
  thread.modseq = Modseq{9};
  thread.joined = 3;
  thread.ids = {1};
  thread.members = {{from_millis(1000), LocalId{7}, true, {MailboxId{1}}}, {from_millis(1300), LocalId{6}, false, {MailboxId{1}, MailboxId{2}}}};
  // created, modseq, joined, partner, 8 bytes of ids; two members: received, local, unread, mailboxes, each the difference to the one before
  expect_golden(thread, "01 05 09 03 00 08 0000000000000001 02 e807 07 01 01 01 ac02 ffffffffffffffffff01 00 02 01 02", decode_ThreadRecord);
  expect_golden(IndexedMessageRecord{ThreadId{7}, true}, "01 07 01", decode_IndexedMessageRecord);
  expect_golden(PartnerRecord{{{ThreadId{7}, from_millis(1), from_millis(2)}}}, "01 01 07 0000000000000001 0000000000000002", decode_PartnerRecord);
  expect_golden(OrderRecord{300, 2, Modseq{9}, {1, 2, 3, "n", "b", "g"}}, "01 ac02 02 09 01 02 03 01 6e 01 62 01 67", decode_OrderRecord);
  expect_golden(ThreadChangeRecord{ThreadId{7}, Modseq{5}}, "01 07 05", decode_ThreadChangeRecord);
  expect_golden(RecountRecord{MailboxId{3}, true, "k"}, "01 03 01 01 6b", decode_RecountRecord);
  expect_golden(ReindexRecord{{true, 2, "k"}, {}, Modseq{9}}, "01 01 02 01 6b 00 00 00 09", decode_ReindexRecord);
}

TEST(Records, AHeadTellsOfItsIndexOnlyWhereThereIsOne) {
  HeadRecord head;
  const std::string before = encode(head);
  head.trash = MailboxId{4};
  head.indexed = Modseq{300};
  head.indexed_trash = MailboxId{3};
  EXPECT_EQ(to_hex(encode(head)), to_hex(before) + "000000" "00" "00" "04ac0203");
  EXPECT_EQ(*decode_HeadRecord(encode(head)), head);
}

TEST(Records, AHeadTellsOfKeptMessagesOnlyWhereThereAreSome) {
  HeadRecord head;
  const std::string before = encode(head);
  head.parked = {1, 2};
  head.purge_due = from_millis(9);
  EXPECT_EQ(to_hex(encode(head)), to_hex(before) + "0102010000000000000009");
  EXPECT_EQ(*decode_HeadRecord(encode(head)), head);
}

TEST(Records, AHeadTellsOfWarningsOnlyWhereThereWasOne) {
  HeadRecord head;
  const std::string before = encode(head);
  head.quota_warned[1] = from_millis(9);
  EXPECT_EQ(to_hex(encode(head)), to_hex(before) + "000000" "00" "010000000000000009");
  EXPECT_EQ(*decode_HeadRecord(encode(head)), head);
  head.quota_warned[0] = from_millis(8);
  head.purge_due = from_millis(7);
  EXPECT_EQ(*decode_HeadRecord(encode(head)), head);
}

TEST(Records, BytesOfAnotherVersionOrLengthAreCorrupt) {
  EXPECT_EQ(decode_BlockRecord(unhexed("02 01 01")).error().kind, Errc::corrupt);
  EXPECT_EQ(decode_BlockRecord(unhexed("01 01")).error().kind, Errc::corrupt);
  EXPECT_EQ(decode_BlockRecord(unhexed("01 01 01 00")).error().kind, Errc::corrupt);
  EXPECT_EQ(decode_BlockRecord("").error().kind, Errc::corrupt);
}

TEST(Records, ACountWithoutBytesBehindItCostsNoMemory) {
  // a message record that claims 2^62 placements
  EXPECT_EQ(decode_MessageRecord(unhexed("01 8080808080808080 40")).error().kind, Errc::corrupt);
}

TEST(Ids, TextFormsComeBack) {
  const MessageId id{AccountId{~std::uint64_t{0}}, LocalId{(std::uint64_t{1} << 40) + 4}};
  EXPECT_EQ(to_string(id.account), "afzzzzzzzzzzzz");
  EXPECT_EQ(to_string(id), "mfzzzzzzzzzzzz-100000004");
  EXPECT_EQ(*message_id_from(to_string(id)), id);
  EXPECT_EQ(*account_id_from(to_string(AccountId{0})), AccountId{0});
  for (const char* bad : {"", "m", "m0000000000000", "m0000000000000-", "m0000000000000-0", "m0000000000000-u", "x0000000000000-1"}) {
    EXPECT_FALSE(message_id_from(bad).ok()) << bad;
  }
}

}  // namespace
}  // namespace telepost::schema
