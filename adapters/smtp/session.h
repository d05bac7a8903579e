// One connection, one coroutine: reads lines and message data, lets the verbs answer, and ends in order.
#pragma once

#include <memory>
#include <optional>

#include "adapters/net/io_threads.h"
#include "adapters/net/line_stream.h"
#include "adapters/net/session_group.h"
#include "adapters/smtp/commands.h"
#include "adapters/smtp/data.h"

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
  net::Awaitable<bool> chunk(Bdat bdat);
  void begin_arrival();
  void end_arrival();
  net::Awaitable<void> finish();
  net::Awaitable<bool> shake_hands();
  net::Awaitable<bool> start_tls();
  net::Awaitable<bool> log_in(Auth auth);
  bool break_off(const Error& error);
  bool skip_long_line();

  const std::shared_ptr<const Context> context_;
  Client client_;
  const std::unique_ptr<net::ConnectionLimits::Ticket> ticket_;
  int socket_;                             // until run() hands it to the stream; then -1
  std::optional<net::LineStream> stream_;  // made on the loop
  std::optional<Commands> commands_;
  std::optional<Arrival> arrival_;         // from DATA, or the first BDAT, to the message's end
  std::size_t skipped_ = 0;                // bytes of an overlong line so far
  bool reading_data_ = false;
  bool draining_ = false;
  bool aborted_ = false;
};

}  // namespace telepost::adapters::smtp
