// AUTH (RFC 4954) as a client: SCRAM-SHA-256 (RFC 5802, 7677), which shows the password to nobody, else PLAIN (RFC 4616).
#include "adapters/net/smtp_client.h"

#include <algorithm>

#include "adapters/net/scram_client_codec.h"
#include "base/bytes.h"
#include "base/random.h"

namespace telepost::adapters::net {

Awaitable<Result<void>> SmtpClient::authenticate(std::string user, std::string password) {
  const auto offers = [this](std::string_view mechanism) {
    return std::find(offered_.mechanisms.begin(), offered_.mechanisms.end(), mechanism) != offered_.mechanisms.end();
  };
  Result<void> done;
  usable_ = false;
  if (offers("SCRAM-SHA-256")) done = co_await scram(user, password);
  else if (offers("PLAIN")) done = co_await plain(user, password);
  else done = Error{Errc::unsupported, "the server offers neither AUTH SCRAM-SHA-256 nor PLAIN"};
  usable_ = done.ok();
  if (!done.ok() && done.error().kind == Errc::refused) co_return Error{Errc::denied, done.error().detail};
  co_return done;
}

Awaitable<Result<void>> SmtpClient::plain(const std::string& user, const std::string& password) {
  std::string line = "AUTH PLAIN " + to_base64(std::string(1, '\0') + user + std::string(1, '\0') + password) + "\r\n";
  Result<SmtpReply> heard = co_await ask(line, options_.timeouts.command);
  if (!heard.ok()) co_return heard.error();
  if (!heard->positive()) co_return refused(std::move(*heard));
  co_return Result<void>();
}

Awaitable<Result<void>> SmtpClient::scram(const std::string& user, const std::string& password) {
  SystemRandom random;
  ScramClient scram(user, password, random.bytes(18));
  std::string line = "AUTH SCRAM-SHA-256 " + to_base64(scram.first()) + "\r\n";
  Result<SmtpReply> heard = co_await ask(line, options_.timeouts.command);
  if (!heard.ok()) co_return heard.error();
  if (!heard->intermediate()) co_return refused(std::move(*heard));
  const Result<std::string> challenge = from_base64(heard->lines.back());
  if (!challenge.ok()) co_return challenge.error();
  const Result<std::string> proof = scram.answer(*challenge);
  if (!proof.ok()) co_return proof.error();
  line = to_base64(*proof) + "\r\n";
  heard = co_await ask(line, options_.timeouts.command);
  if (!heard.ok()) co_return heard.error();
  if (!heard->intermediate()) co_return refused(std::move(*heard));
  const Result<std::string> signature = from_base64(heard->lines.back());
  if (!signature.ok()) co_return signature.error();
  const Result<void> believed = scram.check(*signature);
  if (!believed.ok()) co_return believed.error();
  heard = co_await ask("\r\n", options_.timeouts.command);
  if (!heard.ok()) co_return heard.error();
  if (!heard->positive()) co_return refused(std::move(*heard));
  co_return Result<void>();
}

}  // namespace telepost::adapters::net
