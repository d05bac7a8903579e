#include "adapters/smtp/login.h"

#include <algorithm>

#include "adapters/net/line_codec.h"
#include "adapters/net/login_turn.h"
#include "adapters/net/on_worker.h"
#include "adapters/net/sasl_codec.h"
#include "adapters/net/visit.h"
#include "base/bytes.h"
#include "base/log.h"
#include "base/metrics.h"
#include "store/accounts.h"
#include "store/app_passwords.h"

namespace telepost::adapters::smtp {
namespace {

using net::SaslStep;

metrics::Counter& logins() {
  static metrics::Counter counter("telepost_smtp_logins_total", "AUTH on submission listeners", {"mechanism", "result"});
  return counter;
}

Reply refusal_of(Errc failure) {
  if (failure == Errc::invalid) return {501, "5.5.2", "That is not what the mechanism says"};
  if (failure == Errc::unsupported) return {535, "5.7.8", "Log in as yourself, by a mechanism as it is offered"};
  if (failure == Errc::denied) return {535, "5.7.8", "Wrong name or app password"};
  return {454, "4.7.0", "Nobody can be checked now; try again later"};
}

net::SaslChannel channel_of(const net::LineStream& stream) {
  if (stream.tls() == nullptr) return {};
  using Binding = net::TlsChannel::Binding;
  const net::TlsChannel& tls = *stream.tls();
  return {true, tls.binding(Binding::exporter), tls.binding(Binding::unique), tls.binding(Binding::server_end_point)};
}

// What resuming an exchange gave, and who is behind the keys.
struct LookedUp {
  store::LoginKeys keys;
  std::vector<std::string> addresses;
  SaslStep step;
};

Result<LookedUp> look_up(store::Store& store, net::SaslExchange& exchange) {
  LookedUp found;
  TELEPOST_ASSIGN(found.keys, store.app_passwords().keys_of(exchange.name()));
  if (found.keys.account) {
    TELEPOST_ASSIGN(const store::Account account, store.accounts().show(*found.keys.account));
    found.addresses = account.profile.addresses;
  }
  found.step = exchange.resume({found.keys.salt, found.keys.iterations, found.keys.keys});
  return found;
}

class LogIn {
 public:
  LogIn(const Context& context, const Client& client, net::LineStream& stream, const Auth& auth)
      : context_(context), client_(client), stream_(stream), mechanism_(*net::sasl_mechanism_from(auth.mechanism)),
        exchange_(mechanism_, channel_of(stream), to_base64(context.random.bytes(18))) {}

  net::Awaitable<LoginOutcome> run(std::optional<std::string> response) {
    std::optional<std::string> initial;
    if (response) {
      Result<std::string> decoded = from_base64(*response == "=" ? std::string_view() : std::string_view(*response));
      if (!decoded.ok()) co_return LoginOutcome{{}, refusal_of(Errc::invalid)};
      initial = std::move(*decoded);
    }
    SaslStep step = exchange_.begin(initial);
    for (;;) {
      switch (step.kind) {
        case SaslStep::Kind::challenge: {
          LoginOutcome broken = co_await exchange_lines(step.text);
          if (!line_) co_return broken;
          step = exchange_.respond(*line_);
          break;
        }
        case SaslStep::Kind::look_up: {
          LoginOutcome refused = co_await check(step);
          if (refused.refusal.code != 0) co_return refused;
          break;
        }
        case SaslStep::Kind::proved: co_return succeed();
        case SaslStep::Kind::failed: co_return fail(step.failure);
      }
    }
  }

  // For the log of visits.
  void tell(const LoginOutcome& outcome) const {
    if (stream_.visit() == nullptr) return;
    stream_.visit()->log_in(client_.peer, {.method = std::string(name_of(mechanism_)), .account = found_.keys.account, .name = exchange_.name(),
                                           .refused = outcome.login ? std::string() : outcome.refusal.text});
  }

 private:
  // Sends the challenge and reads what answers it into line_; without one the outcome says why.
  net::Awaitable<LoginOutcome> exchange_lines(std::string challenge) {
    line_.reset();
    stream_.out() += "334 " + to_base64(challenge) + "\r\n";
    Result<void> done = co_await stream_.flush(context_.listener.command_timeout);
    for (net::LineScan scan; done.ok();) {
      scan = net::scan_line(stream_.buffered(), kMaxAuthLine);
      if (scan.status == net::LineScan::Status::complete) co_return take_line(scan.size_bytes);
      if (scan.status != net::LineScan::Status::incomplete) co_return LoginOutcome{{}, {500, "5.5.6", "That line is none"}, true};
      done = co_await stream_.fill(context_.listener.command_timeout);
    }
    co_return LoginOutcome{{}, {421, "4.4.2", "Nothing was said for too long"}, true};
  }

  LoginOutcome take_line(std::size_t size_bytes) {
    const std::string_view line = stream_.buffered().substr(0, size_bytes - 2);
    LoginOutcome outcome;
    Result<std::string> decoded = from_base64(line);
    if (line == "*") outcome.refusal = {501, "5.0.0", "Broken off as you wish"};  // RFC 4954 section 4
    else if (!decoded.ok()) outcome.refusal = refusal_of(Errc::invalid);
    else line_ = std::move(*decoded);
    stream_.consume(size_bytes);
    return outcome;
  }

  // Waits its turn, and checks on a worker. A refusal with a code ends the log-in.
  net::Awaitable<LoginOutcome> check(SaslStep& step) {
    net::Awaitable<net::BegunLogin> beginning =
        net::begin_login(*context_.delays, context_.store, net::LoginSecret::app_password, exchange_.name(), client_.peer);
    net::BegunLogin begun = co_await std::move(beginning);
    if (!begun.ok()) co_return LoginOutcome{{}, unavailable(begun.error())};
    attempt_ = *std::move(begun);
    if (attempt_) co_await net::wait_for_turn(stream_, context_.clock, *attempt_);
    if (!attempt_ || !attempt_->check()) co_return LoginOutcome{{}, out_of_turn()};
    auto look = [&store = context_.store, &exchange = exchange_] { return look_up(store, exchange); };
    net::Awaitable<Result<LookedUp>> looking = net::on_worker<LookedUp>(context_.store, std::move(look));
    Result<LookedUp> found = co_await std::move(looking);
    if (!found.ok()) co_return LoginOutcome{{}, unavailable(found.error())};
    found_ = std::move(*found);
    step = found_.step;
    co_return LoginOutcome{};
  }

  Reply unavailable(const Error& error) const {
    log::error("login_not_checked", {{"listener", context_.listener.name}, {"reason", to_string(error)}});
    return refusal_of(Errc::unavailable);
  }

  // Its wait ended before it was due. Where the server stops, the session's own 421 comes behind this.
  Reply out_of_turn() const {
    if (stream_.is_interrupted()) return {454, "4.3.0", "The server stops; try again"};
    return {454, "4.7.0", "Too many log-ins fail from here; try again later"};
  }

  LoginOutcome succeed() {
    if (!found_.keys.account) return fail(Errc::denied);
    if (!found_.keys.scopes[exchange_.proved()].contains(schema::Scope::send)) return fail(Errc::denied, "an app password without the scope send");
    attempt_->succeeded();
    logins().with({std::string(name_of(mechanism_)), "accepted"}).add();
    return {Login{*found_.keys.account, exchange_.name(), found_.keys.names[exchange_.proved()], found_.addresses}, {}, false};
  }

  // The peer is not told why, whoever it is.
  LoginOutcome fail(Errc failure, std::string_view reason = "wrong") {
    logins().with({std::string(name_of(mechanism_)), "refused"}).add();
    // Not the name as it was typed: where it is nobody's it may be a password.
    log::info("login_refused", {{"listener", context_.listener.name}, {"peer", client_.peer.network()},
                                {"account", found_.keys.account ? to_string(*found_.keys.account) : "unknown"}, {"reason", std::string(reason)}});
    return {{}, refusal_of(failure)};
  }

  const Context& context_;
  const Client& client_;
  net::LineStream& stream_;
  const net::SaslMechanism mechanism_;
  net::SaslExchange exchange_;
  std::unique_ptr<net::LoginDelays::Attempt> attempt_;
  std::optional<std::string> line_;
  LookedUp found_;
};

}  // namespace

net::Awaitable<LoginOutcome> log_in(const Context& context, const Client& client, net::LineStream& stream, Auth auth) {
  LogIn dialogue(context, client, stream, auth);
  LoginOutcome outcome = co_await dialogue.run(std::move(auth.response));
  dialogue.tell(outcome);
  co_return outcome;
}

}  // namespace telepost::adapters::smtp
