#include <algorithm>

#include "adapters/jmap/event_source.h"
#include "adapters/jmap/service.h"
#include "adapters/jmap/session_object.h"
#include "adapters/jmap/socket.h"
#include "adapters/jmap/transfer.h"
#include "adapters/net/completion.h"
#include "base/bytes.h"
#include "base/log.h"

namespace telepost::adapters::jmap {
namespace {

net::HttpReply json_reply(std::string text) {
  net::HttpReply reply;
  reply.content_type = "application/json";
  reply.body = std::move(text);
  reply.fields.push_back({"Cache-Control", "no-cache, no-store, must-revalidate"});  // RFC 8620 section 2
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
  const Json session = session_object(service.context, service.methods, login, url);
  auto response = run(service.context, service.methods, login, std::get<Request>(std::move(read)), session_state(session));
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
  net::Answer<net::HttpReply> answer;
  const Result<void> queued = service.context.store.run(
      [done = answer.completion(), &service, login, url = url_of(service, exchange), text = *std::move(body)] { done(run_request(service, login, url, text)); });
  if (!queued.ok()) co_return net::problem(queued.error());
  Result<net::HttpReply> reply = co_await answer.get();
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

Answered answer_route(Service& service, net::HttpExchange& exchange) {
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
  LoginOutcome outcome = co_await log_in(service, exchange);
  if (!outcome.login) co_return std::move(outcome.refusal);
  Answered running = found->run(service, exchange, *std::move(outcome.login));
  std::optional<net::HttpReply> reply = co_await std::move(running);
  co_return reply;
}

}  // namespace

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

void open_to_all_pages(net::HttpReply& reply) {
  reply.fields.push_back({"Access-Control-Allow-Origin", "*"});
  reply.fields.push_back({"X-Content-Type-Options", "nosniff"});
}

std::string url_of(const Service& service, const net::HttpExchange& exchange) {
  if (!service.context.settings.url.empty()) return service.context.settings.url;
  const bool is_tls = exchange.tls() != nullptr || !exchange.peer().front.empty();
  return (is_tls ? "https://" : "http://") + exchange.request().host;
}

net::HttpReply reply_of(const RequestError& error) {
  net::HttpReply reply{.status = 400, .content_type = "application/problem+json"};
  reply.body = to_text(to_json(error));
  return reply;
}

Answered answer(Service& service, net::HttpExchange& exchange) {
  std::optional<net::HttpReply> reply = co_await answer_route(service, exchange);
  if (reply) open_to_all_pages(*reply);
  co_return reply;
}

}  // namespace telepost::adapters::jmap
