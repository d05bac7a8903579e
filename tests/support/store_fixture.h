// A store on the engine in memory, with a clock that a test moves and randomness from a seed. Served: example.test and
// numbers that begin with +1555; both make accounts.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "store/completion.h"
#include "store/store.h"
#include "store/verify.h"
#include "tests/support/manual_clock.h"
#include "tests/support/memory_engine.h"

namespace telepost::test {

// Any thread, like the real one; the same seed gives the same bytes to one thread.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : engine_(seed) {}
  void fill(char* bytes, std::size_t size_bytes) override {
    const std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i < size_bytes; ++i) bytes[i] = static_cast<char>(engine_());
  }

 private:
  std::mutex mutex_;
  std::mt19937_64 engine_;
};

class StoreFixture {
 public:
  static schema::Configuration configuration();
  explicit StoreFixture(schema::Configuration settings = configuration(), std::uint64_t seed = 1,
                        store::Engine::Writers writers = store::Engine::Writers::one);
  ~StoreFixture();

  store::Store& store() { return *store_; }
  ManualClock& clock() { return clock_; }
  MemoryEngine& engine() { return engine_; }  // outlives every store on it
  MemoryEngine& archive_engine() { return archive_engine_; }  // what the store's archive lies on
  void set_archive_away(bool away) { archive_away_ = away; }  // for what opens it next, as after a restart or a failure
  Random& random() { return random_; }

  void use_classes(schema::ClassSet classes) { classes_ = std::move(classes); }  // of what opens it next

  // Closes the store, as if the process ended, and opens what the engine keeps; from here on the engine works again.
  void reopen();
  // A second store on the same engine, as another process would open it. Where both are to write, `writers` must be many.
  std::unique_ptr<store::Store> open_another();

  schema::AccountId create(const std::string& address);
  // One recipient by address, whose account may come into being by it. The source is the text alone.
  Result<store::Delivered> deliver(const std::string& address, std::string_view text);
  Result<store::Delivered> deliver_to(schema::AccountId account, std::string_view text, std::optional<Time> received = {});
  // Everything said; `incoming.to` may name several.
  std::vector<Result<store::Delivered>> deliver(store::Incoming incoming, std::string_view text);
  Result<store::Recipient> resolve(const std::string& address);

  // No damage; debris may be there.
  testing::AssertionResult verify_clean();
  // Neither damage nor debris.
  testing::AssertionResult verify_spotless();
  // Sweeps what is due now.
  Result<store::SweepReport> sweep();
  // Removes every account, lets all times pass and sweeps: nothing may be left but what a fresh store has, the store's own
  // record, cursors, and the CDRs with their hints: what was charged outlives the account.
  testing::AssertionResult empties_to_nothing();

 private:
  std::unique_ptr<store::Store> open();
  std::string what_is_left() const;
  ManualClock clock_;
  SeededRandom random_;
  MemoryEngine engine_;
  MemoryEngine archive_engine_;
  bool archive_away_ = false;
  const schema::Configuration configuration_;
  schema::ClassSet classes_;
  const store::Engine::Writers writers_;
  std::unique_ptr<store::Store> store_;
};

}  // namespace telepost::test
