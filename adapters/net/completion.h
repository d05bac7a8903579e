// Turns a store verb's Completion into something a session can await:
//   net::Answer<store::Recipient> answer;
//   store.deliver().resolve(address, options, answer.completion());
//   Result<store::Recipient> recipient = co_await answer.get();
#pragma once

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>

#include <atomic>
#include <memory>
#include <optional>
#include <utility>

#include "adapters/net/awaitable.h"
#include "base/assert.h"
#include "base/result.h"
#include "store/completion.h"

namespace telepost::adapters::net {

// One answer from one verb. The session resumes on its own loop, by one post; not at all when the answer was there before
// it was awaited. The session may end without awaiting it.
template <typename T>
class Answer {
 public:
  Answer() : shared_(std::make_shared<Shared>()) {}

  // Given to the verb, once; called on any thread.
  store::Completion<T> completion() {
    return [shared = shared_](Result<T> result) { shared->complete(std::move(result)); };
  }

  // Once.
  Awaitable<Result<T>> get() {
    // Held by the frame: the Answer's own pointer may not outlive a session that is torn down.
    const std::shared_ptr<Shared> shared = shared_;
    if (shared->phase.load(std::memory_order_acquire) != Phase::answered) {
      co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<Executor>, void()>(Initiation{}, kUseAwaitable,
                                                                                               shared.get());
    }
    co_return std::move(*shared->result);
  }

 private:
  enum class Phase : unsigned char { pending, awaited, answered };
  struct Waiter {
    virtual ~Waiter() = default;
    virtual void resume(std::unique_ptr<Waiter> self) = 0;
  };
  template <typename Handler>
  struct WaiterOf final : Waiter {
    explicit WaiterOf(Handler&& value) : handler(std::move(value)) {}
    void resume(std::unique_ptr<Waiter>) override {
      auto executor = boost::asio::get_associated_executor(handler);
      boost::asio::post(executor, std::move(handler));
    }
    Handler handler;
  };
  struct Shared {
    std::atomic<Phase> phase{Phase::pending};
    std::optional<Result<T>> result;
    std::unique_ptr<Waiter> waiter;

    void complete(Result<T> value) {
      result.emplace(std::move(value));
      const Phase before = phase.exchange(Phase::answered, std::memory_order_acq_rel);
      TELEPOST_ASSERT(before != Phase::answered);
      if (before == Phase::awaited) resume();
    }
    void await(std::unique_ptr<Waiter> value) {
      waiter = std::move(value);
      Phase expected = Phase::pending;
      if (!phase.compare_exchange_strong(expected, Phase::awaited, std::memory_order_acq_rel)) resume();
    }
    void resume() {
      Waiter* const once = waiter.get();
      once->resume(std::move(waiter));
    }
  };
  struct Initiation {
    template <typename Handler>
    void operator()(Handler&& handler, Shared* shared) const {
      shared->await(std::make_unique<WaiterOf<std::decay_t<Handler>>>(std::forward<Handler>(handler)));
    }
  };

  std::shared_ptr<Shared> shared_;
};

}  // namespace telepost::adapters::net
