// A whole store on RocksDB in one folder, on the machine's files or on a file system of the test.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>

#include "base/random.h"
#include "store/completion.h"
#include "store/engine/rocksdb_engine.h"
#include "store/store.h"
#include "store/verify.h"
#include "tests/support/manual_clock.h"

namespace telepost::test {

class StoreOnDisk {
 public:
  StoreOnDisk(std::string path, rocksdb::Env* env, bool sync = true, schema::Reserve reserve = {0, 0})
      : path_(std::move(path)), env_(env), sync_(sync), reserve_(reserve) {}

  // Errors: whatever the engine and the store say.
  Result<void> open() {
    // Memtables so small that flushes, compactions and deletions of logs meet the cut too.
    auto engine = store::RocksdbEngine::open({.path = path_, .sync = sync_, .memtable_bytes = 2u << 20, .env = env_});
    TELEPOST_TRY(engine);
    store::Store::Options options;
    options.configuration.domains = {{"example.test", "standard", true}};
    options.configuration.store.reserve = reserve_;
    TELEPOST_ASSIGN(store_, store::Store::open(std::move(options), std::move(*engine), clock_, random_));
    return {};
  }
  void close() { store_.reset(); }
  store::Store& store() { return *store_; }
  ManualClock& clock() { return clock_; }

  testing::AssertionResult verify_clean() {
    const auto report = store::verify(*store_);
    if (!report.ok()) return testing::AssertionFailure() << to_string(report.error());
    testing::AssertionResult failure = testing::AssertionFailure();
    for (const store::Finding& finding : report->findings) {
      if (finding.as == store::Finding::Class::damage) failure << to_string(finding) << "\n";
    }
    return report->sound() ? testing::AssertionSuccess() : failure;
  }

 private:
  const std::string path_;
  rocksdb::Env* const env_;
  const bool sync_;
  const schema::Reserve reserve_;
  ManualClock clock_;
  SystemRandom random_;
  std::unique_ptr<store::Store> store_;
};

}  // namespace telepost::test
