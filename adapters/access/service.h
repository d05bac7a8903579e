// What the routes share, and what each of them is.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "adapters/access/sign_in_codec.h"
#include "adapters/net/http_exchange.h"
#include "adapters/net/login_delays.h"
#include "base/clock.h"
#include "schema/oauth_clients.h"
#include "store/sign_in.h"
#include "store/store.h"
#include "store/tokens.h"

namespace telepost::adapters::access {

// Constant once it is made. Any thread.
struct Service {
  store::Store& store;
  const Clock& clock;
  const std::string url;
  const std::shared_ptr<net::LoginDelays> delays;
  const schema::OauthClients clients;
};

using Answered = net::Awaitable<std::optional<net::HttpReply>>;
// Both outlive the coroutine.
using Route = Answered(const Service& service, net::HttpExchange& exchange);

Route sign_in, sign_out;                                                                     // sign_in.cc
Route show_sessions, revoke_session;                                                         // sessions.cc
Route change_password;                                                                       // password.cc
Route show_second_factor, enrol_second_factor, confirm_second_factor, remove_second_factor;  // second_factor.cc
Route show_metadata, give_token, revoke_token;                                               // token.cc
Route show_consent, take_consent;                                                            // authorize.cc

std::string issuer_of(const Service& service, const net::HttpExchange& exchange);

// ---- The session that a browser's cookie names (session.cc).

struct Session {
  store::Token token;
  std::string text;  // the cookie's value
};
// None: no cookie, or one that is none any more. Whose page asks is not looked at.
net::Awaitable<Result<std::optional<Session>>> find_session(const Service& service, net::HttpExchange& exchange);

struct Admitted {
  std::optional<Session> session;
  net::HttpReply refusal{};  // where there is none: 401, 403 (another origin's page; no TLS), 503
};
// Asked last, with all of the body there: a session that ended while that was awaited is none.
net::Awaitable<Admitted> admit(const Service& service, net::HttpExchange& exchange);
// What a request must be that has no session yet, and brings a password: of our own page, in TLS. Nothing: it is.
std::optional<net::HttpReply> refusal_of_page(const Service& service, const net::HttpExchange& exchange);

struct Begun {
  store::Token token;
  std::string cookie;  // Set-Cookie
};
// Of whoever has signed in: begins while the account has that password (its hash; none: whatever it is), else denied. The session that
// the request names ends, whoever's it is: no session is older than its sign-in.
struct SignedIn {
  schema::AccountId account;
  std::optional<std::string> while_password{};
};
net::Awaitable<Result<Begun>> begin_session(const Service& service, net::HttpExchange& exchange, SignedIn who);

// ---- What a page sends (session.cc).

struct Sent {
  std::optional<Fields> fields;
  net::HttpReply refusal{};  // where there are none
};
// JSON of these members.
net::Awaitable<Sent> read_fields(net::HttpExchange& exchange, FieldNames names);

struct SentBySession {
  std::optional<Session> session{};
  Fields fields{};
  net::HttpReply refusal{};  // where there is no session
};
// The same of somebody who is signed in once all of it has come: a session that was ended meanwhile does nothing more.
net::Awaitable<SentBySession> read_fields_of_session(const Service& service, net::HttpExchange& exchange, FieldNames names);

// ---- Passwords (credentials.cc).

struct Credentials {
  std::string name, password, code;
};
struct Verdict {
  enum class Kind : unsigned char { accepted, wants_code, refused, out_of_turn, stopping, signed_out, failed } kind = Kind::refused;
  std::optional<schema::AccountId> account{};  // where it is accepted
  std::string password{};                      // its hash, as it was checked then
};
// Waits its turn, as guessing does, and checks. What was given is never told to a log.
net::Awaitable<Verdict> check(const Service& service, net::HttpExchange& exchange, Credentials credentials);
// What anything but accepted is answered with.
net::HttpReply refusal_of(const Verdict& verdict);
// Of the session's own account, under its first address. signed_out: the session ended while that waited its turn.
net::Awaitable<Verdict> check_own(const Service& service, net::HttpExchange& exchange, const Session& session, std::string password,
                                  std::string code);

// "ann@example.test": the account's first address. not_found.
Result<std::string> username_of(store::Store& store, schema::AccountId account);

}  // namespace telepost::adapters::access
