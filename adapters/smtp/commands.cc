#include "adapters/smtp/commands.h"

#include <utility>

#include "base/bytes.h"
#include "base/log.h"

namespace telepost::adapters::smtp {

void Commands::say(std::uint16_t code, std::string_view status, std::string_view text) {
  append(out_, {code, status, std::string(text)});
}

void Commands::complain(const Reply& reply) {
  ++errors_;
  append(out_, reply);
}

void Commands::greet() {
  const bool lmtp = context_.listener.mode == Mode::lmtp;
  say(220, "", context_.listener.hostname + (lmtp ? " LMTP Telepost" : " ESMTP Telepost"));
}

void Commands::say_goodbye(std::string_view status, std::string_view text) {
  say(421, status, context_.listener.hostname + " " + std::string(text));
}

bool Commands::is_exhausted() const {
  return errors_ >= kMaxErrors || unknown_recipients_ >= kMaxUnknownRecipients || idle_commands_ >= kMaxIdleCommands;
}

Next Commands::apply(const Command& command) {
  ++idle_commands_;
  return std::visit([this](const auto& verb) { return on(verb); }, command);
}

// RFC 5321 section 4.1.1.1; RFC 2033 section 4.1: LMTP knows LHLO alone.
Next Commands::on(const Hello& hello) {
  const bool lmtp = context_.listener.mode == Mode::lmtp;
  if (lmtp != (hello.kind == Hello::Kind::lhlo)) {
    complain({500, "5.5.1", lmtp ? "This is LMTP: say LHLO" : "This is SMTP: say EHLO"});
    return Next::flush;
  }
  hello_ = hello;
  transaction_.reset();  // section 4.1.4
  if (hello.kind == Hello::Kind::helo) say(250, "", context_.listener.hostname);
  else offer_extensions();
  return Next::flush;
}

void Commands::offer_extensions() {
  out_.append("250-").append(context_.listener.hostname).append("\r\n250-PIPELINING\r\n250-SIZE ");
  out_.append(std::to_string(context_.listener.max_message_bytes));
  out_.append("\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-ENHANCEDSTATUSCODES\r\n250 HELP\r\n");
}

std::optional<Reply> Commands::refusal_of(const Mail& mail) const {
  if (!hello_) return Reply{503, "5.5.1", context_.listener.mode == Mode::lmtp ? "Say LHLO first" : "Say EHLO first"};
  if (transaction_) return Reply{503, "5.5.1", "A transaction is open; RSET ends it"};
  if (mail.envid && client_.proof != Proof::proved) return Reply{555, "5.5.4", "ENVID is taken from proved services only"};
  if (mail.size_bytes.value_or(0) > context_.listener.max_message_bytes) return reply_to({Errc::too_large, ""});
  if (const Result<void> health = context_.store.health(); !health.ok()) return reply_to(health.error());
  return {};
}

Next Commands::on(const Mail& mail) {
  if (const std::optional<Reply> refusal = refusal_of(mail)) {
    complain(*refusal);
    return Next::go_on;
  }
  transaction_.emplace();
  transaction_->mail = mail;
  transaction_->trace = to_base32(context_.random.u64());
  out_ += "250 2.1.0 Sender accepted\r\n";
  return Next::go_on;
}

Next Commands::on(const Rcpt& rcpt) {
  if (!transaction_) {
    complain({503, "5.5.1", "Say MAIL first"});
  } else if (transaction_->forward_paths.size() >= context_.listener.max_recipients) {
    say(452, "4.5.3", "Too many recipients; send the others in another transaction");  // RFC 5321 section 4.5.3.1.10
  } else if (rcpt.to.has_utf8 && !transaction_->mail.utf8) {
    complain({553, "5.6.7", "An address beyond ASCII needs SMTPUTF8"});
  } else {
    resolving_ = rcpt.to;
    return Next::resolve;
  }
  return Next::go_on;
}

Next Commands::on(const DataCommand&) {
  const bool lmtp = context_.listener.mode == Mode::lmtp;
  if (!transaction_) {
    complain({503, "5.5.1", "Say MAIL first"});
  } else if (transaction_->recipients.empty()) {
    // RFC 2033 section 4.2 wants 503 here, RFC 5321 section 3.3 offers 554.
    complain({lmtp ? std::uint16_t{503} : std::uint16_t{554}, "5.5.1", "No valid recipients"});
  } else {
    return Next::read_data;
  }
  return Next::flush;
}

Next Commands::on(const Rset&) {
  transaction_.reset();
  out_ += "250 2.0.0 Reset\r\n";
  return Next::go_on;
}

Next Commands::on(const Noop&) {
  out_ += "250 2.0.0 OK\r\n";
  return Next::flush;
}

// RFC 5321 section 3.5.3: 252 tells nothing, and refuses nothing.
Next Commands::on(const Vrfy&) {
  say(252, "2.5.0", "Cannot tell; send a message and see");
  return Next::flush;
}

Next Commands::on(const Expn&) {
  complain({502, "5.5.1", "EXPN is not offered"});
  return Next::flush;
}

Next Commands::on(const Help&) {
  say(214, "2.0.0", "See RFC 5321 and RFC 2033");
  return Next::flush;
}

Next Commands::on(const Quit&) {
  say(221, "2.0.0", context_.listener.hostname + " Bye");
  return Next::close;
}

Next Commands::on(const Refused& refused) {
  complain(refused.reply);
  return Next::go_on;
}

}  // namespace telepost::adapters::smtp
