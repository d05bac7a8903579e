#include "adapters/jmap/socket.h"

#include <optional>
#include <utility>

#include "adapters/jmap/push_stream.h"
#include "adapters/jmap/socket_codec.h"
#include "adapters/net/on_worker.h"
#include "adapters/net/origin_codec.h"
#include "adapters/net/websocket.h"
#include "base/bytes.h"
#include "base/log.h"

namespace telepost::adapters::jmap {
namespace {

using net::Awaitable;
using net::WebSocket;
using net::WebSocketClose;

constexpr std::string_view kSubprotocol = "jmap";

// What a message led to.
struct SocketAnswer {
  std::string text;                                   // to be sent; "" for nothing
  std::optional<PushEnable> enables = {};
  bool disables = false;
};

struct Asked {
  Login login;
  std::string url;   // of the session object
  std::string text;
  bool is_admitted;  // one of maxConcurrentRequests is its own
};

// On a worker.
SocketAnswer run_message(Service& service, const Asked& asked) {
  const schema::JmapSettings& limits = service.context.settings;
  SocketMessage message = read_socket_message(asked.text, limits.max_calls_in_request);
  if (auto* const enable = std::get_if<PushEnable>(&message)) return {{}, std::move(*enable)};
  if (std::holds_alternative<PushDisable>(message)) return {{}, {}, true};
  if (const auto* const error = std::get_if<SocketError>(&message)) return {to_socket_text(*error)};
  auto& [request, id] = std::get<SocketRequest>(message);
  if (!asked.is_admitted) {
    return {to_socket_text(SocketError{{RequestError::Kind::limit, "as many requests are under way already", "maxConcurrentRequests"}, id})};
  }
  auto response = run_in_session(service, asked.login, asked.url, std::move(request));
  if (auto* const error = std::get_if<RequestError>(&response)) return {to_socket_text(SocketError{std::move(*error), id})};
  return {to_socket_text(std::get<Response>(response), id)};
}

class Socket {
 public:
  Socket(Service& service, net::LineStream& stream, Login login, std::string url)
      : service_(service), stream_(stream), login_(std::move(login)), url_(std::move(url)),
        socket_(stream, service.clock, {.max_message_bytes = service.context.settings.max_size_request}),
        watch_(service.push.watch(login_.account, stream.waker())) {
    (void)watch_->take();
  }

  Awaitable<void> run() {
    for (bool goes_on = true; goes_on;) {
      const bool has_news = push_ ? push_->has_news() : watch_->has_news();
      const WebSocket::Event event = co_await socket_.receive(has_news ? WebSocket::Patience::looks : WebSocket::Patience::waits);
      if (event == WebSocket::Event::ended) co_return;
      if (event == WebSocket::Event::message) goes_on = co_await answer();
      else if (event == WebSocket::Event::growing) goes_on = co_await admit_large();
      else if (event == WebSocket::Event::idle) push_ ? push_->look_again() : watch_->renew();  // its log-in may have ended
      // One message, one push: neither keeps the other waiting for ever.
      if (goes_on && push_ && push_->has_news()) goes_on = co_await tell();
      else if (goes_on && !push_ && watch_->take()) goes_on = co_await ask_again();
    }
  }

 private:
  // Each gives whether the socket goes on.

  // Few large messages of an account are held at a time: those that may become requests.
  Awaitable<bool> admit_large() {
    admit();
    if (!ticket_) co_await socket_.close(WebSocketClose::try_again_later, "as many requests are under way already");
    co_return ticket_ != nullptr;
  }

  void admit() {
    if (!ticket_) ticket_ = service_.under_way.admit(login_.account, service_.context.settings.max_concurrent_requests);
  }

  Awaitable<bool> answer() {
    admit();
    Asked asked{login_, url_, socket_.take_message(), ticket_ != nullptr};
    auto work = [&service = service_, asked = std::move(asked)]() -> Result<SocketAnswer> {
      TELEPOST_TRY(still_allowed(service.context.store, asked.login));
      return run_message(service, asked);
    };
    Awaitable<Result<SocketAnswer>> running = net::on_worker<SocketAnswer>(service_.context.store, std::move(work));
    const Result<SocketAnswer> made = co_await std::move(running);
    if (!made.ok()) co_return co_await end(made.error());
    bool goes_on = true;
    if (made->disables) push_.reset();
    if (made->enables) goes_on = co_await enable(*made->enables);
    if (goes_on && !made->text.empty()) goes_on = co_await socket_.send(made->text);
    ticket_.reset();
    co_return goes_on;
  }

  Awaitable<bool> enable(const PushEnable& wanted) {
    push_.reset();
    push_ = PushStream::open(service_, login_, wanted.types, wanted.push_state, stream_.waker());
    if (!push_) co_await socket_.close(WebSocketClose::try_again_later, "as many streams of push are open already as an account may have");
    co_return push_ != nullptr;
  }

  Awaitable<bool> tell() {
    const Result<std::optional<StateChange>> change = co_await push_->take();
    if (!change.ok() && change.error().kind == Errc::busy) {
      (void)co_await stream_.rest(kBusyPause);  // where it ends for good, receive() says so
      co_return true;
    }
    if (!change.ok()) co_return co_await end(change.error());
    if (!*change) co_return true;
    const std::string text = to_socket_text(**change);
    co_return co_await socket_.send(text);
  }

  // Without push there is nobody else who asks: something of the account has changed, its log-ins perhaps.
  Awaitable<bool> ask_again() {
    auto work = [&store = service_.context.store, login = login_] { return still_allowed(store, login); };
    Awaitable<Result<schema::Scopes>> asking = net::on_worker<schema::Scopes>(service_.context.store, std::move(work));
    const Result<schema::Scopes> allowed = co_await std::move(asking);
    if (allowed.ok()) co_return true;
    if (allowed.error().kind != Errc::busy) co_return co_await end(allowed.error());
    watch_->renew();
    (void)co_await stream_.rest(kBusyPause);
    co_return true;
  }

  Awaitable<bool> end(const Error& error) {
    log::info("websocket_ended", {{"reason", to_string(error)}});
    const bool is_over = error.kind == Errc::denied || error.kind == Errc::not_found;
    const WebSocketClose status = is_over ? WebSocketClose::policy : error.kind == Errc::busy ? WebSocketClose::try_again_later : WebSocketClose::internal_error;
    co_await socket_.close(status, is_over ? "log in again" : "try again later");
    co_return false;
  }

  Service& service_;
  net::LineStream& stream_;
  const Login login_;
  const std::string url_;
  WebSocket socket_;
  RequestsUnderWay::Ticket ticket_;      // of the message under way, until its answer was taken
  std::unique_ptr<PushStream> push_;  // null: nothing is pushed
  const std::unique_ptr<PushFeed::Subscription> watch_;
};

Json socket_of(const Context&) { return {{"supportsPush", true}}; }

Json url_of_socket(std::string_view url) {
  const std::string_view scheme = "http";  // "http://…" becomes "ws://…", "https://…" "wss://…"
  return {{"url", "ws" + std::string(url.substr(scheme.size())) + "/jmap/ws"}};
}

// A browser sends what a person once typed for this host with WebSockets of any page (RFC 6455 section 10.2), and, unlike fetch(), lets
// the page read what comes. No page can set the header itself, so that of another origin none has a log-in of its own.
bool is_of_another_page(const net::HttpRequest& request, std::string_view url) { return net::page_origin(request, url) == net::PageOrigin::other; }

}  // namespace

Answered open_socket(Service& service, net::HttpExchange& exchange, Login login) {
  const std::string url = url_of(service, exchange);
  if (is_of_another_page(exchange.request(), url)) co_return net::problem(403, "this page is of another origin");
  std::optional<net::HttpReply> refusal = net::websocket_refusal(exchange.request(), kSubprotocol);
  if (refusal) co_return refusal;
  net::LineStream* const stream = exchange.upgrade(net::websocket_fields(exchange.request(), kSubprotocol));
  if (stream == nullptr) co_return net::problem(400, "a WebSocket begins without a body");
  Socket socket(service, *stream, std::move(login), url);
  co_await socket.run();
  co_return std::nullopt;
}

void offer_socket(Methods& methods) { methods.offer({kWebSocket, socket_of, nullptr, url_of_socket}); }

}  // namespace telepost::adapters::jmap
