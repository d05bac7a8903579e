#include "adapters/net/http_server.h"

#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <condition_variable>
#include <list>
#include <mutex>
#include <vector>

#include "adapters/net/io_threads.h"
#include "adapters/net/listener.h"
#include "base/log.h"

namespace telepost::adapters::net {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using boost::system::error_code;

constexpr auto kToken = asio::as_tuple(asio::use_awaitable);

}  // namespace

struct HttpServer::State {
  State(Loop& loop_, HttpServerOptions options_, HttpHandler handler_)
      : loop(loop_), options(std::move(options_)), handler(std::move(handler_)) {}

  void admit(int socket, int family);
  asio::awaitable<void> serve(std::shared_ptr<beast::tcp_stream> stream);
  asio::awaitable<bool> exchange(beast::tcp_stream& stream, beast::flat_buffer& buffer);

  Loop& loop;
  const HttpServerOptions options;
  const HttpHandler handler;
  schema::Endpoints endpoints;
  std::mutex mutex;
  std::condition_variable idle;
  std::list<std::shared_ptr<beast::tcp_stream>> streams;  // guarded by mutex; those whose coroutine runs
  std::vector<std::unique_ptr<Listener>> listeners;
};

void HttpServer::State::admit(int socket, int family) {
  auto stream = std::make_shared<beast::tcp_stream>(loop.context().get_executor());
  error_code code;
  stream->socket().assign(family == AF_INET6 ? tcp::v6() : tcp::v4(), socket, code);
  if (code) {
    ::close(socket);
    return;
  }
  const std::lock_guard lock(mutex);
  if (streams.size() >= options.max_connections) return;
  const auto place = streams.insert(streams.end(), stream);
  asio::co_spawn(loop.context(), serve(std::move(stream)), [this, place](const std::exception_ptr&) {
    const std::lock_guard removal(mutex);
    streams.erase(place);
    if (streams.empty()) idle.notify_all();
  });
}

asio::awaitable<void> HttpServer::State::serve(std::shared_ptr<beast::tcp_stream> stream) {
  beast::flat_buffer buffer;
  while (co_await exchange(*stream, buffer)) {
  }
  error_code ignored;
  stream->socket().shutdown(tcp::socket::shutdown_send, ignored);
}

asio::awaitable<bool> HttpServer::State::exchange(beast::tcp_stream& stream, beast::flat_buffer& buffer) {
  http::request_parser<http::string_body> parser;
  parser.header_limit(options.max_header_bytes);
  parser.body_limit(options.max_body_bytes);
  stream.expires_after(options.timeout);
  auto [read_code, read_size] = co_await http::async_read(stream, buffer, parser, kToken);
  HttpResponse answer;
  bool keep_alive = false;
  const bool head = parser.get().method() == http::verb::head;
  if (read_code == http::error::body_limit) {
    answer = {413, "text/plain; charset=utf-8", "too large\n"};
  } else if (read_code == http::error::header_limit) {
    answer = {431, "text/plain; charset=utf-8", "header too large\n"};
  } else if (read_code.category() == http::make_error_code(http::error::bad_method).category() &&
             read_code != http::error::end_of_stream && read_code != http::error::partial_message) {
    answer = {400, "text/plain; charset=utf-8", "bad request\n"};
  } else if (read_code) {
    co_return false;
  } else {
    keep_alive = parser.keep_alive();
    HttpRequest request{head ? "GET" : std::string(parser.get().method_string()),
                        std::string(parser.get().target()), std::move(parser.get().body())};
    answer = co_await handler(std::move(request));
  }
  http::response<http::string_body> response(static_cast<http::status>(answer.status), 11);
  response.set(http::field::content_type, answer.content_type);
  response.keep_alive(keep_alive);
  const std::size_t size = answer.body.size();
  if (!head) response.body() = std::move(answer.body);
  response.content_length(size);
  http::response_serializer<http::string_body> serializer(response);
  serializer.split(head);
  stream.expires_after(options.timeout);
  if (head) {
    auto [write_code, written] = co_await http::async_write_header(stream, serializer, kToken);
    co_return !write_code && keep_alive;
  }
  auto [write_code, written] = co_await http::async_write(stream, serializer, kToken);
  co_return !write_code && keep_alive;
}

HttpServer::HttpServer(std::unique_ptr<State> state) : state_(std::move(state)) {}

Result<std::unique_ptr<HttpServer>> HttpServer::start(Loop& loop, HttpServerOptions options,
                                                      HttpHandler handler) {
  auto state = std::make_unique<State>(loop, std::move(options), std::move(handler));
  for (const schema::Endpoint& endpoint : state->options.listen) {
    if (endpoint.is_unix())
      return {Errc::invalid, to_string(endpoint) + ": HTTP is served on address:port only"};
    TELEPOST_ASSIGN(ListeningSocket socket, ListeningSocket::open(endpoint, 0600));
    const int family = endpoint.address.find(':') == std::string::npos ? AF_INET : AF_INET6;
    state->endpoints.push_back(socket.endpoint());
    state->listeners.push_back(std::make_unique<Listener>(
        loop, std::move(socket), [state = state.get(), family](int fd, Peer) { state->admit(fd, family); }));
  }
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(state)));
}

HttpServer::~HttpServer() {
  state_->listeners.clear();
  std::unique_lock lock(state_->mutex);
  for (const auto& stream : state_->streams) {
    asio::post(state_->loop.context(), [stream] { stream->close(); });
  }
  state_->idle.wait(lock, [this] { return state_->streams.empty(); });
}

const schema::Endpoints& HttpServer::endpoints() const { return state_->endpoints; }

}  // namespace telepost::adapters::net
