// The verbs: one function each. They keep the state of the dialogue, call the store and write replies; they read nothing.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "adapters/net/awaitable.h"
#include "adapters/smtp/context.h"

namespace telepost::adapters::smtp {

// One message on its way: from MAIL to the replies that end it.
struct Transaction {
  Mail mail;
  std::string trace;                        // in Received, logs and origin
  std::vector<std::string> forward_paths;   // accepted ones as they were written, in their order
  std::vector<std::size_t> copy_of;         // for each of them: which entry of `recipients` serves it
  std::vector<store::Recipient> recipients; // each account once
};

// What the session does after a command.
enum class Next : unsigned char {
  go_on,
  flush,      // RFC 2920 section 3.2: the replies to these commands must not wait for more commands
  resolve,    // await resolve()
  read_data,  // say 354 and read the message
  close,
};

// One session's dialogue; on the session's loop. `out` and the context outlive it.
class Commands {
 public:
  Commands(const Context& context, const Client& client, std::string& out)
      : context_(context), client_(client), out_(out) {}

  void greet();
  Next apply(const Command& command);
  // The recipient of the RCPT that apply() answered with Next::resolve.
  net::Awaitable<void> resolve();

  // DATA was accepted.
  std::unique_ptr<store::Intake> begin();
  // The message was read to its end, and stored or not; one result for each of Incoming::to. Ends the transaction.
  void answer(const std::vector<Result<store::Delivered>>& results, std::uint64_t size_bytes);
  // The message was read to its end and is not taken: the same reply for all.
  void refuse(const Reply& reply, std::uint64_t size_bytes);

  // Ends the dialogue with a 421.
  void say_goodbye(std::string_view status, std::string_view text);
  // Counts a mistake that the codec cannot see.
  void complain(const Reply& reply);
  bool is_exhausted() const;  // too many errors or idle commands: time for a 421
  const std::string& trace() const { return transaction_->trace; }

 private:
  Next on(const Hello& hello);
  Next on(const Mail& mail);
  Next on(const Rcpt& rcpt);
  Next on(const DataCommand& data);
  Next on(const Rset& rset);
  Next on(const Noop& noop);
  Next on(const Vrfy& vrfy);
  Next on(const Expn& expn);
  Next on(const Help& help);
  Next on(const Quit& quit);
  Next on(const Refused& refused);

  void say(std::uint16_t code, std::string_view status, std::string_view text);
  void offer_extensions();
  std::optional<Reply> refusal_of(const Mail& mail) const;
  std::string address_of(const Path& path) const;
  bool is_served(const Path& path) const;
  void accept(const Path& path, store::Recipient recipient);
  void refuse_recipient(const Path& path, const Error& error);
  std::string reverse_path() const;
  std::string received_fields() const;
  void log_end(std::string_view event, std::uint64_t size_bytes, std::string_view result, std::size_t stored) const;

  const Context& context_;
  const Client& client_;
  std::string& out_;
  std::optional<Hello> hello_;
  std::optional<Transaction> transaction_;  // from MAIL on
  Path resolving_;
  unsigned errors_ = 0;              // since the last accepted message
  unsigned idle_commands_ = 0;       // the same
  unsigned unknown_recipients_ = 0;  // of the whole session: a message to oneself must not buy another hundred guesses
};

}  // namespace telepost::adapters::smtp
