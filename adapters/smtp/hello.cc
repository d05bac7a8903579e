// The greeting, EHLO HELO LHLO and what is offered; STARTTLS, AUTH and XCLIENT, which change who is talked to.
#include <algorithm>

#include "adapters/net/sasl_codec.h"
#include "adapters/smtp/commands.h"
#include "adapters/smtp/xclient_codec.h"
#include "base/log.h"

namespace telepost::adapters::smtp {

void Commands::greet() {
  const bool lmtp = context_.listener.mode == Mode::lmtp;
  say(220, "", context_.listener.hostname + (lmtp ? " LMTP Telepost" : " ESMTP Telepost"));
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
  // Some fronts pass on every byte from here on: who stands behind one may neither name another client nor be spared the tarpit.
  if (client_.is_introduced) client_.is_front = false;
  if (hello.kind == Hello::Kind::helo) say(250, "", context_.listener.hostname);
  else offer_extensions();
  return Next::flush;
}

void Commands::offer_extensions() {
  const auto offer = [this](std::string_view extension) { out_.append("250-").append(extension).append("\r\n"); };
  offer(context_.listener.hostname);
  offer("PIPELINING");
  offer("SIZE " + std::to_string(context_.listener.max_message_bytes));
  offer("8BITMIME");
  offer("CHUNKING");
  offer("BINARYMIME");
  offer("SMTPUTF8");
  offer("ENHANCEDSTATUSCODES");
  offer("DSN");
  if (offers_tls()) offer("STARTTLS");
  if (client_.tls) offer("REQUIRETLS");  // RFC 8689 section 2: after TLS alone
  if (offers_login()) offer(offers_binding() ? "AUTH SCRAM-SHA-256-PLUS SCRAM-SHA-256 PLAIN LOGIN" : "AUTH SCRAM-SHA-256 PLAIN LOGIN");
  if (client_.is_front) offer("XCLIENT " + std::string(kXclientAttributes));
  out_ += "250 HELP\r\n";
}

bool Commands::offers_tls() const { return context_.identities != nullptr && !client_.tls && !client_.peer.uid; }

Next Commands::on(const StartTls&) {
  if (offers_tls()) return Next::start_tls;
  complain(client_.tls ? Reply{503, "5.5.1", "TLS is there already"} : Reply{502, "5.5.1", "STARTTLS is not offered here"});
  return Next::flush;
}

void Commands::forget() {
  hello_.reset();
  transaction_.reset();
  client_.login.reset();
}

bool Commands::offers_login() const { return wants_login() && !client_.login && (client_.tls || context_.listener.login_without_tls); }

std::optional<Reply> Commands::refusal_of(const Auth& auth) const {
  if (!wants_login()) return Reply{502, "5.5.1", "AUTH is not offered here"};
  if (!hello_) return Reply{503, "5.5.1", "Say EHLO first"};
  if (client_.login || transaction_) return Reply{503, "5.5.1", "Too late for AUTH"};  // RFC 4954 section 4
  if (!offers_login()) return Reply{538, "5.7.11", "Logging in wants TLS"};
  const bool is_plus = auth.mechanism == "SCRAM-SHA-256-PLUS";
  if (!net::sasl_mechanism_from(auth.mechanism) || (is_plus && !offers_binding())) return Reply{504, "5.5.4", "That mechanism is not offered"};
  return {};
}

Next Commands::on(const Auth& auth) {
  const std::optional<Reply> refusal = refusal_of(auth);
  if (!refusal) return Next::log_in;
  complain(*refusal);
  return Next::flush;
}

void Commands::logged_in(Login login) {
  log::info("logged_in", {{"listener", context_.listener.name}, {"peer", client_.peer.network()}, {"account", to_string(login.account)},
                          {"name", login.name}, {"device", login.device}});
  client_.login = std::move(login);
  say(235, "2.7.0", "Logged in");
}

// Postfix's XCLIENT_README: the session begins anew, with a greeting. A front may need several lines for all that it knows. But the
// address is said once: some fronts pass on every byte behind their own XCLIENT, before any hello.
Next Commands::on(const Xclient& xclient) {
  if (!client_.is_front || transaction_) {
    complain(client_.is_front ? Reply{503, "5.5.1", "A transaction is open"} : Reply{550, "5.7.0", "XCLIENT is not for you"});
    return Next::flush;
  }
  using Name = Xclient::Attribute::Name;
  const bool names_client = std::any_of(xclient.attributes.begin(), xclient.attributes.end(), [](const Xclient::Attribute& attribute) {
    return attribute.name == Name::address || attribute.name == Name::name;
  });
  if (client_.is_address_told && names_client) {
    complain({503, "5.5.1", "It is known who stands behind you"});
    return Next::flush;
  }
  for (const Xclient::Attribute& attribute : xclient.attributes) apply(attribute);
  client_.is_introduced = true;
  log::info("xclient", {{"listener", context_.listener.name}, {"peer", client_.peer.network()}, {"name", client_.name}});
  hello_.reset();
  greet();
  return Next::flush;
}

void Commands::apply(const Xclient::Attribute& attribute) {
  using Name = Xclient::Attribute::Name;
  switch (attribute.name) {
    case Name::name: client_.name = attribute.value.value_or(""); break;
    case Name::hello: client_.hello = attribute.value.value_or(""); break;
    case Name::address:
      // It is not local here, whatever it is there.
      if (attribute.value) client_.peer = net::peer_behind(client_.peer, *attribute.value).value_or(client_.peer);
      client_.is_address_told = true;
      break;
    // Nothing here depends on them; whoever logged in at the front has not logged in here.
    case Name::port:
    case Name::protocol:
    case Name::login:
    case Name::destination:
    case Name::destination_port: break;
  }
}

}  // namespace telepost::adapters::smtp
