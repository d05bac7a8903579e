#include "adapters/net/smtp_client.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/assert.h"

namespace telepost::adapters::net {
namespace {

// Commands said in one breath. Their replies (some 100 bytes each) fit any socket's buffer, so that neither side can wait for
// the other to read (RFC 2920 section 3.1).
constexpr std::size_t kGroup = 64;
constexpr std::size_t kFlushAt = 64u << 10;
constexpr std::uint64_t kLeastBytesPerSecond = 32u << 10;

}  // namespace

// One message on its way.
struct SmtpClient::Transaction {
  const SmtpEnvelope& envelope;
  const SmtpTransport transport;
  SmtpContent& content;
  std::vector<std::optional<SmtpVerdict>> verdicts;  // for each recipient, once it is known
  std::vector<std::size_t> accepted;                 // recipients that wait for the end of the data
  bool mail_accepted = false;
  bool data_open = false;  // 354 was said
  bool answered = false;

  // The same for all that have no verdict yet.
  void settle(const SmtpVerdict& verdict) {
    for (auto& each : verdicts) {
      if (!each) each = verdict;
    }
  }
};

Awaitable<Result<SmtpReply>> SmtpClient::reply(Duration timeout) {
  stream_.deadline().limit_total(timeout);
  for (;;) {
    Result<std::optional<ScannedReply>> scanned = scan_smtp_reply(stream_.buffered());
    if (!scanned.ok()) co_return scanned.error();
    if (*scanned) {
      stream_.consume((*scanned)->size_bytes);
      stream_.deadline().unlimit_total();
      // RFC 5321 section 3.8: the peer is closing, whatever was asked.
      if ((*scanned)->reply.code == 421) co_return refused(std::move((*scanned)->reply));
      co_return std::move((*scanned)->reply);
    }
    const Result<void> filled = co_await stream_.fill(timeout);
    if (!filled.ok()) co_return filled.error();
  }
}

Awaitable<Result<SmtpReply>> SmtpClient::ask(std::string_view line, Duration timeout) {
  stream_.out() += line;
  const Result<void> sent = co_await stream_.flush(timeout);
  if (!sent.ok()) co_return sent.error();
  co_return co_await reply(timeout);
}

Error SmtpClient::refused(SmtpReply reply) {
  usable_ = false;
  refusal_ = std::move(reply);
  return {refusal_.permanent() ? Errc::refused : refusal_.transient() ? Errc::busy : Errc::invalid, to_string(refusal_)};
}

Awaitable<Result<void>> SmtpClient::greet() {
  Result<SmtpReply> greeting = co_await reply(options_.timeouts.greeting);
  if (!greeting.ok()) co_return greeting.error();
  if (greeting->code != 220) co_return refused(std::move(*greeting));
  co_return co_await say_hello();
}

Awaitable<Result<void>> SmtpClient::say_hello() {
  offered_ = {};
  const bool lmtp = options_.protocol == SmtpProtocol::lmtp;
  std::string line = (lmtp ? "LHLO " : "EHLO ") + options_.hello + "\r\n";
  Result<SmtpReply> hello = co_await ask(line, options_.timeouts.greeting);
  if (!hello.ok()) co_return hello.error();
  usable_ = hello->positive();
  if (usable_) offered_ = extensions_of(*hello);
  // RFC 5321 section 3.2: a server may be older than EHLO.
  if (!usable_ && !lmtp && hello->permanent()) {
    line = "HELO " + options_.hello + "\r\n";
    hello = co_await ask(line, options_.timeouts.greeting);
    if (!hello.ok()) co_return hello.error();
    usable_ = hello->positive();
  }
  if (!usable_) co_return refused(std::move(*hello));
  co_return Result<void>();
}

Awaitable<Result<void>> SmtpClient::start_tls(const TlsAuthorities& authorities, TlsExpectation expectation) {
  if (!offered_.start_tls) co_return Error{Errc::unsupported, "the server offers no STARTTLS"};
  usable_ = false;
  Result<SmtpReply> ready = co_await ask("STARTTLS\r\n", options_.timeouts.command);
  if (!ready.ok()) co_return ready.error();
  if (!ready->positive()) co_return refused(std::move(*ready));
  Awaitable<Result<void>> handshake = stream_.start_tls(authorities, std::move(expectation), options_.timeouts.handshake);
  const Result<void> shaken = co_await std::move(handshake);
  if (!shaken.ok()) co_return shaken.error();
  co_return co_await say_hello();
}

Awaitable<SmtpOutcome> SmtpClient::send(const SmtpEnvelope& envelope, SmtpTransport transport, SmtpContent& content) {
  TELEPOST_ASSERT(usable_ && transport != SmtpTransport::rewrite && !envelope.to.empty());
  Transaction transaction{envelope, transport, content, {}, {}, false, false, false};
  transaction.verdicts.resize(envelope.to.size());
  refusal_ = {};
  stream_.deadline().limit(Span::session, time_for(envelope));
  const Result<void> ended = co_await transact(transaction);
  stream_.deadline().unlimit(Span::session);
  if (!ended.ok()) {
    usable_ = false;
    transaction.settle(refusal_.code != 0 ? verdict_of(refusal_) : verdict_of(ended.error()));
  }
  SmtpOutcome outcome;
  outcome.reports = offered_.dsn;
  outcome.unanswered = !transaction.answered && !ended.ok() && ended.error().kind == Errc::unavailable;
  for (auto& verdict : transaction.verdicts) {
    TELEPOST_ASSERT(verdict.has_value());
    outcome.to.push_back(std::move(*verdict));
  }
  co_return outcome;
}

Duration SmtpClient::time_for(const SmtpEnvelope& envelope) const {
  return options_.timeouts.transaction + std::chrono::seconds(envelope.to.size() + envelope.content.size_bytes / kLeastBytesPerSecond);
}

Awaitable<Result<void>> SmtpClient::transact(Transaction& transaction) {
  const Result<void> opened = co_await open(transaction);
  if (!opened.ok()) co_return opened.error();
  if (transaction.accepted.empty()) {
    reset_first_ = transaction.mail_accepted;
    if (!transaction.data_open) co_return Result<void>();
    // RFC 2920 section 3.1: DATA was accepted all the same, so its end has to be said; nobody gets it.
    Result<SmtpReply> nothing = co_await ask(".\r\n", options_.timeouts.data_end);
    if (!nothing.ok()) co_return nothing.error();
    co_return Result<void>();
  }
  reset_first_ = true;  // until its end is acknowledged
  if (transaction.transport == SmtpTransport::text) {
    if (!transaction.data_open) co_return Result<void>();  // hear() has settled it
    co_return co_await write_text(transaction);
  }
  co_return co_await write_chunks(transaction);
}

// Says RSET (where needed), MAIL, each RCPT and DATA: in groups where the peer offers PIPELINING, else one by one. DATA ends a
// group and comes last.
Awaitable<Result<void>> SmtpClient::open(Transaction& transaction) {
  const SmtpEnvelope& envelope = transaction.envelope;
  std::size_t said = 0;
  bool data_said = transaction.transport != SmtpTransport::text;
  bool mail_said = false;
  while (said < envelope.to.size() || !data_said) {
    const bool resets = !mail_said && reset_first_;
    const std::size_t room = offered_.pipelining ? kGroup : 1;
    std::size_t group = 0;
    std::vector<Said> order;
    const auto say = [&](Said what, std::string_view line) {
      order.push_back(what);
      stream_.out() += line;
      ++group;
    };
    const std::size_t first = said;
    if (resets) say(Said::reset, "RSET\r\n");
    if (!mail_said && group < room) {
      say(Said::mail, mail_command(envelope, offered_, transaction.transport));
      mail_said = true;
    }
    for (; mail_said && said < envelope.to.size() && group < room; ++said) say(Said::rcpt, rcpt_command(envelope.to[said], offered_));
    if (said == envelope.to.size() && !data_said && group < room) {
      say(Said::data, "DATA\r\n");
      data_said = true;
    }
    const Result<void> sent = co_await stream_.flush(options_.timeouts.command);
    if (!sent.ok()) co_return sent.error();
    reset_first_ = false;
    std::size_t recipient = first;
    for (const Said what : order) {
      const Result<void> heard = co_await hear(transaction, what, recipient);
      if (!heard.ok()) co_return heard.error();
      if (what == Said::rcpt) ++recipient;
    }
    if (mail_said && !transaction.mail_accepted) co_return Result<void>();
    // Nobody was accepted: DATA has no use.
    if (said == envelope.to.size() && transaction.accepted.empty()) co_return Result<void>();
  }
  co_return Result<void>();
}

// One reply, to what was said; about that recipient if it was a RCPT.
Awaitable<Result<void>> SmtpClient::hear(Transaction& transaction, Said what, std::size_t recipient) {
  const Duration timeout = what == Said::data ? options_.timeouts.data_start : options_.timeouts.command;
  Result<SmtpReply> heard = co_await reply(timeout);
  transaction.answered = transaction.answered || refusal_.code != 0 || heard.ok();
  if (!heard.ok()) co_return heard.error();
  switch (what) {
    case Said::reset: break;  // RFC 5321 section 4.1.1.5: it cannot fail
    case Said::mail:
      transaction.mail_accepted = heard->positive();
      if (!heard->positive()) transaction.settle(verdict_of(*heard));
      break;
    case Said::rcpt:
      if (transaction.verdicts[recipient]) break;  // MAIL was refused: this reply only says so again
      if (heard->positive()) {
        transaction.accepted.push_back(recipient);
        break;
      }
      transaction.verdicts[recipient] = verdict_of(*heard);
      // RFC 5321 section 4.5.3.1.10: too many recipients, and an old 552 says the same as 452.
      if (heard->code == 552 || (heard->code == 452 && (heard->status.empty() || heard->status == "4.5.3"))) {
        SmtpVerdict& verdict = *transaction.verdicts[recipient];
        verdict.kind = SmtpVerdict::Kind::deferred;
        if (heard->code == 552) verdict.status = "4.5.3";
        verdict.again_now = true;
      }
      break;
    case Said::data:
      transaction.data_open = heard->intermediate();
      if (transaction.data_open) break;
      if (heard->positive()) co_return Error{Errc::invalid, "the peer answered DATA with " + to_string(*heard)};
      transaction.settle(verdict_of(*heard));
      break;
  }
  co_return Result<void>();
}

// Sends what is gathered of a message. A peer that hangs up in the middle may have said why.
Awaitable<Result<void>> SmtpClient::flush_data() {
  const Result<void> sent = co_await stream_.flush(options_.timeouts.data_block);
  if (sent.ok() || sent.error().kind != Errc::unavailable) co_return sent;
  Result<SmtpReply> why = co_await reply(options_.timeouts.goodbye);
  if (why.ok() && (why->permanent() || why->transient())) co_return refused(std::move(*why));
  co_return sent;
}

Awaitable<Result<void>> SmtpClient::write_text(Transaction& transaction) {
  DotStuffer stuffer;
  for (;;) {
    Result<std::string> piece = co_await transaction.content.next();
    // Without the end of the data the peer stores nothing (RFC 5321 section 4.1.1.4).
    if (!piece.ok()) co_return piece.error();
    const Result<void> stuffed = piece->empty() ? stuffer.finish(stream_.out()) : stuffer.append(stream_.out(), *piece);
    if (!stuffed.ok()) {
      stream_.out().clear();
      co_return stuffed.error();
    }
    if (piece->empty()) break;
    if (stream_.out().size() < kFlushAt) continue;
    const Result<void> sent = co_await flush_data();
    if (!sent.ok()) co_return sent.error();
  }
  const Result<void> sent = co_await flush_data();
  if (!sent.ok()) co_return sent.error();
  co_return co_await conclude(transaction);
}

// RFC 3030 section 2: each chunk has its reply, the last one those of the whole.
Awaitable<Result<void>> SmtpClient::write_chunks(Transaction& transaction) {
  Result<std::string> piece = co_await transaction.content.next();
  for (bool last = false; !last;) {
    if (!piece.ok()) co_return piece.error();
    const std::string bytes = std::move(*piece);
    if (!bytes.empty()) piece = co_await transaction.content.next();
    if (!piece.ok()) co_return piece.error();
    last = bytes.empty() || piece->empty();
    const Result<void> sent = co_await write_chunk(bytes, last);
    if (!sent.ok()) co_return sent.error();
    if (last) break;
    Result<SmtpReply> heard = co_await reply(options_.timeouts.data_block);
    if (!heard.ok()) co_return heard.error();
    if (heard->positive()) continue;
    transaction.settle(verdict_of(*heard));
    co_return Result<void>();
  }
  co_return co_await conclude(transaction);
}

Awaitable<Result<void>> SmtpClient::write_chunk(std::string_view bytes, bool last) {
  stream_.out() += fmt::format("BDAT {}{}\r\n", bytes.size(), last ? " LAST" : "");
  do {
    stream_.out() += bytes.substr(0, kFlushAt);
    bytes.remove_prefix(std::min(bytes.size(), kFlushAt));
    const Result<void> sent = co_await flush_data();
    if (!sent.ok()) co_return sent.error();
  } while (!bytes.empty());
  co_return Result<void>();
}

// The end of the data was said: one reply for all, or in LMTP one for each accepted recipient (RFC 2033 section 4.2).
Awaitable<Result<void>> SmtpClient::conclude(Transaction& transaction) {
  stream_.deadline().unlimit(Span::session);
  for (const std::size_t recipient : transaction.accepted) {
    Result<SmtpReply> heard = co_await reply(options_.timeouts.data_end);
    if (!heard.ok()) co_return heard.error();
    if (options_.protocol == SmtpProtocol::smtp) {
      transaction.settle(verdict_of(*heard));
      break;
    }
    transaction.verdicts[recipient] = verdict_of(*heard);
  }
  reset_first_ = false;
  stream_.relax();
  co_return Result<void>();
}

Awaitable<void> SmtpClient::quit() {
  usable_ = false;
  const Result<SmtpReply> goodbye = co_await ask("QUIT\r\n", options_.timeouts.goodbye);
  (void)goodbye;  // whatever is said to it, the connection ends
}

}  // namespace telepost::adapters::net
