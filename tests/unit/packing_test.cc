// What a sweep makes smaller stays what it was for everybody who reads it.
#include <gtest/gtest.h>

#include <random>

#include "schema/keys.h"
#include "store/inspect.h"
#include "store/packing.h"
#include "store/pieces.h"
#include "store/rooms.h"
#include "tests/support/sound.h"
#include "tests/support/store_fixture.h"
#include "transcoders/mime/transfer.h"

namespace telepost {
namespace {

using schema::MessageId;
using schema::Partition;
using store::Packing;
using store::Space;
namespace keys = schema::keys;

std::string random_bytes(std::size_t size, unsigned seed) {
  std::mt19937 random(seed);
  std::string bytes(size, '\0');
  for (char& c : bytes) c = static_cast<char>(random());
  return bytes;
}

std::string with_part(std::string_view type, std::string_view bytes) {
  return "From: Bob <bob@example.net>\r\nTo: ann@example.test\r\nSubject: a part\r\nMIME-Version: 1.0\r\n"
         "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nSee below.\r\n--b\r\nContent-Type: " + std::string(type) +
         "\r\nContent-Transfer-Encoding: base64\r\n\r\n" + transcoders::mime::encode_base64_lines(bytes) + "\r\n--b\r\n\r\nThe end.\r\n--b--\r\n";
}

class PackingTest : public testing::Test {
 protected:
  void SetUp() override { ann_ = fixture_.create("ann@example.test"); }
  void TearDown() override {
    EXPECT_TRUE(fixture_.verify_clean());
    EXPECT_TRUE(fixture_.empties_to_nothing());
  }

  MessageId deliver(schema::AccountId account, std::string_view text) { return fixture_.deliver_to(account, text)->id; }
  store::Packed pack(schema::AccountId account, const std::vector<MessageId>& ids) {
    std::vector<schema::LocalId> locals;
    for (const MessageId& id : ids) locals.push_back(id.local);
    const auto packed = Packing(rooms_of(fixture_.store()), account).pack(locals);
    EXPECT_TRUE(packed.ok()) << to_string(packed.error());
    return packed.ok() ? *packed : store::Packed{};
  }
  std::string source(MessageId id) { return *fixture_.store().reader().source_text(id); }
  std::string document(MessageId id) { return *fixture_.store().reader().document(id); }
  std::size_t stored_bytes(const Partition& partition) {
    std::size_t size = 0;
    EXPECT_TRUE(fixture_.engine().reader(partition)->scan(Space::large, {}, {}, [&](std::string_view, std::string_view value) {
      size += value.size();
      return true;
    }).ok());
    return size;
  }
  std::vector<Digest> pieces(MessageId id) {
    std::vector<Digest> list;
    const auto record = fixture_.store().reader().find(id);
    for (const auto& segment : record->segments) {
      if (segment.piece) list.push_back(*segment.piece);
    }
    return list;
  }
  schema::PieceRecord head(const Digest& piece) { return **store::Pieces::head(fixture_.engine(), piece); }

  test::StoreFixture fixture_;
  schema::AccountId ann_;
};

TEST_F(PackingTest, DocumentAndSmallSourceBecomeOneRecord) {
  const MessageId id = deliver(ann_, "From: bob@example.net\r\nSubject: lunch\r\n\r\nAt noon?\r\n");
  const std::string text = source(id), xml = document(id);
  const auto before = *fixture_.store().reader().find(id);
  const std::size_t raw = stored_bytes(Partition::account(ann_));
  const store::Packed packed = pack(ann_, {id});
  EXPECT_EQ(packed.messages, 1u);
  const std::size_t now = stored_bytes(Partition::account(ann_));
  EXPECT_LT(now * 2, raw) << "with what comes with the program";
  EXPECT_NEAR(static_cast<double>(packed.bytes_freed), static_cast<double>(raw - now), 4) << "but for the size of the document";
  EXPECT_EQ(source(id), text);
  EXPECT_EQ(document(id), xml);
  auto after = *fixture_.store().reader().find(id);
  EXPECT_EQ(after.codec.kind, schema::ContentCodec::Kind::zstd);
  after.codec = {};
  EXPECT_EQ(after, before) << "no reader sees a change";
  EXPECT_EQ(pack(ann_, {id}).messages, 0u) << "once";
}

TEST_F(PackingTest, EveryRangeOfThePackedSourceIsRight) {
  const auto voice = test::voice_like(900'000, 1);
  const std::string text = with_part("audio/wav", test::wave_file(voice, test::SoundKind::mulaw)) ;
  const MessageId id = deliver(ann_, text);
  const std::string all = source(id);
  ASSERT_EQ(pieces(id).size(), 2u);
  pack(ann_, {id});
  for (const Digest& piece : pieces(id)) {
    EXPECT_EQ(head(piece).codec, schema::PieceRecord::Codec::flac);
    EXPECT_LT(head(piece).stored_bytes, head(piece).size_bytes * 3 / 4);
  }
  EXPECT_TRUE(source(id) == all);
  std::mt19937 random(2);
  for (int i = 0; i < 50; ++i) {
    const std::size_t offset = random() % all.size(), size = i % 2 == 0 ? random() % 300 : random() % all.size();
    std::string range;
    ASSERT_TRUE(fixture_.store().reader().source(id, offset, size, {}, [&](std::string_view bytes) {
      range.append(bytes);
      return true;
    }).ok());
    EXPECT_TRUE(range == std::string_view(all).substr(offset, size)) << offset << " " << size;
  }
}

TEST_F(PackingTest, ASharedPieceIsPackedOnceForAll) {
  const auto bob = fixture_.create("bob@example.test");
  const std::string file = test::wave_file(test::voice_like(60'000, 3), test::SoundKind::pcm16);
  const MessageId first = deliver(ann_, with_part("audio/wav", file));
  const MessageId second = deliver(bob, with_part("audio/wav", file));
  const std::string of_first = source(first), of_second = source(second);
  ASSERT_EQ(pieces(first), pieces(second));
  EXPECT_GT(pack(ann_, {first}).bytes_freed, 30'000u);
  EXPECT_LT(pack(bob, {second}).bytes_freed, 10'000u) << "its document alone";
  EXPECT_TRUE(source(first) == of_first);
  EXPECT_TRUE(source(second) == of_second);
  // A third comes when only the packed bytes are there.
  const MessageId third = deliver(bob, with_part("audio/wav", file));
  EXPECT_EQ(pieces(third), pieces(first));
  EXPECT_EQ(head(pieces(first)[0]).codec, schema::PieceRecord::Codec::flac);
  EXPECT_TRUE(source(third).ends_with("--b--\r\n"));
  EXPECT_EQ(source(third).size(), of_second.size());
}

TEST_F(PackingTest, WhatWouldNotBecomeSmallerStays) {
  const std::string bytes = random_bytes(50'000, 4);
  const std::string raw = "From: bob@example.net\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: binary\r\n\r\n" + bytes;
  const MessageId id = deliver(ann_, raw);
  const std::string text = source(id);
  pack(ann_, {id});
  ASSERT_EQ(pieces(id).size(), 1u);
  EXPECT_EQ(head(pieces(id)[0]).codec, schema::PieceRecord::Codec::dense) << "and nobody tries again";
  EXPECT_TRUE(source(id) == text);
}

TEST_F(PackingTest, APackedMessageIsCopiedMovedAnnotatedAndExpunged) {
  const auto bob = fixture_.create("bob@example.test");
  const MessageId id = deliver(ann_, "Subject: a\r\n\r\nb\r\n");
  const std::string text = source(id);
  pack(ann_, {id});
  auto& store = fixture_.store();
  const auto copied = store.changer().copy_to_account(id, bob, store::kInbox);
  ASSERT_TRUE(copied.ok()) << to_string(copied.error());
  EXPECT_EQ(source(*copied), text);
  ASSERT_TRUE(store.changer().set_keywords(id, {"$seen"}, {}).ok());
  const auto work = *store.mailboxes().create(ann_, "Work");
  ASSERT_TRUE(store.changer().copy(id, work).ok());
  EXPECT_EQ(source(id), text);
  ASSERT_TRUE(store.changer().expunge(id).ok());
  EXPECT_EQ(store.reader().find(id).error().kind, Errc::not_found);
}

TEST_F(PackingTest, NothingHappensToWhatIsGone) {
  const MessageId id = deliver(ann_, "Subject: a\r\n\r\nb\r\n");
  ASSERT_TRUE(fixture_.store().changer().expunge(id).ok());
  EXPECT_EQ(pack(ann_, {id, {ann_, {77}}}).messages, 0u);
}

TEST_F(PackingTest, InspectKnowsEveryRecord) {
  const MessageId id = deliver(ann_, with_part("audio/wav", test::wave_file(test::voice_like(60'000, 5), test::SoundKind::alaw)));
  pack(ann_, {id});
  std::size_t packed = 0;
  for (const Partition& partition : {Partition::account(ann_), Partition::piece(pieces(id)[0])}) {
    ASSERT_TRUE(store::inspect(fixture_.store(), partition, [&](const store::Inspected& record) {
      EXPECT_TRUE(record.known()) << to_string(record);
      packed += record.layout.starts_with("packed") ? 1u : 0u;
      return true;
    }).ok());
  }
  EXPECT_EQ(packed, 2u);
}

// Sixty subscribers with texts of one make, and in each what nobody else has.
TEST_F(PackingTest, TrainsOnWhatFiftyAccountsHaveInCommon) {
  std::vector<std::pair<schema::AccountId, MessageId>> sent;
  for (int i = 0; i < 60; ++i) {
    const auto account = fixture_.create("tel:+1555000" + std::to_string(1000 + i));
    const std::string secret = "secret" + std::to_string(i * 7'919) + "word";
    const std::string few = i < 49 ? "What forty-nine accounts have in common. " : "";
    for (int n = 0; n < 2; ++n) {
      sent.emplace_back(account, deliver(account, "From: bank@example.net\r\nSubject: Your balance\r\n\r\nDear customer of the example "
                                                  "bank, your balance is " + secret + std::to_string(n) + ". " + few +
                                                  "\r\nDo not answer this message, which was made by a machine.\r\n"));
    }
  }
  const auto current = [&] { return rooms_of(fixture_.store()).dictionaries.current(schema::Kind::email); };
  const std::uint32_t first = current()->number;
  EXPECT_LT(first, schema::kFirstTrainedDictionary);
  std::vector<std::string> texts;
  for (const auto& [account, id] : sent) texts.push_back(source(id) + document(id));
  for (const auto& [account, id] : sent) pack(account, {id});
  const auto trained = *current();
  ASSERT_EQ(trained.number, schema::kFirstTrainedDictionary);
  const std::string& bytes = trained.dictionary->bytes();
  EXPECT_NE(bytes.find("Dear customer of the example bank, your balance is "), std::string::npos);
  EXPECT_EQ(bytes.find("forty-nine"), std::string::npos);
  for (int i = 10; i < 60; ++i) EXPECT_EQ(bytes.find("secret" + std::to_string(i * 7'919)), std::string::npos) << i;
  fixture_.reopen();
  for (std::size_t i = 0; i < sent.size(); ++i) EXPECT_EQ(source(sent[i].second) + document(sent[i].second), texts[i]);
  EXPECT_EQ(current()->number, trained.number);
  EXPECT_TRUE(fixture_.verify_clean());
}

// Contents are put in place together, as many as a batch takes.
TEST_F(PackingTest, LargeInlinePartsNeedMoreThanOneBatch) {
  std::vector<MessageId> ids;
  std::vector<std::string> texts;
  for (unsigned i = 0; i < 5; ++i) {
    std::string text = "Subject: many small parts\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n";
    for (unsigned part = 0; part < 30; ++part) {
      text += "\r\n--b\r\nContent-Type: text/plain\r\n\r\n" + transcoders::mime::encode_base64_lines(random_bytes(20'000, 100 * i + part));
    }
    ids.push_back(deliver(ann_, text + "\r\n--b--\r\n"));
    texts.push_back(source(ids.back()));
  }
  EXPECT_EQ(pack(ann_, ids).messages, ids.size());
  for (std::size_t i = 0; i < ids.size(); ++i) {
    EXPECT_EQ(fixture_.store().reader().find(ids[i])->codec.kind, schema::ContentCodec::Kind::zstd);
    EXPECT_TRUE(source(ids[i]) == texts[i]) << i;
  }
}

TEST_F(PackingTest, APieceWithOtherBytesIsNotPacked) {
  const MessageId id = deliver(ann_, with_part("audio/wav", test::wave_file(test::voice_like(60'000, 3), test::SoundKind::pcm16)));
  const Partition partition = Partition::piece(pieces(id).at(0));
  const std::string good = **fixture_.engine().reader(partition)->get(Space::large, keys::kPieceBytes);
  std::string bad = good;
  bad[1000] = static_cast<char>(bad[1000] ^ 1);
  fixture_.engine().damage(partition, Space::large, keys::kPieceBytes, bad);
  const auto result = Packing(rooms_of(fixture_.store()), ann_).pack({id.local});
  ASSERT_TRUE(result.ok());
  EXPECT_TRUE(result->damaged.contains(id.local));
  EXPECT_EQ(head(pieces(id)[0]).codec, schema::PieceRecord::Codec::raw);
  fixture_.engine().damage(partition, Space::large, keys::kPieceBytes, good);
  pack(ann_, {id});
  EXPECT_EQ(head(pieces(id)[0]).codec, schema::PieceRecord::Codec::flac);
}

TEST_F(PackingTest, VerifyKnowsDictionaries) {
  const std::string bytes = "strings of many";
  const Partition partition = Partition::dictionary();
  schema::DictionarySetRecord set;
  set.next = 17;
  set.kinds[3].current = 16;
  const auto put = [&](Space space, std::string_view key, std::optional<std::string> value) { fixture_.engine().damage(partition, space, key, std::move(value)); };
  put(Space::point, keys::kDictionaries, schema::encode(set));
  EXPECT_FALSE(fixture_.verify_clean()) << "in use and not there";
  put(Space::point, keys::dictionary(16), schema::encode(schema::DictionaryRecord{schema::Kind::fax, {}, 50, 9, bytes.size(), sha256(bytes)}));
  EXPECT_FALSE(fixture_.verify_clean()) << "without bytes";
  put(Space::large, keys::dictionary_bytes(16), "strings of manx");
  EXPECT_FALSE(fixture_.verify_clean()) << "other bytes";
  put(Space::large, keys::dictionary_bytes(16), bytes);
  EXPECT_TRUE(fixture_.verify_clean());
  put(Space::large, keys::dictionary_bytes(17), bytes);
  EXPECT_FALSE(fixture_.verify_clean()) << "bytes without a record";
  put(Space::large, keys::dictionary_bytes(17), std::nullopt);
  ASSERT_TRUE(store::inspect(fixture_.store(), partition, [](const store::Inspected& record) {
    EXPECT_TRUE(record.known()) << to_string(record);
    return true;
  }).ok());
}

TEST_F(PackingTest, DamageIsNamedAndKeepsOnlyItsMessage) {
  std::string lines;
  for (int i = 0; i < 100; ++i) lines += "a line that stands here a hundred times\r\n";
  const MessageId good = deliver(ann_, "Subject: a\r\n\r\n" + lines);
  const MessageId bad = deliver(ann_, "Subject: c\r\n\r\nd\r\n");
  const Partition account = Partition::account(ann_);
  const std::string raw = *fixture_.engine().reader(account)->get(Space::large, keys::segment(bad.local, 0)).value();
  fixture_.engine().damage(account, Space::large, keys::segment(bad.local, 0), std::nullopt);
  const auto result = Packing(rooms_of(fixture_.store()), ann_).pack({bad.local, good.local});
  ASSERT_TRUE(result.ok());
  ASSERT_TRUE(result->damaged.contains(bad.local));
  EXPECT_EQ(result->damaged.at(bad.local).kind, Errc::corrupt);
  EXPECT_EQ(fixture_.store().reader().find(good)->codec.kind, schema::ContentCodec::Kind::zstd);
  fixture_.engine().damage(account, Space::large, keys::segment(bad.local, 0), raw);
  const std::string key = keys::packed(good.local);
  const std::string packed = *fixture_.engine().reader(account)->get(Space::large, key).value();
  fixture_.engine().damage(account, Space::large, key, packed.substr(0, packed.size() - 5));
  const auto report = *store::verify(fixture_.store());
  EXPECT_TRUE(report.damage.contains("document"));
  fixture_.engine().damage(account, Space::large, key, packed);
}

}  // namespace
}  // namespace telepost
