// One connection, one coroutine: reads lines and message data, lets the verbs answer, and ends in order.
#pragma once

#include <memory>
#include <optional>

#include "adapters/net/io_threads.h"
#include "adapters/net/line_stream.h"
#include "adapters/net/session_group.h"
#include "adapters/smtp/commands.h"

namespace telepost::adapters::smtp {

class Session final : public net::Stoppable, public std::enable_shared_from_this<Session> {
 public:
  // Takes the socket, and starts; the group knows the session until its end. Any thread.
  static void start(net::Loop& loop, net::SessionGroup& group, std::shared_ptr<const Context> context, Client client,
                    int socket, std::unique_ptr<net::ConnectionLimits::Ticket> ticket);
  ~Session() override;

  void drain() override;
  void abort() override;

 private:
  Session(std::shared_ptr<const Context> context, Client client, int socket,
          std::unique_ptr<net::ConnectionLimits::Ticket> ticket);
  net::Awaitable<void> run(net::Loop& loop);
  net::Awaitable<void> converse();
  net::Awaitable<bool> read_more();
  net::Awaitable<bool> command(std::size_t size_bytes);
  net::Awaitable<bool> data();
  bool skip_long_line();

  const std::shared_ptr<const Context> context_;
  const Client client_;
  const std::unique_ptr<net::ConnectionLimits::Ticket> ticket_;
  int socket_;                             // until run() hands it to the stream; then -1
  std::optional<net::LineStream> stream_;  // made on the loop
  std::optional<Commands> commands_;
  std::size_t skipped_ = 0;                // bytes of an overlong line so far
  bool reading_data_ = false;
  bool draining_ = false;
  bool aborted_ = false;
};

}  // namespace telepost::adapters::smtp
