// How a verb that waits for the disk answers: the completion is called exactly once, on a thread of the store, after the
// commit and never before; it must not block and not throw (adapters/net resumes a coroutine with it).
#pragma once

#include <functional>
#include <future>
#include <memory>
#include <utility>

#include "base/result.h"

namespace telepost::store {

template <typename T>
using Completion = std::function<void(Result<T>)>;

// Runs a verb that takes a Completion and waits for it: for commands and tests, never on a session's thread.
//   Result<Recipient> recipient = wait_for<Recipient>([&](auto done) { store.resolve(address, std::move(done)); });
template <typename T, typename Start>
Result<T> wait_for(Start&& start) {
  auto promise = std::make_shared<std::promise<Result<T>>>();
  auto future = promise->get_future();
  std::forward<Start>(start)(Completion<T>([promise](Result<T> result) { promise->set_value(std::move(result)); }));
  return future.get();
}

}  // namespace telepost::store
