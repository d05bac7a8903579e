// The verbs: one function each. They keep the state of the dialogue, call the store and write replies; they read nothing.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "adapters/net/awaitable.h"
#include "adapters/smtp/context.h"
#include "adapters/smtp/examination.h"
#include "adapters/net/header_codec.h"
#include "store/submission.h"

namespace telepost::adapters::smtp {

// One message on its way: from MAIL to the replies that end it.
struct Transaction {
  Mail mail;
  std::string trace;                        // in Received, logs and origin
  std::vector<std::string> forward_paths;   // accepted ones as they were written, in their order
  std::vector<std::size_t> copy_of;         // for each of them: which entry of `recipients` serves it
  std::vector<store::Recipient> recipients; // each account once
  std::vector<store::HandedIn::To> handed_in;  // submission: the same, and those of other domains
  bool in_chunks = false;                   // a BDAT was taken: nothing but BDAT may follow (RFC 3030 section 2)
  bool chunk_failed = false;                // and was refused, which was said
};

// What the session does after a command.
enum class Next : unsigned char {
  go_on,
  flush,      // RFC 2920 section 3.2: the replies to these commands must not wait for more commands
  resolve,    // await resolve()
  read_data,  // say 354 and read the message
  read_chunk, // read what BDAT announced
  start_tls,  // say 220 and shake hands
  log_in,     // speak SASL
  close,
};

// One session's dialogue; on the session's loop. `out` and the context outlive it.
class Commands {
 public:
  Commands(const Context& context, Client& client, std::string& out)
      : context_(context), client_(client), out_(out) {}

  void greet();
  Next apply(const Command& command);
  // The recipient of the RCPT that apply() answered with Next::resolve.
  net::Awaitable<void> resolve();

  // The refusal of the BDAT that apply() answered with Next::read_chunk; its bytes are to be read and forgotten. None: they
  // belong to the message, and from here on the transaction is in_chunks().
  std::optional<Reply> begin_chunk();
  bool in_chunks() const { return transaction_ && transaction_->in_chunks; }
  // Says no to a chunk: behind the last one to each recipient, and the transaction is over.
  void refuse_chunk(const Bdat& chunk, const Reply& reply, std::uint64_t size_bytes);
  void accept_chunk(const Bdat& chunk);

  // DATA, or the first chunk, was accepted. The views into this object are valid until the transaction ends.
  std::unique_ptr<store::Intake> begin();
  Body body() const { return transaction_->mail.body; }
  Subject subject() const;
  // What comes before the message, and what its sender asks for, once it was read to its end.
  std::string trace_block(std::string_view examined, const net::HeaderWatch& header) const;
  schema::MessageRequest request(const net::HeaderWatch& header) const;
  // The message was read to its end, and stored or not; one result for each of Incoming::to. Ends the transaction.
  void answer(const std::vector<Result<store::Delivered>>& results, std::uint64_t size_bytes);
  // The message was read to its end and is not taken: the same reply for all.
  void refuse(const Reply& reply, std::uint64_t size_bytes);

  // TLS has begun: what was known before may have been put in by anybody in between (RFC 3207 section 4.2).
  void forget();
  // Which mechanisms AUTH offers now; none before TLS where that is wanted.
  bool offers_login() const;
  bool offers_binding() const { return client_.tls.has_value(); }
  void logged_in(Login login);

  // How long the replies are held back, since strangers learn from mistakes. Asked after each command.
  Duration take_pause();

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
  Next on(const Bdat& bdat);
  Next on(const StartTls& start_tls);
  Next on(const Auth& auth);
  Next on(const Xclient& xclient);
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
  void accept(const Rcpt& rcpt, store::Recipient recipient);
  void accept_remote(const Rcpt& rcpt);
  std::unique_ptr<store::Intake> hand_in(schema::Origin origin);
  void refuse_recipient(const Path& path, const Error& error);
  std::optional<Reply> out_of_turn() const;
  std::optional<Reply> refusal_of(const Auth& auth) const;
  bool offers_tls() const;
  bool wants_login() const { return context_.listener.mode == Mode::submission; }
  void apply(const Xclient::Attribute& attribute);
  void log_end(std::string_view event, std::uint64_t size_bytes, std::string_view result, std::size_t stored) const;

  const Context& context_;
  Client& client_;
  std::string& out_;
  std::optional<Hello> hello_;
  std::optional<Transaction> transaction_;  // from MAIL on
  Rcpt resolving_;
  unsigned errors_ = 0;              // since the last accepted message
  unsigned idle_commands_ = 0;       // the same
  unsigned mistakes_ = 0;            // of the whole session: what the tarpit counts
  bool pause_due_ = false;
  unsigned unknown_recipients_ = 0;  // of the whole session: a message to oneself must not buy another hundred guesses
};

}  // namespace telepost::adapters::smtp
