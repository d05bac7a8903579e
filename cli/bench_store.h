// A store of its own in a folder that goes with it, for the measurements that work through the store's own verbs.
#pragma once

#include <fmt/format.h>

#include <atomic>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <semaphore>
#include <string>

#include "base/clock.h"
#include "base/random.h"
#include "schema/class_of_service.h"
#include "store/engine/operations.h"
#include "store/engine/rocksdb_engine.h"
#include "store/store.h"

namespace telepost::cli {

// Real time, from a moment that can be moved ahead.
class AheadClock final : public Clock {
 public:
  Time now() const override { return system_.now() + Duration(ahead_.load()); }
  SteadyTime steady() const override { return system_.steady() + Duration(ahead_.load()); }
  void advance(Duration by) { ahead_ += by.count(); }

 private:
  const SystemClock system_;
  std::atomic<std::int64_t> ahead_{0};
};

struct Counted {
  std::uint64_t operations;
  std::uint64_t records;
};

inline Counted counted() {
  const store::EngineOperations& all = store::engine_operations();
  return {all.get.value() + all.get_many.value() + all.scan.value() + all.snapshot.value() + all.write.value(),
          all.record.value() + all.key.value()};
}

// One store in a folder of its own.
class BenchStore {
 public:
  static constexpr std::ptrdiff_t kInFlight = 256;
  // classes: XML of schema/policy.xsd; "" for the built-in class.
  explicit BenchStore(std::string folder, std::string classes = "", std::size_t body_bytes = 902)
      : folder_(std::move(folder)), classes_(std::move(classes)), body_(std::string(body_bytes - 2, 'b') + "\r\n") {}
  ~BenchStore() {
    store_.reset();
    std::filesystem::remove_all(folder_);
  }
  BenchStore(const BenchStore&) = delete;
  BenchStore& operator=(const BenchStore&) = delete;

  Result<void> open() {
    store_.reset();
    store::RocksdbOptions options;
    options.path = folder_;
    TELEPOST_ASSIGN(auto engine, store::RocksdbEngine::open(options));
    store::Store::Options settings;
    settings.configuration.domains = {{"example.test", "standard", true}};
    settings.configuration.create_per_peer_hour = ~0u;
    settings.configuration.store.reserve = {0, 0};
    if (!classes_.empty()) TELEPOST_TRY(schema::read_classes(classes_, "bench", settings.classes));
    TELEPOST_ASSIGN(store_, store::Store::open(std::move(settings), std::move(engine), clock_, random_));
    return {};
  }
  AheadClock& clock() { return clock_; }
  const std::string& folder() const { return folder_; }
  store::Store& operator*() { return *store_; }
  store::Store* operator->() { return store_.get(); }

  void deliver(const store::Recipient& to, store::Completion<store::Delivered> done) {
    store::Incoming incoming;
    incoming.origin.network = "bench";
    incoming.from = "mailto:load@sender.test";
    incoming.to = {to};
    const auto intake = store_->deliver().begin(std::move(incoming));
    intake->write(fmt::format("From: load@sender.test\r\nSubject: message {}\r\n\r\n", ++sent_));
    intake->write(body_);
    intake->finish([done = std::move(done)](Result<std::vector<Result<store::Delivered>>> results) {
      done(results.ok() ? std::move((*results)[0]) : Result<store::Delivered>(results.error()));
    });
  }

  // So many at a time in flight.
  Result<void> fill(const store::Recipient& to, std::uint64_t messages) {
    return pipeline(messages, [&](auto done) { deliver(to, [done](Result<store::Delivered> result) { done(result.ok() ? Result<void>() : result.error()); }); });
  }
  Result<void> make_accounts(std::uint64_t from, std::uint64_t to) {
    std::uint64_t next = from;
    return pipeline(to - from, [&](auto done) {
      store_->deliver().resolve(fmt::format("mailto:subscriber{}@example.test", next++), {"bench"},
                                [done](Result<store::Recipient> result) { done(result.ok() ? Result<void>() : result.error()); });
    });
  }

 private:
  template <typename Start>
  static Result<void> pipeline(std::uint64_t count, Start start) {
    struct State {
      std::counting_semaphore<kInFlight> places{kInFlight};
      std::mutex mutex;
      std::optional<Error> error;
    } state;
    for (std::uint64_t i = 0; i < count; ++i) {
      state.places.acquire();
      start(std::function<void(Result<void>)>([&state](Result<void> result) {
        if (!result.ok()) {
          const std::lock_guard lock(state.mutex);
          state.error = result.error();
        }
        state.places.release();
      }));
    }
    for (std::ptrdiff_t i = 0; i < kInFlight; ++i) state.places.acquire();
    return state.error ? Result<void>(*state.error) : Result<void>();
  }

  const std::string folder_;
  const std::string classes_;
  AheadClock clock_;
  SystemRandom random_;
  std::unique_ptr<store::Store> store_;
  std::uint64_t sent_ = 0;
  const std::string body_;
};

}  // namespace telepost::cli
