// Each check of verify on records: one thing is broken, and verify names that check and no other.
#include "schema/mail_job.h"
#include "tests/unit/broken_store.h"

namespace telepost {
namespace {

using namespace test;
using Verify = BrokenStore;

TEST_F(Verify, FindsNothingInAStoreThatIsWhole) {
  const auto report = store::verify(fixture_.store());
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->accounts, 2u);
  EXPECT_EQ(report->messages, 5u);
  EXPECT_EQ(report->pieces, 1u);
  EXPECT_TRUE(report->findings.empty());
}

TEST_F(Verify, LooksAtOneAccountWithThePiecesThatItUses) {
  store::VerifyOptions options;
  options.account = bob_;
  auto report = store::verify(fixture_.store(), options);
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->messages, 1u);
  EXPECT_TRUE(report->findings.empty());
  put(Partition::piece(piece()), Space::large, keys::kPieceBytes, std::string(40'000, 'b'));
  report = store::verify(fixture_.store(), options);
  ASSERT_TRUE(report.ok());
  EXPECT_TRUE(report->damage.contains("piece"));
  options.account = schema::AccountId{42};
  EXPECT_EQ(store::verify(fixture_.store(), options).error().kind, Errc::not_found);
}

TEST_F(Verify, KeepsTheFirstFindingsAndCountsAll) {
  for (std::uint64_t i = 0; i < store::kMaxFindings + 10; ++i) put(account(), Space::large, keys::document(LocalId{i + 1}), "x");
  const auto report = store::verify(fixture_.store());
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->findings.size(), store::kMaxFindings);
  EXPECT_EQ(report->damage.at("leftover"), store::kMaxFindings + 10);
}

TEST_F(Verify, NamesBytesThatAreNoRecord) {
  put(account(), Space::point, first_key(account(), Space::point, "K"), "\x01junk");
  expect_damage("record");
}
TEST_F(Verify, NamesAKeyThatNobodyKnows) {
  put(account(), Space::scan, "Znothing", "");
  expect_damage("record");
}
TEST_F(Verify, NamesAnAccountWithoutHead) {
  erase(account(), Space::point, keys::kHead);
  expect_damage("account");
}
TEST_F(Verify, NamesAnAccountThatIsNotListed) {
  erase(keys::account_list_slice(ann_), Space::scan, keys::listed_account(ann_));
  expect_damage("account-list");
}
TEST_F(Verify, NamesAListedAccountThatIsNotThere) {
  const schema::AccountId nobody{42};
  put(keys::account_list_slice(nobody), Space::scan, keys::listed_account(nobody), schema::encode(schema::AccountListRecord{{}, "mailto:x@y"}));
  expect_damage("account-list");
}
TEST_F(Verify, NamesAnAddressThatTheDirectoryLost) {
  const std::string address = "mailto:ann@example.test";
  erase(keys::directory_slice(address), Space::point, keys::address(address));
  expect_damage("directory");
}
TEST_F(Verify, NamesAnAddressThatItsAccountDoesNotHave) {
  const std::string address = "mailto:other@example.test";
  put(keys::directory_slice(address), Space::point, keys::address(address), schema::encode(schema::AddressRecord{ann_}));
  expect_damage("directory");
}
TEST_F(Verify, NamesAnAddressOfNoAccount) {
  const std::string address = "mailto:other@example.test";
  put(keys::directory_slice(address), Space::point, keys::address(address), schema::encode(schema::AddressRecord{{42}}));
  expect_damage("directory");
}
TEST_F(Verify, NamesAMailboxThatItsNameDoesNotFind) {
  erase(account(), Space::point, keys::mailbox_name({0}, "Work"));
  expect_damage("mailbox");
}
TEST_F(Verify, NamesAMailboxUnderNothing) {
  const std::string value = *get(account(), Space::point, keys::mailbox_name({0}, "Work"));
  erase(account(), Space::point, keys::mailbox_name({0}, "Work"));
  put(account(), Space::point, keys::mailbox_name({99}, "Work"), value);
  edit(Space::point, keys::mailbox(work_), schema::decode_MailboxRecord, [](schema::MailboxRecord& box) { box.parent = {99}; });
  expect_damage("mailbox");
}
TEST_F(Verify, NamesARoleThatTwoMailboxesHave) {
  edit(Space::point, keys::mailbox(work_), schema::decode_MailboxRecord, [](schema::MailboxRecord& box) { box.role = schema::Role::inbox; });
  expect_damage("mailbox");
}
TEST_F(Verify, NamesAPlacementWithoutSummary) {
  erase(account(), Space::scan, keys::summary(store::kInbox, record(small_).placements[0].uid));
  expect_damage("placement");
}
TEST_F(Verify, NamesASummaryWithoutMessage) {
  erase(account(), Space::point, keys::message(small_.local));
  expect_damage("placement");
}
TEST_F(Verify, NamesASummaryWhereItsMessageIsNotPlaced) {
  const auto summary = get(account(), Space::scan, keys::summary(store::kInbox, record(small_).placements[0].uid));
  put(account(), Space::scan, keys::summary(work_, {77}), *summary);
  expect_damage("placement");
}
TEST_F(Verify, NamesSummariesThatDiffer) {
  const schema::Placement second = record(copied_).placements[1];
  edit(Space::scan, keys::summary(second.mailbox, second.uid), schema::decode_Summary,
       [](schema::Summary& summary) { summary.subject = "another"; });
  expect_damage("summary");
}
TEST_F(Verify, NamesASummaryThatContradictsItsMessage) {
  edit(Space::scan, keys::summary(store::kInbox, record(small_).placements[0].uid), schema::decode_Summary,
       [](schema::Summary& summary) { ++summary.size_bytes; });
  expect_damage("summary");
}
TEST_F(Verify, NamesAPlacementThatTheOrderDoesNotHold) {
  erase(account(), Space::scan, keys::received(store::kInbox, record(small_).received, small_.local));
  expect_damage("order");
}
TEST_F(Verify, NamesAnEntryOfTheOrderWithoutMessage) {
  put(account(), Space::scan, keys::received(store::kInbox, record(small_).received, {7}), std::string("\0\0\0\1", 4));
  expect_damage("order");
}
TEST_F(Verify, NamesAnEntryOfTheOrderWithAnotherUid) {
  put(account(), Space::scan, keys::received(store::kInbox, record(small_).received, small_.local), std::string("\0\0\0\x63", 4));
  expect_damage("order");
}
TEST_F(Verify, NamesAFrontBlockThatCountsWrong) {
  edit_mailbox([](schema::MailboxRecord& box) { ++box.front.block_messages; });
  expect_damage("blocks");
}
TEST_F(Verify, NamesAClosedBlockThatCountsWrong) {
  for (int i = 0; i < 300; ++i) deliver(ann_, "Subject: many\r\n\r\nx\r\n");
  ASSERT_TRUE(fixture_.verify_clean());
  edit(Space::scan, first_key(account(), Space::scan, keys::block(store::kInbox, 0, {})), schema::decode_BlockRecord,
       [](schema::BlockRecord& block) { --block.messages; });
  expect_damage("blocks");
}
TEST_F(Verify, NamesAMailboxThatCountsWrong) {
  edit_mailbox([](schema::MailboxRecord& box) { ++box.messages; });
  expect_damage("counter");
}
TEST_F(Verify, NamesAWrongCountOfUnseen) {
  edit_mailbox([](schema::MailboxRecord& box) { --box.unseen; });
  expect_damage("counter");
}
TEST_F(Verify, NamesAWrongCountOfBytes) {
  edit_mailbox([](schema::MailboxRecord& box) { box.bytes += 10; });
  expect_damage("counter");
}
TEST_F(Verify, NamesAWrongUsageOfAKind) {
  edit_head([](schema::HeadRecord& head) { ++head.usage[static_cast<std::size_t>(schema::Kind::email)].bytes; });
  expect_damage("counter");
}
TEST_F(Verify, NamesAUidThatIsNotBelowUidnext) {
  edit_mailbox([](schema::MailboxRecord& box) { box.uidnext = {2}; });
  expect_damage("uid");
}
TEST_F(Verify, NamesAUidThatTwoMessagesHave) {
  const schema::Placement taken = record(copied_).placements[0];
  const schema::MessageRecord before = record(small_);
  edit(Space::point, keys::message(small_.local), schema::decode_MessageRecord,
       [&](schema::MessageRecord& message) { message.placements = {taken}; });
  erase(account(), Space::scan, keys::summary(before.placements[0].mailbox, before.placements[0].uid));
  std::string uid;
  ByteWriter(uid).u32(taken.uid.value);
  put(account(), Space::scan, keys::received(taken.mailbox, before.received, small_.local), uid);
  expect_damage("uid");
}
TEST_F(Verify, NamesAMessageWithoutItsChange) {
  erase(account(), Space::scan, keys::change(record(small_).modseq));
  expect_damage("change");
}
TEST_F(Verify, NamesASecondChangeOfAMessage) {
  const schema::MessageRecord message = record(copied_);
  put(account(), Space::scan, keys::change(message.created), *get(account(), Space::scan, keys::change(message.modseq)));
  expect_damage("change");
}
TEST_F(Verify, NamesAChangeAboveTheHead) {
  edit_head([](schema::HeadRecord& head) { --head.modseq.value; });
  expect_damage("change");
}
TEST_F(Verify, NamesATombstoneBelowTheFloor) {
  edit_head([](schema::HeadRecord& head) { head.floor = head.modseq; });
  expect_damage("change");
}
TEST_F(Verify, NamesDueWorkWithoutHint) {
  const schema::HeadRecord head = *schema::decode_HeadRecord(*get(account(), Space::point, keys::kHead));
  ASSERT_TRUE(head.earliest_hint);
  erase(keys::calendar_slice(account()), Space::queue, keys::hint(*head.earliest_hint, account()));
  expect_damage("due");
}
TEST_F(Verify, NamesDueWorkBeforeItsHint) {
  const schema::HeadRecord head = *schema::decode_HeadRecord(*get(account(), Space::point, keys::kHead));
  put(account(), Space::queue, keys::due(*head.earliest_hint - std::chrono::hours(24), store::due::kExpire, store::due::id_of(small_.local)), "");
  expect_damage("due");
}
TEST_F(Verify, NamesDueWorkOfWhichTheHeadDoesNotKnow) {
  edit_head([](schema::HeadRecord& head) { head.earliest_hint.reset(); });
  expect_damage("due");
}
TEST_F(Verify, NamesTombstonesThatNothingEnds) {
  erase(account(), Space::queue, due_key(store::due::kTrimChanges));
  expect_damage("due");
}
TEST_F(Verify, NamesADeliveryKeyThatIsNeverForgotten) {
  erase(account(), Space::queue, due_key(store::due::kForgetKey));
  expect_damage("delivery-key");
}
TEST_F(Verify, NamesAnIntentThatNobodyServes) {
  put(account(), Space::point, keys::intent(small_.local), schema::encode(schema::IntentRecord{}));
  expect_damage("intent");
}
TEST_F(Verify, CountsAnIntentThatIsDueAsDebris) {
  put(account(), Space::point, keys::intent(small_.local), schema::encode(schema::IntentRecord{}));
  put(account(), Space::queue, keys::due(fixture_.clock().now() + std::chrono::days(300), store::due::kServeIntents, store::due::id_of(small_.local)), "");
  expect_debris("intent");
}
TEST_F(Verify, NamesAJobThatItsAccountDoesNotName) {
  erase(account(), Space::point, keys::job_name(job_));
  expect_damage("outbox");
}
TEST_F(Verify, NamesANameOfNoJob) {
  put(account(), Space::point, keys::job_name(7), schema::encode(schema::JobNameRecord{"example.net"}));
  expect_damage("outbox");
}
TEST_F(Verify, NamesAJobThatNoClaimFinds) {
  const Partition queue = keys::queue_slice("example.net");
  erase(queue, Space::queue, first_key(queue, Space::queue, "N"));
  expect_damage("outbox");
}
TEST_F(Verify, NamesAnEntryByTimeOfNoJob) {
  const Partition queue = keys::queue_slice("example.net");
  put(queue, Space::queue, keys::job_at(keys::job_of_network(1), fixture_.clock().now(), 7), "");
  expect_damage("outbox");
}
TEST_F(Verify, NamesCdrsThatNoExportFinds) {
  const std::string first = first_key(account(), Space::queue, "E");
  erase(keys::cdr_slice(ann_), Space::queue, keys::cdr_hint(ByteReader(std::string_view(first).substr(1)).u64()));
  expect_damage("cdr");
}
TEST_F(Verify, CountsAnAccountThatIsBeingDeletedAsDebris) {
  ASSERT_TRUE(fixture_.store().accounts().remove(bob_).ok());
  expect_debris("account");
  EXPECT_TRUE(fixture_.empties_to_nothing());
}
TEST_F(Verify, CountsLinksToBeRemovedAsDebrisUntilTheSweep) {
  ASSERT_TRUE(fixture_.store().changer().expunge(shared_).ok());
  expect_debris("link");
  ASSERT_TRUE(fixture_.sweep().ok());
  fixture_.clock().advance(std::chrono::minutes(10));
  ASSERT_TRUE(fixture_.sweep().ok());
  EXPECT_TRUE(fixture_.verify_spotless());
}
TEST_F(Verify, FindsNothingAfterEverythingWasTakenEarly) {
  ASSERT_TRUE(fixture_.store().changer().expunge(shared_).ok());
  store::SweepOptions options;
  options.depth = store::SweepOptions::Depth::everything;
  ASSERT_TRUE(fixture_.store().sweep().run(options).ok());
  EXPECT_TRUE(fixture_.verify_spotless());
}
TEST_F(Verify, LeavesNothingInAStoreThatIsEmptied) { EXPECT_TRUE(fixture_.empties_to_nothing()); }

TEST_F(Verify, FindsASubmissionWhoseRecipientsNobodyServes) {
  schema::SubmissionRecord record;
  record.recipients = record.open = 1;
  put(account(), Space::point, keys::submission(small_.local), schema::encode(record));
  schema::SubmittedRecipientRecord recipient;
  recipient.job = 77;
  put(account(), Space::point, keys::submitted_recipient(small_.local, 0), schema::encode(recipient));
  expect_damage("submission");
  recipient.job = job_;  // one that the account names
  put(account(), Space::point, keys::submitted_recipient(small_.local, 0), schema::encode(recipient));
  ASSERT_TRUE(fixture_.verify_clean());
  recipient.job = 0;  // a local one
  put(account(), Space::point, keys::submitted_recipient(small_.local, 0), schema::encode(recipient));
  expect_damage("submission");
}

TEST_F(Verify, FindsASubmissionThatCountsOrEndsWrongly) {
  schema::SubmissionRecord record;
  record.recipients = 2;
  put(account(), Space::point, keys::submission(small_.local), schema::encode(record));
  expect_damage("submission");
  erase(account(), Space::point, keys::submission(small_.local));
  put(account(), Space::point, keys::submitted_recipient(small_.local, 0), schema::encode(schema::SubmittedRecipientRecord{}));
  expect_damage("submission");
}

}  // namespace
}  // namespace telepost
