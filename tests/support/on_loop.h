// Runs a coroutine of adapters/net on a loop and waits for what it returns.
#pragma once

#include <boost/asio/co_spawn.hpp>

#include <exception>
#include <future>
#include <memory>
#include <optional>
#include <utility>

#include "adapters/net/awaitable.h"
#include "adapters/net/io_threads.h"

namespace telepost::test {

template <typename T>
adapters::net::Awaitable<void> keep_result(adapters::net::Awaitable<T> task, std::shared_ptr<std::promise<T>> promise) {
  T value = co_await std::move(task);
  promise->set_value(std::move(value));
}

// Begins it; the future brings its value. What it refers to must live until then.
template <typename T>
std::future<T> begin_on(adapters::net::Loop& loop, adapters::net::Awaitable<T> task) {
  auto promise = std::make_shared<std::promise<T>>();
  std::future<T> future = promise->get_future();
  boost::asio::co_spawn(loop.context().get_executor(), keep_result(std::move(task), promise), [promise](std::exception_ptr failure) {
    if (failure) promise->set_exception(failure);
  });
  return future;
}

template <typename T>
T run_on(adapters::net::Loop& loop, adapters::net::Awaitable<T> task) {
  return begin_on(loop, std::move(task)).get();
}

}  // namespace telepost::test
