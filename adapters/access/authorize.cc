// OAuth's authorization endpoint (RFC 6749 section 3.1): a page that asks the person, and what follows from the answer.
#include "adapters/access/oauth_reply_codec.h"
#include "adapters/access/pages.h"
#include "adapters/access/service.h"
#include "adapters/net/on_worker.h"
#include "adapters/net/own_url.h"
#include "base/hmac.h"
#include "base/log.h"
#include "base/sha256.h"

namespace telepost::adapters::access {
namespace {

constexpr std::string_view kAuthorize = "/oauth/authorize?";
constexpr std::string_view kAgain = "&again=1";

net::HttpReply go_to(std::string address) {
  net::HttpReply reply{.status = 303, .content_type = ""};  // never 307, which would take a form along (RFC 9700 section 4.12)
  reply.fields = {{"Location", std::move(address)}, {"Cache-Control", "no-store"}, {"Referrer-Policy", "no-referrer"}};
  return reply;
}

net::HttpReply error_page(unsigned status, std::string_view text) { return to_reply({status, "Not possible", sentence("This does not work", text)}); }

std::string address_of(const AuthorizationRequest& request) { return std::string(kAuthorize) + to_query(request); }

const std::string& name_of_client(const Service& service, const AuthorizationRequest& request) {
  return schema::find_client(service.clients, request.client)->name;
}

net::HttpReply sign_in_page(const Service& service, const AuthorizationRequest& request, unsigned status, std::string message, std::string name) {
  const SignInPage page{name_of_client(service, request), address_of(request), std::move(message), std::move(name)};
  net::HttpReply reply = to_reply({status, "Sign in", to_html(page), form_target(request.redirect)});
  if (status == 503) reply.fields.push_back({"Retry-After", "5"});
  return reply;
}

// Known to whoever was shown this session's page, and to nobody else: a form that another page made cannot hold it.
std::string proof_of(const Session& session) { return to_hex(sha256("telepost consent\n" + session.text)).substr(0, 32); }

net::HttpReply refuse(const Service& service, const net::HttpExchange& exchange, const AuthorizationRefusal& refusal) {
  if (refusal.redirect.empty()) return error_page(400, refusal.error.description + ".");
  return go_to(redirect_with_error(refusal.redirect, refusal.state, refusal.error, issuer_of(service, exchange)));
}

// A browser sends a Strict cookie with nothing that another site began. Our own page begins anew, once.
bool may_have_hidden_cookie(const net::HttpRequest& request) {
  const std::string site = request.field("Sec-Fetch-Site").value_or("");
  return (site == "cross-site" || site == "same-site") && !request.parameter("again");
}

net::HttpReply once_more(const AuthorizationRequest& request) {
  const std::string again = address_of(request) + std::string(kAgain);
  Page page{200, "One moment", "<p><a href=\"" + escaped(again) + "\">Go on</a></p>\n"};
  page.goes_to = again;
  return to_reply(page);
}

net::Awaitable<net::HttpReply> consent_page(const Service& service, const AuthorizationRequest& request, const Session& session) {
  auto work = [&store = service.store, account = session.token.account] { return username_of(store, account); };
  net::Awaitable<Result<std::string>> asking = net::on_worker<std::string>(service.store, std::move(work));
  Result<std::string> username = co_await std::move(asking);
  if (!username.ok()) co_return error_page(503, "Nobody can be checked now. Try again later.");
  const ConsentPage page{name_of_client(service, request), address_of(request), *std::move(username),
                         form_target(request.redirect),    proof_of(session),   request.scopes};
  co_return to_reply({200, "Let in?", to_html(page), form_target(request.redirect)});
}

net::Awaitable<net::HttpReply> take_sign_in(const Service& service, net::HttpExchange& exchange, const AuthorizationRequest& request,
                                            const Parameters& form) {
  Credentials credentials{std::string(parameter(form, "name")), std::string(parameter(form, "password")), std::string(parameter(form, "code"))};
  for (const std::string* const text : {&credentials.name, &credentials.password, &credentials.code}) {
    if (text->size() > kMaxTextBytes) co_return sign_in_page(service, request, 400, "That is too long.", "");
  }
  const std::string name = credentials.name;
  net::Awaitable<Verdict> checking = check(service, exchange, std::move(credentials));
  const Verdict verdict = co_await std::move(checking);
  switch (verdict.kind) {
    case Verdict::Kind::accepted: break;
    case Verdict::Kind::wants_code:
      co_return sign_in_page(service, request, 401, "Type the password once more, and the code of your authenticator.", name);
    case Verdict::Kind::refused: co_return sign_in_page(service, request, 401, "The address, the password or the code is wrong.", name);
    case Verdict::Kind::out_of_turn: co_return sign_in_page(service, request, 429, "Too many sign-ins fail from here. Try again in a minute.", name);
    case Verdict::Kind::stopping:
    case Verdict::Kind::signed_out:
    case Verdict::Kind::failed: co_return sign_in_page(service, request, 503, "Nobody can be checked now. Try again later.", name);
  }
  SignedIn who{*verdict.account, verdict.password};
  net::Awaitable<Result<Begun>> beginning = begin_session(service, exchange, std::move(who));
  const Result<Begun> begun = co_await std::move(beginning);
  if (!begun.ok()) co_return error_page(net::http_status_of(begun.error().kind), "The sign-in could not be kept. Try again later.");
  net::HttpReply reply = go_to(address_of(request));
  reply.fields.push_back({"Set-Cookie", begun->cookie});
  co_return reply;
}

net::Awaitable<net::HttpReply> leave(const Service& service, net::HttpExchange& exchange, const AuthorizationRequest& request,
                                     const Session& session) {
  auto work = [&store = service.store, token = session.token] { return store.tokens().revoke(token.account, token.family); };
  net::Awaitable<Result<void>> ending = net::on_worker<void>(service.store, std::move(work));
  const Result<void> ended = co_await std::move(ending);
  if (!ended.ok() && ended.error().kind != Errc::not_found) co_return error_page(503, "The session could not be ended. Try again later.");
  net::HttpReply reply = go_to(address_of(request));
  reply.fields.push_back({"Set-Cookie", net::no_session_cookie(net::cookie_channel(exchange))});
  co_return reply;
}

net::Awaitable<net::HttpReply> grant(const Service& service, net::HttpExchange& exchange, const AuthorizationRequest& request,
                                     const Session& session) {
  store::NewToken code;
  code.kind = store::TokenKind::code;
  code.client = request.client;
  code.label = name_of_client(service, request);
  code.peer = exchange.peer().network();
  code.scopes = request.scopes;
  code.lifetime = store::kCodeKept;
  code.redirect = request.redirect;
  code.challenge = request.challenge;
  code.while_family = session.token.family;
  auto work = [&store = service.store, account = session.token.account, code] { return store.tokens().issue(account, code); };
  net::Awaitable<Result<store::Tokens::Issued>> issuing = net::on_worker<store::Tokens::Issued>(service.store, std::move(work));
  const Result<store::Tokens::Issued> issued = co_await std::move(issuing);
  const std::string issuer = issuer_of(service, exchange);
  if (!issued.ok() && issued.error().kind == Errc::denied) co_return go_to(address_of(request));  // the session ended meanwhile
  if (!issued.ok()) {
    log::error("oauth_code_not_given", {{"client", request.client}, {"reason", to_string(issued.error())}});
    co_return go_to(redirect_with_error(request.redirect, request.state, {"temporarily_unavailable"}, issuer));
  }
  log::info("oauth_granted",
            {{"account", schema::to_string(session.token.account)}, {"client", request.client}, {"scopes", scope_text(request.scopes)}});
  co_return go_to(redirect_with_code(request, issued->text, issuer));
}

net::Awaitable<net::HttpReply> take_answer(const Service& service, net::HttpExchange& exchange, const AuthorizationRequest& request,
                                           const Parameters& form) {
  const Result<std::optional<Session>> session = co_await find_session(service, exchange);
  if (!session.ok()) co_return error_page(503, "Nobody can be checked now. Try again later.");
  if (!*session) co_return go_to(address_of(request));  // it ended meanwhile
  if (!equal_in_constant_time(parameter(form, "proof"), proof_of(**session)))
    co_return error_page(403, "This answer was not given on our page. Go back and try again.");
  const std::string_view act = parameter(form, "act");
  if (act == "deny") co_return go_to(redirect_with_error(request.redirect, request.state, {"access_denied"}, issuer_of(service, exchange)));
  if (act != "allow" && act != "sign-out") co_return error_page(400, "The form says nothing that could be done.");
  net::Awaitable<net::HttpReply> doing = act == "allow" ? grant(service, exchange, request, **session) : leave(service, exchange, request, **session);
  net::HttpReply reply = co_await std::move(doing);
  co_return reply;
}

}  // namespace

Answered show_consent(const Service& service, net::HttpExchange& exchange) {
  if (!net::may_take_passwords(exchange)) co_return error_page(403, "This page is there in TLS alone.");
  const auto asked = read_authorization(exchange.request().query, service.clients);
  if (const auto* const refusal = std::get_if<AuthorizationRefusal>(&asked)) co_return refuse(service, exchange, *refusal);
  const auto& request = std::get<AuthorizationRequest>(asked);
  const Result<std::optional<Session>> session = co_await find_session(service, exchange);
  if (!session.ok()) co_return error_page(503, "Nobody can be checked now. Try again later.");
  if (*session) {
    net::HttpReply page = co_await consent_page(service, request, **session);
    co_return page;
  }
  if (may_have_hidden_cookie(exchange.request())) co_return once_more(request);
  co_return sign_in_page(service, request, 200, "", "");
}

Answered take_consent(const Service& service, net::HttpExchange& exchange) {
  if (refusal_of_page(service, exchange)) co_return error_page(403, "Only this server's own pages may do this.");
  const auto asked = read_authorization(exchange.request().query, service.clients);
  if (const auto* const refusal = std::get_if<AuthorizationRefusal>(&asked)) co_return refuse(service, exchange, *refusal);
  const auto& request = std::get<AuthorizationRequest>(asked);
  const Result<std::string> body = co_await exchange.read_body(kMaxBodyBytes);
  if (!body.ok()) co_return net::problem(body.error());
  const Result<Parameters> form = form_from(*body);
  if (!form.ok()) co_return error_page(400, "The form could not be read.");
  const bool signs_in = parameter(*form, "act") == "sign-in";
  net::Awaitable<net::HttpReply> taking = signs_in ? take_sign_in(service, exchange, request, *form) : take_answer(service, exchange, request, *form);
  net::HttpReply reply = co_await std::move(taking);
  co_return reply;
}

}  // namespace telepost::adapters::access
