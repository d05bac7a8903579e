#include "adapters/net/sasl_codec.h"

#include <array>

#include "base/bytes.h"
#include "base/hmac.h"

namespace telepost::adapters::net {
namespace {

constexpr std::size_t kMaxName = 1024;
constexpr std::size_t kMaxPassword = 1024;

constexpr std::array<SaslMechanism, 4> kMechanisms{SaslMechanism::plain, SaslMechanism::login, SaslMechanism::scram_sha_256,
                                                   SaslMechanism::scram_sha_256_plus};

bool is_text(std::string_view text, std::size_t most) {
  return !text.empty() && text.size() <= most && is_valid_utf8(text) && text.find('\0') == std::string_view::npos;
}

ScramServer::Plus plus_of(SaslMechanism mechanism, const SaslChannel& channel) {
  if (mechanism == SaslMechanism::scram_sha_256_plus) return ScramServer::Plus::chosen;
  return channel.offers_plus ? ScramServer::Plus::offered : ScramServer::Plus::not_offered;
}

}  // namespace

std::string_view name_of(SaslMechanism mechanism) {
  switch (mechanism) {
    case SaslMechanism::plain: return "PLAIN";
    case SaslMechanism::login: return "LOGIN";
    case SaslMechanism::scram_sha_256: return "SCRAM-SHA-256";
    case SaslMechanism::scram_sha_256_plus: return "SCRAM-SHA-256-PLUS";
  }
  return "";
}

std::optional<SaslMechanism> sasl_mechanism_from(std::string_view name) {
  for (const SaslMechanism mechanism : kMechanisms) {
    if (name_of(mechanism) == name) return mechanism;
  }
  return {};
}

SaslExchange::SaslExchange(SaslMechanism mechanism, SaslChannel channel, std::string nonce)
    : mechanism_(mechanism), channel_(std::move(channel)), nonce_(std::move(nonce)), scram_(plus_of(mechanism, channel_)) {}

SaslStep SaslExchange::fail(Errc failure) {
  phase_ = Phase::over;
  return {SaslStep::Kind::failed, "", failure};
}

SaslStep SaslExchange::look_up() {
  phase_ = Phase::credentials;
  return {SaslStep::Kind::look_up, "", Errc::denied};
}

SaslStep SaslExchange::begin(const std::optional<std::string>& initial) {
  if (initial) return respond(*initial);
  return {SaslStep::Kind::challenge, mechanism_ == SaslMechanism::login ? "Username:" : "", Errc::denied};
}

SaslStep SaslExchange::respond(std::string_view message) {
  switch (phase_) {
    case Phase::first:
      if (mechanism_ == SaslMechanism::plain) return take_plain(message);
      if (mechanism_ != SaslMechanism::login) return take_scram_first(message);
      [[fallthrough]];
    case Phase::login_name:
      if (!is_text(message, kMaxName)) return fail(Errc::invalid);
      name_ = message;
      phase_ = Phase::login_password;
      return {SaslStep::Kind::challenge, "Password:", Errc::denied};
    case Phase::login_password:
      if (!is_text(message, kMaxPassword)) return fail(Errc::invalid);
      password_ = message;
      return look_up();
    case Phase::scram_final: return take_scram_final(message);
    case Phase::scram_end:
      if (!message.empty()) return fail(Errc::invalid);
      phase_ = Phase::over;
      return {SaslStep::Kind::proved, "", Errc::denied};
    case Phase::credentials:
    case Phase::over: break;
  }
  return fail(Errc::invalid);
}

// RFC 4616 section 2: [authzid] NUL authcid NUL passwd.
SaslStep SaslExchange::take_plain(std::string_view message) {
  const std::size_t first = message.find('\0');
  const std::size_t second = first == std::string_view::npos ? first : message.find('\0', first + 1);
  if (second == std::string_view::npos) return fail(Errc::invalid);
  const std::string_view authorization = message.substr(0, first);
  const std::string_view name = message.substr(first + 1, second - first - 1);
  const std::string_view password = message.substr(second + 1);
  if (!is_text(name, kMaxName) || !is_text(password, kMaxPassword)) return fail(Errc::invalid);
  if (!authorization.empty() && authorization != name) return fail(Errc::unsupported);
  name_ = name;
  password_ = password;
  return look_up();
}

SaslStep SaslExchange::take_scram_first(std::string_view message) {
  const Result<void> taken = scram_.take_first(message);
  if (!taken.ok()) return fail(taken.error().kind);
  if (!scram_.authorization().empty() && scram_.authorization() != scram_.name()) return fail(Errc::unsupported);
  if (mechanism_ == SaslMechanism::scram_sha_256_plus && !binding()) return fail(Errc::unsupported);
  name_ = scram_.name();
  return look_up();
}

std::optional<std::string> SaslExchange::binding() const {
  if (scram_.binding_type() == "tls-exporter") return channel_.exporter;
  if (scram_.binding_type() == "tls-unique") return channel_.unique;
  if (scram_.binding_type() == "tls-server-end-point") return channel_.server_end_point;
  return {};
}

SaslStep SaslExchange::resume(ScramCredentials credentials) {
  if (phase_ != Phase::credentials) return fail(Errc::invalid);
  credentials_ = std::move(credentials);
  if (mechanism_ == SaslMechanism::plain || mechanism_ == SaslMechanism::login) return check_password();
  phase_ = Phase::scram_final;
  return {SaslStep::Kind::challenge, scram_.first(credentials_, nonce_), Errc::denied};
}

// One derivation, whoever it is and however many app passwords there are.
SaslStep SaslExchange::check_password() {
  phase_ = Phase::over;
  const ScramKeys given = scram_keys(password_, credentials_.salt, credentials_.iterations);
  bool matches = false;
  for (std::size_t i = 0; i < credentials_.keys.size(); ++i) {
    if (!equal_in_constant_time(given.stored_key.view(), credentials_.keys[i].stored_key.view())) continue;
    matches = true;
    proved_ = i;
  }
  password_.clear();
  return matches ? SaslStep{SaslStep::Kind::proved, "", Errc::denied} : fail(Errc::denied);
}

SaslStep SaslExchange::take_scram_final(std::string_view message) {
  const Result<std::size_t> proved = scram_.take_final(message, credentials_, binding());
  if (!proved.ok()) return fail(proved.error().kind);
  proved_ = *proved;
  phase_ = Phase::scram_end;
  return {SaslStep::Kind::challenge, scram_.final(credentials_.keys[proved_]), Errc::denied};
}

}  // namespace telepost::adapters::net
