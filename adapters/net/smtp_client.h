// Hands messages to an SMTP or LMTP server (RFC 5321, 2033) over a LineStream: one connection, any number of messages, one
// verdict for each recipient. What may be said in one breath is (RFC 2920); what the peer does not offer is not said.
//
// On the stream's loop. Every wait has the deadline of RFC 5321 section 4.5.3.2 for its command as a whole, so a peer that
// drips single bytes gains nothing; and so has a message up to its last byte, so a peer that is slow with each reply of many holds
// a connection no longer than one that is slow once. After an error of any verb the connection is done with: close it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "adapters/net/line_stream.h"
#include "adapters/net/smtp_command_codec.h"

namespace telepost::adapters::net {

enum class SmtpProtocol : unsigned char { smtp, lmtp };

// RFC 5321 section 4.5.3.2.
struct SmtpTimeouts {
  Duration greeting = std::chrono::minutes(5);    // 4.5.3.2.1, also EHLO
  Duration command = std::chrono::minutes(5);     // 4.5.3.2.2 and .3: MAIL, RCPT
  Duration data_start = std::chrono::minutes(2);  // 4.5.3.2.4
  Duration data_block = std::chrono::minutes(3);  // 4.5.3.2.5
  Duration data_end = std::chrono::minutes(10);   // 4.5.3.2.6
  Duration handshake = std::chrono::minutes(1);   // of TLS
  Duration goodbye = std::chrono::seconds(5);     // QUIT: courtesy
  // From MAIL to the end of the data, as long as each of them may be; and a second for each recipient and each 32 KiB. The reply to
  // the end has its own 10 minutes then: who gives up on it too early sends twice.
  Duration transaction = std::chrono::minutes(10);
};

// A message's bytes, in order; ends with an empty piece. An error breaks the transaction off before its end.
class SmtpContent {
 public:
  virtual ~SmtpContent() = default;
  virtual Awaitable<Result<std::string>> next() = 0;  // up to about 1 MiB a piece
};

struct SmtpOutcome {
  std::vector<SmtpVerdict> to;  // for each of the envelope's
  bool unanswered = false;      // the connection ended before a word was said to MAIL: a kept one that the peer had closed
  bool reports = false;         // the peer offers DSN and was told what is asked for: reports of success are its affair
};

class SmtpClient {
 public:
  struct Options {
    SmtpProtocol protocol = SmtpProtocol::smtp;
    std::string hello;  // what we call ourselves
    SmtpTimeouts timeouts = {};
  };
  // The stream is connected and outlives it.
  SmtpClient(LineStream& stream, Options options) : stream_(stream), options_(std::move(options)) {}

  // Errors: refused (a 5xx), busy (a 4xx), invalid (no SMTP), unavailable, timeout, cancelled.
  // Waits for the greeting, and says EHLO (else HELO) or LHLO.
  Awaitable<Result<void>> greet();
  // STARTTLS, the handshake, and EHLO again; what was offered before is forgotten (RFC 3207 section 4.2). Anything that came in
  // plain text behind the reply to STARTTLS is an injection: invalid. denied: the certificate is not what was expected;
  // unsupported: not offered.
  Awaitable<Result<void>> start_tls(const TlsAuthorities& authorities, TlsExpectation expectation);
  // SCRAM-SHA-256 (RFC 7677) or PLAIN (RFC 4616). unsupported: neither is offered; denied: refused by the peer, or the peer does
  // not know the password itself (SCRAM).
  Awaitable<Result<void>> authenticate(std::string user, std::string password);

  // Precondition: greet() succeeded, `transport` is not rewrite, refusal_of() found nothing. Never fails: what the connection
  // did is in each verdict. Content is read only when a recipient was accepted.
  Awaitable<SmtpOutcome> send(const SmtpEnvelope& envelope, SmtpTransport transport, SmtpContent& content);
  Awaitable<void> quit();

  const SmtpExtensions& offered() const { return offered_; }
  bool is_usable() const { return usable_; }  // for another message
  bool is_secure() const { return stream_.tls() != nullptr; }
  // The last reply that made a verb fail; code 0: there was none.
  const SmtpReply& refusal() const { return refusal_; }

 private:
  struct Transaction;
  enum class Said : unsigned char { reset, mail, rcpt, data };
  Awaitable<Result<SmtpReply>> reply(Duration timeout);
  Awaitable<Result<SmtpReply>> ask(std::string_view line, Duration timeout);  // the line outlives the wait
  Awaitable<Result<void>> say_hello();
  Error refused(SmtpReply reply);
  Awaitable<Result<void>> plain(const std::string& user, const std::string& password);
  Awaitable<Result<void>> scram(const std::string& user, const std::string& password);
  Awaitable<Result<void>> transact(Transaction& transaction);
  Duration time_for(const SmtpEnvelope& envelope) const;
  Awaitable<Result<void>> open(Transaction& transaction);
  Awaitable<Result<void>> hear(Transaction& transaction, Said what, std::size_t recipient);
  Awaitable<Result<void>> write_text(Transaction& transaction);
  Awaitable<Result<void>> write_chunks(Transaction& transaction);
  Awaitable<Result<void>> write_chunk(std::string_view bytes, bool last);
  Awaitable<Result<void>> flush_data();
  Awaitable<Result<void>> conclude(Transaction& transaction);

  LineStream& stream_;
  const Options options_;
  SmtpExtensions offered_;
  SmtpReply refusal_;
  bool usable_ = false;
  bool reset_first_ = false;  // the last transaction may still be open
};

}  // namespace telepost::adapters::net
