// The routes of the HTTP server that the tests speak to.
#pragma once

#include <atomic>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>

#include "adapters/net/completion.h"
#include "adapters/net/http_exchange.h"

namespace telepost::adapters::net {

// The content of tests: each byte follows from its place.
inline char byte_at(std::uint64_t place) { return static_cast<char>(place * 31 % 251); }
inline std::string patterned(std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) bytes[i] = byte_at(i);
  return bytes;
}

// What the routes share with a test.
struct Stage {
  std::string content = patterned(200'000);
  Answer<int> gate;                     // /wait answers when the test completes it
  std::promise<void> arrived;           // /wait and /events are under way
  std::atomic<std::uint64_t> received{0};
  std::function<void()> wake;           // of /events
  std::promise<void> rested;            // /events rests no more
  std::shared_ptr<void> ticket = std::make_shared<int>();  // of the replies of /ticketed
};

using Reply = std::optional<HttpReply>;
Awaitable<Reply> route(HttpExchange& exchange, Stage& stage);

}  // namespace telepost::adapters::net
