#include <algorithm>
#include <utility>

#include "adapters/jmap/event_source.h"
#include "adapters/jmap/service.h"
#include "adapters/jmap/session_object.h"
#include "adapters/jmap/socket.h"
#include "adapters/jmap/transfer.h"
#include "adapters/net/on_worker.h"
#include "base/bytes.h"

namespace telepost::adapters::jmap {
namespace {

net::HttpReply json_reply(std::string text) {
  net::HttpReply reply;
  reply.content_type = "application/json";
  reply.body = std::move(text);
  reply.fields.push_back({"Cache-Control", "no-cache, no-store, must-revalidate"});  // RFC 8620 section 2
  // A stranger's mail stands beside what is secret, and who sees only sizes can ask for the two together (BREACH).
  reply.packing = net::HttpReply::Packing::never;
  return reply;
}

// RFC 8620 section 3.1.
bool is_json(const net::HttpRequest& request) {
  const std::string type = request.field("Content-Type").value_or("");
  return equals_ignoring_case(trim(std::string_view(type).substr(0, type.find(';'))), "application/json");
}

Answered show_session(Service& service, net::HttpExchange& exchange, Login login) {
  co_return json_reply(to_text(session_object(service.context, service.methods, login, url_of(service, exchange))));
}

net::HttpReply run_request(Service& service, const Login& login, const std::string& url, const std::string& text) {
  auto read = read_request(text, service.context.settings.max_calls_in_request);
  if (auto* const error = std::get_if<RequestError>(&read)) return reply_of(*error);
  auto response = run_in_session(service, login, url, std::get<Request>(std::move(read)));
  if (auto* const error = std::get_if<RequestError>(&response)) return reply_of(*error);
  return json_reply(to_text(std::get<Response>(response)));
}

Answered call_methods(Service& service, net::HttpExchange& exchange, Login login) {
  const schema::JmapSettings& limits = service.context.settings;
  const RequestsUnderWay::Ticket ticket = service.under_way.admit(login.account, limits.max_concurrent_requests);
  if (!ticket) co_return reply_of({RequestError::Kind::limit, "as many requests are under way already", "maxConcurrentRequests"});
  if (!is_json(exchange.request())) co_return reply_of({RequestError::Kind::not_json, "the content type is not application/json"});
  Result<std::string> body = co_await exchange.read_body(limits.max_size_request);
  if (!body.ok() && body.error().kind == Errc::too_large) co_return reply_of({RequestError::Kind::limit, "the request is too large", "maxSizeRequest"});
  if (!body.ok()) co_return net::problem(body.error());
  auto work = [&service, login, url = url_of(service, exchange), text = *std::move(body)] { return run_request(service, login, url, text); };
  net::Awaitable<Result<net::HttpReply>> running = net::on_worker<net::HttpReply>(service.context.store, std::move(work));
  Result<net::HttpReply> reply = co_await std::move(running);
  if (!reply.ok()) co_return net::problem(reply.error());
  reply->ticket = ticket;  // a reply that nobody takes holds memory for as long
  co_return *std::move(reply);
}

struct RouteEntry {
  std::string_view method;
  std::vector<std::string_view> segments;  // "*" is any one
  Route* run;
};

const std::vector<RouteEntry>& routes() {
  static const std::vector<RouteEntry> all = {
      {"GET", {".well-known", "jmap"}, show_session},
      {"POST", {"jmap", "api"}, call_methods},
      {"POST", {"jmap", "upload", "*", ""}, upload},
      {"GET", {"jmap", "download", "*", "*", "*"}, download},
      {"GET", {"jmap", "eventsource"}, event_source},
      {"GET", {"jmap", "ws"}, open_socket},
  };
  return all;
}

bool leads(const RouteEntry& route, const std::vector<std::string>& segments) {
  return std::equal(route.segments.begin(), route.segments.end(), segments.begin(), segments.end(),
                    [](std::string_view wanted, const std::string& segment) { return wanted == "*" || wanted == segment; });
}

net::HttpReply preflight(std::string_view methods) {
  net::HttpReply reply{.status = 204, .content_type = ""};
  reply.fields = {{"Access-Control-Allow-Methods", std::string(methods)},
                  {"Access-Control-Allow-Headers", "Authorization, Content-Type, Last-Event-ID"},
                  {"Access-Control-Max-Age", "86400"}};
  return reply;
}

// What a page sends without a script that could set Authorization: a form, say. It needs no leave, and comes with what the browser keeps.
bool is_without_script(const net::HttpRequest& request) {
  const std::optional<std::string> mode = request.field("Sec-Fetch-Mode");
  return mode == "no-cors" || mode == "navigate";
}

}  // namespace

bool has_route(const net::HttpRequest& request) {
  const auto is_it = [&](const RouteEntry& route) { return leads(route, request.segments); };
  return std::any_of(routes().begin(), routes().end(), is_it);
}

Answered answer(Service& service, net::HttpExchange& exchange) {
  const net::HttpRequest& request = exchange.request();
  std::string methods;
  const RouteEntry* found = nullptr;
  for (const RouteEntry& route : routes()) {
    if (!leads(route, request.segments)) continue;
    methods += (methods.empty() ? "" : ", ") + std::string(route.method);
    if (route.method == request.method) found = &route;
  }
  if (methods.empty()) co_return net::problem(404);
  if (request.method == "OPTIONS") co_return preflight(methods);
  if (found == nullptr) {
    net::HttpReply reply = net::problem(405);
    reply.fields.push_back({"Allow", methods});
    co_return reply;
  }
  if (request.method == "POST" && is_without_script(request)) co_return net::problem(403, "only scripts of a page may do this");
  LoginOutcome outcome = co_await log_in(service, exchange);
  if (!outcome.login) co_return std::move(outcome.refusal);
  Answered running = found->run(service, exchange, *std::move(outcome.login));
  std::optional<net::HttpReply> reply = co_await std::move(running);
  co_return reply;
}

RequestsUnderWay::Ticket RequestsUnderWay::admit(schema::AccountId account, std::uint32_t most) {
  const std::lock_guard lock(mutex_);
  std::uint32_t& requests = requests_[account];
  if (requests >= most) return nullptr;
  ++requests;
  return Ticket(this, [account](void* all) {
    auto& self = *static_cast<RequestsUnderWay*>(all);
    const std::lock_guard held(self.mutex_);
    const auto entry = self.requests_.find(account);
    if (--entry->second == 0) self.requests_.erase(entry);
  });
}

std::string url_of(const Service& service, const net::HttpExchange& exchange) {
  return net::own_url(service.context.settings.url, exchange);
}

std::variant<Response, RequestError> run_in_session(Service& service, const Login& login, std::string_view url, Request request) {
  std::string state = service.session_states.of(service.context, service.methods, login, url);
  return run(service.context, service.methods, login, std::move(request), std::move(state));
}

net::HttpReply reply_of(const RequestError& error) {
  net::HttpReply reply{.status = 400, .content_type = "application/problem+json"};
  reply.body = to_text(to_json(error));
  return reply;
}

}  // namespace telepost::adapters::jmap
