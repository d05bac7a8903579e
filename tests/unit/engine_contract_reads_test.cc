// What an engine promises of reads (store/engine/engine.h), asked of every engine there is.
#include <cstdlib>

#include "base/bytes.h"
#include "tests/support/engine_contract.h"

namespace telepost::test {
namespace {

using EngineReads = EngineContract;

TEST_P(EngineReads, GivesBackWhatWasPutAndNothingElse) {
  for (const Space space : kAllSpaces) {
    put(ann_, space, "key", "value");
    EXPECT_EQ(get(ann_, space, "key"), "value");
    EXPECT_EQ(get(ann_, space, "ke"), std::nullopt);
    EXPECT_EQ(get(ann_, space, std::string_view("key\0", 4)), std::nullopt);
    EXPECT_EQ(get(bob_, space, "key"), std::nullopt);
  }
}

TEST_P(EngineReads, KeepsSpacesApart) {
  for (const Space space : kAllSpaces) put(ann_, space, "key", std::to_string(static_cast<int>(space)));
  for (const Space space : kAllSpaces)
    EXPECT_EQ(get(ann_, space, "key"), std::to_string(static_cast<int>(space)));
}

TEST_P(EngineReads, TakesEmptyValuesEmptyKeysAndBinaryKeys) {
  const std::string binary("\0\xff\0\x80", 4);
  for (const Space space : kAllSpaces) {
    put(ann_, space, "empty", "");
    put(ann_, space, "", "no key");
    put(ann_, space, binary, binary);
    EXPECT_EQ(get(ann_, space, "empty"), "");
    EXPECT_EQ(scan(ann_, space), (Records{{"", "no key"}, {binary, binary}, {"empty", ""}}));
  }
}

TEST_P(EngineReads, OrdersKeysAsUnsignedBytes) {
  for (const std::string_view key : {"\x80", "\x7f", "a", "\xff\xff", "\xff", "aa", "B"})
    put(ann_, Space::scan, key, "");
  std::vector<std::string> keys;
  for (const auto& [key, value] : scan(ann_, Space::scan)) keys.push_back(key);
  EXPECT_EQ(keys, (std::vector<std::string>{"B", "a", "aa", "\x7f", "\x80", "\xff", "\xff\xff"}));
}

TEST_P(EngineReads, TakesKeysAndBatchesOfTheLargestSize) {
  const std::string key(kMaxKeyBytes, 'k');
  const std::string value((1u << 20) - 2 * kMaxKeyBytes, 'v');
  Batch batch(ann_);
  for (char i = '0'; i < '4'; ++i) batch.put(Space::large, key.substr(1) + i, value);
  ASSERT_TRUE(commit(list_of(std::move(batch))).ok());
  EXPECT_EQ(get(ann_, Space::large, key.substr(1) + '3'), value);
}

TEST_P(EngineReads, AnswersGetManyInTheOrderOfItsKeys) {
  for (const Space space : kAllSpaces) {
    put(ann_, space, "a", "1");
    put(ann_, space, "b", std::string(40'000, 'b'));
    put(ann_, space, "c", "");
    put(bob_, space, "d", "not ann's");
    const auto values = engine().reader(ann_)->get_many(space, {"c", "d", "b", "a", "c", "z"}).value();
    EXPECT_EQ(values, (std::vector<std::optional<std::string>>{"", std::nullopt, std::string(40'000, 'b'),
                                                               "1", "", std::nullopt}));
    EXPECT_TRUE(engine().reader(ann_)->get_many(space, {}).value().empty());
  }
}

TEST_P(EngineReads, ScansFromBeginUpToButNotIncludingEnd) {
  for (const Space space : kAllSpaces) {
    for (const char* key : {"a", "b", "bb", "c", "d"}) put(ann_, space, key, key);
    EXPECT_EQ(scan(ann_, space, "b", "d"), (Records{{"b", "b"}, {"bb", "bb"}, {"c", "c"}}));
    EXPECT_EQ(scan(ann_, space, "ba"), (Records{{"bb", "bb"}, {"c", "c"}, {"d", "d"}}));
    EXPECT_EQ(scan(ann_, space, "", "b"), (Records{{"a", "a"}}));
    EXPECT_TRUE(scan(ann_, space, "b", "b").empty());
    EXPECT_TRUE(scan(ann_, space, "d", "a").empty());
    EXPECT_TRUE(scan(ann_, space, "e").empty());
  }
}

TEST_P(EngineReads, StopsAScanWhenTheVisitorSaysSo) {
  for (int i = 0; i < 300; ++i) put(ann_, Space::queue, "k" + std::to_string(1000 + i), "");
  for (const std::size_t wanted : {1u, 7u, 8u, 9u, 200u}) {
    std::size_t seen = 0;
    ASSERT_TRUE(
        engine().reader(ann_)->scan(Space::queue, {}, {}, [&](auto, auto) { return ++seen < wanted; }).ok());
    EXPECT_EQ(seen, wanted);
  }
}

TEST_P(EngineReads, AVisitorMayReadAndCommitAndItsScanStaysAsItBegan) {
  for (int i = 0; i < 300; ++i) put(ann_, Space::queue, "k" + std::to_string(1000 + i), "old");
  const auto reader = engine().reader(ann_);
  int seen = 0;
  ASSERT_TRUE(reader
                  ->scan(Space::queue, {}, {},
                         [&](std::string_view key, std::string_view value) {
                           EXPECT_EQ(value, "old");
                           EXPECT_EQ(reader->get(Space::queue, key).value(), "old");
                           if (++seen == 1) {
                             Batch batch(ann_);
                             for (int i = 200; i < 300; ++i)
                               batch.erase(Space::queue, "k" + std::to_string(1000 + i));
                             batch.put(Space::queue, "k1150x", "new");
                             EXPECT_TRUE(commit(list_of(std::move(batch))).ok());
                           }
                           return seen < 150;
                         })
                  .ok());
  EXPECT_EQ(seen, 150);
  EXPECT_EQ(scan(ann_, Space::queue).size(), 201u);
}

// Neighbours in byte order, the highest account id included, whose successor has another kind.
TEST_P(EngineReads, LeaksNoKeyOfANeighbouringPartition) {
  const std::vector<Partition> all = {Partition::account(AccountId{0}),
                                      Partition::account(AccountId{1}),
                                      Partition::account(AccountId{0xff}),
                                      Partition::account(AccountId{0x100}),
                                      Partition::account(AccountId{~0ull}),
                                      Partition::account(AccountId{~0ull - 1}),
                                      Partition::slice(PartitionKind::calendar, 0),
                                      Partition::slice(PartitionKind::calendar, 0xffff),
                                      Partition::slice(PartitionKind::directory, 0),
                                      Partition::meta(),
                                      Partition::piece(sha256("a piece")),
                                      Partition::slice(PartitionKind::queue, 0xffff)};
  for (const Space space : kAllSpaces) {
    for (const Partition& partition : all) {
      Batch batch(partition);
      for (const std::string_view key :
           {std::string_view(""), std::string_view("\0", 1), std::string_view("\xff\xff\xff")}) {
        batch.put(space, key, partition.to_string());
      }
      ASSERT_TRUE(commit(list_of(std::move(batch))).ok());
    }
    for (const Partition& partition : all) {
      const Records records = scan(partition, space);
      ASSERT_EQ(records.size(), 3u) << partition.to_string();
      for (const auto& [key, value] : records) EXPECT_EQ(value, partition.to_string());
    }
  }
}

TEST_P(EngineReads, ListsThePartitionsOfAKindInOrder) {
  const std::vector<Partition> accounts = {Partition::account(AccountId{0}), Partition::account(AccountId{5}),
                                           Partition::account(AccountId{300}),
                                           Partition::account(AccountId{~0ull})};
  for (std::size_t i = 0; i < accounts.size(); ++i) {
    for (int key = 0; key < 20; ++key) put(accounts[i], kAllSpaces[i], "k" + std::to_string(key), "");
  }
  put(Partition::meta(), Space::point, "", "");
  put(Partition::slice(PartitionKind::calendar, 3), Space::queue, "", "");
  EXPECT_EQ(partitions(PartitionKind::account), accounts);
  EXPECT_EQ(partitions(PartitionKind::account, accounts[1]),
            (std::vector<Partition>{accounts[2], accounts[3]}));
  EXPECT_EQ(partitions(PartitionKind::account, Partition::account(AccountId{6})),
            (std::vector<Partition>{accounts[2], accounts[3]}));
  EXPECT_TRUE(partitions(PartitionKind::account, accounts[3]).empty());
  EXPECT_EQ(partitions(PartitionKind::meta), std::vector<Partition>{Partition::meta()});
  EXPECT_TRUE(partitions(PartitionKind::piece).empty());
  int seen = 0;
  ASSERT_TRUE(engine()
                  .list_partitions(PartitionKind::account, {}, [&](const Partition&) { return ++seen < 2; })
                  .ok());
  EXPECT_EQ(seen, 2);
  Batch batch(accounts[1]);
  for (int key = 0; key < 20; ++key) batch.erase(kAllSpaces[1], "k" + std::to_string(key));
  ASSERT_TRUE(commit(list_of(std::move(batch))).ok());
  EXPECT_EQ(partitions(PartitionKind::account),
            (std::vector<Partition>{accounts[0], accounts[2], accounts[3]}));
}

TEST_P(EngineReads, ASnapshotKeepsItsPartitionAsItWas) {
  put(ann_, Space::scan, "changed", "old");
  put(ann_, Space::scan, "erased", "old");
  const auto snapshot = engine().snapshot(ann_);
  put(ann_, Space::scan, "added", "new");
  put(ann_, Space::scan, "changed", "new");
  const auto later = engine().snapshot(ann_);
  Batch batch(ann_);
  batch.erase(Space::scan, "erased");
  batch.erase(Space::scan, "added");
  batch.put(Space::scan, "changed", "newest");
  ASSERT_TRUE(commit(list_of(std::move(batch))).ok());
  EXPECT_EQ(scan(*snapshot, Space::scan), (Records{{"changed", "old"}, {"erased", "old"}}));
  EXPECT_EQ(scan(*later, Space::scan), (Records{{"added", "new"}, {"changed", "new"}, {"erased", "old"}}));
  EXPECT_EQ(snapshot->get(Space::scan, "added").value(), std::nullopt);
  EXPECT_EQ(snapshot->get_many(Space::scan, {"erased", "changed"}).value(),
            (std::vector<std::optional<std::string>>{"old", "old"}));
  EXPECT_EQ(scan(ann_, Space::scan), (Records{{"changed", "newest"}}));
}

// Of a million with TELEPOST_LONG=1, else of a tenth. Reopened after each quarter, so that an engine with files reads them from several.
TEST_P(EngineReads, HoldsAPartitionOfManyKeys) {
  const std::uint64_t keys = std::getenv("TELEPOST_LONG") != nullptr ? 1'000'000 : 100'000, step = keys / 100;
  const auto key_of = [](std::uint64_t number) {
    std::string key("k");
    ByteWriter(key).u64(number);
    return key;
  };
  put(bob_, Space::scan, "neighbour", "");
  for (std::uint64_t begin = 0; begin < keys; begin += step) {
    Batch batch(ann_);
    for (std::uint64_t i = begin; i < begin + step; ++i)
      batch.put(Space::scan, key_of(i * 7919 % keys), "value");
    ASSERT_TRUE(commit(list_of(std::move(batch))).ok());
    if ((begin + step) % (keys / 4) == 0) reopen();
  }
  std::uint64_t next = 0;
  ASSERT_TRUE(engine()
                  .reader(ann_)
                  ->scan(Space::scan, {}, {},
                         [&](std::string_view key, std::string_view) {
                           return key == key_of(next) && ++next < keys + 1;
                         })
                  .ok());
  EXPECT_EQ(next, keys);
  EXPECT_EQ(scan(ann_, Space::scan, key_of(keys / 2), key_of(keys / 2 + 50)).size(), 50u);
  EXPECT_EQ(get(ann_, Space::scan, key_of(keys - 1)), "value");
  EXPECT_EQ(get(ann_, Space::scan, key_of(keys)), std::nullopt);
  EXPECT_EQ(partitions(PartitionKind::account), (std::vector<Partition>{ann_, bob_}));
}

// A queue is read from its cursor: what was deleted before it costs nothing (DESIGN, due work).
TEST_P(EngineReads, ReadsAQueueFromItsCursorAfterManyDeletions) {
  const auto key_of = [](std::uint64_t number) {
    std::string key;
    ByteWriter(key).u64(number);
    return key;
  };
  for (std::uint64_t begin = 0; begin < 200'000; begin += 10'000) {
    Batch put(ann_), erase(ann_);
    for (std::uint64_t i = begin; i < begin + 10'000; ++i)
      put.put(Space::queue, key_of(i), ""), erase.erase(Space::queue, key_of(i));
    ASSERT_TRUE(commit(list_of(std::move(put))).ok());
    ASSERT_TRUE(commit(list_of(std::move(erase))).ok());
  }
  put(ann_, Space::queue, key_of(200'000), "due");
  for (int i = 0; i < 1000; ++i) {
    ASSERT_EQ(scan(ann_, Space::queue, key_of(200'000)), (Records{{key_of(200'000), "due"}}));
  }
  EXPECT_EQ(scan(ann_, Space::queue).size(), 1u);
}

TELEPOST_TEST_ALL_ENGINES(EngineReads);

}  // namespace
}  // namespace telepost::test
