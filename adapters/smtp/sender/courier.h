// One connection's worth of work: dials for its first job, sends it and those that follow in its lane, waits a little for more,
// and ends.
#pragma once

#include <boost/asio/steady_timer.hpp>

#include <memory>
#include <optional>
#include <vector>

#include "adapters/net/io_threads.h"
#include "adapters/net/session_group.h"
#include "adapters/smtp/authentication/signing_keys.h"
#include "adapters/smtp/sender/dial.h"
#include "adapters/smtp/sender/lanes.h"
#include "adapters/smtp/sender/letter.h"

namespace telepost::adapters::smtp::sender {

// What couriers work for, and with. Any thread; none of it blocks.
class Office {
 public:
  virtual ~Office() = default;
  virtual store::Store& store() = 0;
  virtual const Clock& clock() const = 0;
  virtual const Dialling& dialling() const = 0;
  virtual Lanes& lanes() = 0;
  virtual const authentication::SigningKeys* keys() const = 0;  // null: nothing is signed
  virtual void tell(const ErrandPtr& errand, std::vector<store::MailOutcome> outcomes) = 0;
  virtual void put_back(const ErrandPtr& errand) = 0;  // untried: it is offered again at once
  virtual void start(ErrandPtr errand) = 0;            // another courier, for which there is a place
};

class Courier final : public net::Stoppable, public Carrier, public std::enable_shared_from_this<Courier> {
 public:
  // Starts; the group knows it until its end. The office outlives it.
  static void start(net::Loop& loop, net::SessionGroup& group, Office& office, ErrandPtr first);

  void drain() override;  // after the message that is being sent
  void abort() override;
  void wake() override;

 private:
  using Timer = boost::asio::steady_timer::rebind_executor<net::Executor>::other;
  Courier(net::Loop& loop, Office& office, ErrandPtr first);
  void fail();
  net::Awaitable<void> run();
  net::Awaitable<bool> carry(ErrandPtr errand);
  net::Awaitable<bool> connect();
  // False: the connection had been closed before a word was said, and another one is to be tried.
  net::Awaitable<bool> send(ErrandPtr errand, bool kept);
  net::Awaitable<std::optional<net::SmtpVerdict>> prepare(Letter& letter, net::SmtpEnvelope& envelope, net::SmtpTransport& transport);
  net::Awaitable<Result<void>> sign(Letter& letter);
  net::Awaitable<ErrandPtr> next();
  net::Awaitable<void> hang_up();

  net::Loop& loop_;
  Office& office_;
  const std::string lane_;
  ErrandPtr calls_for_;                  // while it calls: who waits in the lane for it
  ErrandPtr in_hand_;                    // what it sends
  std::unique_ptr<Line> line_;
  CallInProgress call_;                  // a connection that is being made
  Timer idle_;
  std::uint32_t messages_ = 0;           // on this connection
  bool kept_ = false;                    // it has carried some: the peer may have closed it meanwhile
  bool draining_ = false;
  bool aborted_ = false;
};

}  // namespace telepost::adapters::smtp::sender
