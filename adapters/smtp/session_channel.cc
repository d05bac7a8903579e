// STARTTLS and AUTH in a session: what changes the channel, or who is behind it.
#include <utility>

#include "adapters/net/tls.h"
#include "adapters/smtp/login.h"
#include "adapters/smtp/session.h"

namespace telepost::adapters::smtp {

// False: the handshake failed, and the stream carries nothing any more. It has logged why.
net::Awaitable<bool> Session::shake_hands() {
  if (context_->identities == nullptr) co_return false;
  const Result<void> shaken = co_await stream_->start_tls(*context_->identities, net::kTlsHandshakeTimeout);
  if (!shaken.ok()) {
    stream_->out().clear();
    co_return false;
  }
  client_.tls = TlsFacts{std::string(stream_->tls()->version()), std::string(stream_->tls()->cipher())};
  co_return true;
}

net::Awaitable<bool> Session::start_tls() {
  if (!stream_->buffered().empty()) {
    // RFC 3207 section 4: STARTTLS ends a group. What follows it in plain text would be taken for what came through TLS.
    commands_->complain({503, "5.5.1", "Wait for the reply to STARTTLS"});
    commands_->say_goodbye("4.7.0", "Closing after plain text before its time");
    co_return false;
  }
  stream_->out() += "220 2.0.0 Begin\r\n";
  const Result<void> sent = co_await stream_->flush(context_->listener.command_timeout);
  if (!sent.ok()) co_return false;
  const bool shaken = co_await shake_hands();
  if (shaken) commands_->forget();
  co_return shaken;
}

net::Awaitable<bool> Session::log_in(Auth auth) {
  if (!stream_->buffered().empty()) {
    // RFC 4954 section 4: AUTH ends a group (RFC 2920). A response that was sent before its challenge could be a command's text.
    commands_->complain({503, "5.5.1", "Wait for the reply to AUTH"});
    commands_->say_goodbye("4.7.0", "Closing after a response before its time");
    co_return false;
  }
  LoginOutcome outcome = co_await smtp::log_in(*context_, client_, *stream_, std::move(auth));
  if (outcome.login) commands_->logged_in(std::move(*outcome.login));
  else commands_->complain(outcome.refusal);
  co_return !outcome.broken_off;
}

}  // namespace telepost::adapters::smtp
