// What blocks, awaited off the connection's loop:
//   auto work = [&store, account] { return store.accounts().show(account); };  // gives a Result, or its value
//   Awaitable<Result<store::Account>> showing = on_worker<store::Account>(store, std::move(work));
//   const Result<store::Account> shown = co_await std::move(showing);
#pragma once

#include <utility>

#include "adapters/net/awaitable.h"
#include "adapters/net/completion.h"
#include "base/result.h"
#include "store/store.h"

namespace telepost::adapters::net {

// Runs the work, which can be copied, on a worker of the store; the session resumes on its own loop. What the work refers to outlives
// it also where nobody awaits it any more. Errors: busy (the store's queue is full: the work was not taken), and the work's own.
template <typename T, typename Work>
Awaitable<Result<T>> on_worker(store::Store& store, Work work) {
  Answer<T> answer;
  const Result<void> queued = store.run([done = answer.completion(), work = std::move(work)]() mutable { done(work()); });
  if (!queued.ok()) co_return queued.error();
  Result<T> result = co_await answer.get();
  co_return result;
}

// The same for work that hashes a password: busy comes much sooner.
template <typename T, typename Work>
Awaitable<Result<T>> on_hasher(store::Store& store, Work work) {
  Answer<T> answer;
  const Result<void> queued = store.run_hashing([done = answer.completion(), work = std::move(work)]() mutable { done(work()); });
  if (!queued.ok()) co_return queued.error();
  Result<T> result = co_await answer.get();
  co_return result;
}

}  // namespace telepost::adapters::net
