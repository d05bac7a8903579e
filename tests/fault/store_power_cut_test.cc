// The whole store on RocksDB on a disk that loses its power: what was acknowledged is there once and untorn, what was not is there
// once or not at all. The same store without syncs must lose something, or this test would prove nothing.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <random>
#include <thread>

#include "tests/fault/store_on_disk.h"
#include "tests/support/fault_file_system.h"
#include "tests/support/store_content.h"
#include "tests/support/temp_folder.h"

namespace telepost {
namespace {

using namespace std::chrono_literals;
using schema::AccountId;
using store::Incoming;

constexpr std::size_t kWriters = 4;
constexpr std::size_t kAccounts = 6;

struct CutLetter {
  std::string key;
  std::vector<AccountId> to;
  std::string text;
  Incoming::Reply reply = Incoming::Reply::one_for_each;
  std::vector<std::optional<schema::MessageId>> acknowledged;  // of each recipient
  bool done() const { return std::all_of(acknowledged.begin(), acknowledged.end(), [](const auto& id) { return id.has_value(); }); }
};

class PowerCut {
 public:
  PowerCut(std::uint64_t seed, bool sync)
      : random_(seed), sync_(sync), files_(std::make_shared<test::FaultFileSystem>(seed, graveyard())), env_(test::env_of(files_)),
        disk_(folder_ / "store", env_.get(), sync) {
    const Result<void> opened = disk_.open();
    EXPECT_TRUE(opened.ok()) << to_string(opened.error());
    for (std::size_t i = 0; i < kAccounts; ++i) {
      accounts_.push_back(*disk_.store().accounts().create({{"user" + std::to_string(i) + "@example.test"}, "", ""}));
    }
  }

  // Returns how many acknowledged copies are gone; with syncs the test fails for each.
  std::uint64_t run(int rounds) {
    std::uint64_t lost = 0;
    for (int round = 0; round < rounds && lost == 0 && !testing::Test::HasFailure(); ++round) {
      SCOPED_TRACE("round " + std::to_string(round));
      files_->cut_power_at(1 + random_() % (round % 3 == 0 ? 1500 : 150));
      write_until_dark(round);
      disk_.close();
      files_->restore_power();
      const Result<void> opened = disk_.open();
      if (!opened.ok()) {
        EXPECT_FALSE(sync_) << to_string(opened.error());
        return lost + 1;
      }
      lost += missing();
      if (!sync_ && lost > 0) return lost;
      EXPECT_TRUE(disk_.verify_clean());
      send_again();
      disk_.clock().advance(20min);
      EXPECT_TRUE(disk_.store().sweep().run({}).ok());
    }
    disk_.close();
    return lost;
  }
  std::size_t acknowledged() const { return letters_.size(); }

 private:
  std::string graveyard() {
    std::filesystem::create_directory(folder_ / "graveyard");
    return folder_ / "graveyard";
  }

  CutLetter compose(std::mt19937_64& random, const std::string& key) {
    CutLetter letter{key, {}, test::mail(key), Incoming::Reply::one_for_each, {}};
    const std::size_t first = random() % kAccounts;
    for (std::size_t i = 0; i < 1 + random() % 3; ++i) letter.to.push_back(accounts_[(first + i) % kAccounts]);
    if (random() % 3 == 0) letter.reply = Incoming::Reply::one_for_all;
    if (random() % 4 == 0) letter.text = test::mail_with(key, {test::random_lines(random() % 5, 40'000), test::random_lines(random(), random() % 60'000)});
    letter.acknowledged.resize(letter.to.size());
    return letter;
  }

  void transmit(CutLetter& letter) {
    const auto results = test::deliver(disk_.store(), test::incoming_for(disk_.store(), letter.to, letter.reply, letter.key), letter.text);
    for (std::size_t i = 0; i < results.size(); ++i) {
      if (results[i].ok()) letter.acknowledged[i] = results[i]->id;
    }
  }

  void write_until_dark(int round) {
    std::vector<std::vector<CutLetter>> written(kWriters);
    std::vector<std::thread> threads;
    for (std::size_t writer = 0; writer < kWriters; ++writer) {
      threads.emplace_back([this, round, writer, seed = random_(), &mine = written[writer]] {
        std::mt19937_64 random(seed);
        do {
          mine.push_back(compose(random, std::to_string(round) + "-" + std::to_string(writer) + "-" + std::to_string(mine.size())));
          transmit(mine.back());
        } while (!files_->power_is_cut());
      });
    }
    for (std::thread& thread : threads) thread.join();
    for (auto& letters : written) std::move(letters.begin(), letters.end(), std::back_inserter(letters_));
  }

  std::uint64_t missing() {
    std::uint64_t lost = 0;
    std::map<AccountId, std::map<std::string, int>> stored;
    for (const AccountId account : accounts_) {
      for (const std::string& source : test::sources_of(disk_.store(), account)) ++stored[account][source];
    }
    for (const CutLetter& letter : letters_) {
      for (std::size_t i = 0; i < letter.to.size(); ++i) {
        auto& here = stored[letter.to[i]];
        const auto found = here.find(letter.text);
        const int copies = found == here.end() ? 0 : found->second;
        lost += letter.acknowledged[i] && copies == 0 ? 1u : 0u;
        EXPECT_FALSE(sync_ && letter.acknowledged[i] && copies == 0) << letter.key << " was acknowledged and is gone";
        EXPECT_LE(copies, 1) << letter.key << " is there twice";
        if (found != here.end()) here.erase(found);
      }
    }
    for (const auto& [account, rest] : stored) {
      for (const auto& [source, copies] : rest) EXPECT_FALSE(sync_) << "torn, or sent by nobody: " << source.substr(0, 200);
    }
    return lost;
  }

  void send_again() {
    for (CutLetter& letter : letters_) {
      if (letter.done()) continue;
      transmit(letter);
      EXPECT_TRUE(letter.done()) << letter.key;
    }
    missing();
  }

  std::mt19937_64 random_;
  const bool sync_;
  const test::TempFolder folder_;
  const std::shared_ptr<test::FaultFileSystem> files_;
  const std::unique_ptr<rocksdb::Env> env_;
  test::StoreOnDisk disk_;
  std::vector<AccountId> accounts_;
  std::vector<CutLetter> letters_;
};

TEST(StorePowerCut, LosesNothingThatWasAcknowledged) {
  const bool all = std::getenv("TELEPOST_LONG") != nullptr;
  for (std::uint64_t seed = 1; seed <= (all ? 40u : 4u) && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    PowerCut cut(seed, true);
    EXPECT_EQ(cut.run(5), 0u);
    EXPECT_GT(cut.acknowledged(), 20u);
  }
}

TEST(StorePowerCut, WouldBeSeenToLoseMailWithoutSyncs) {
  std::uint64_t lost = 0;
  for (std::uint64_t seed = 1; seed <= 10 && lost == 0 && !HasFailure(); ++seed) lost += PowerCut(seed, false).run(3);
  EXPECT_GT(lost, 0u) << "a store that never syncs lost nothing: the test is blind";
}

}  // namespace
}  // namespace telepost
