#include "tests/unit/http_stage.h"

#include <stdexcept>

#include "adapters/net/http_content.h"

namespace telepost::adapters::net {
namespace {

Awaitable<Result<std::string>> read_content(const Stage& stage, std::uint64_t from, std::size_t most) {
  co_return stage.content.substr(from, std::min<std::size_t>(most, 10'007));
}

Awaitable<Reply> content_route(HttpExchange& exchange, const Stage& stage) {
  HttpContent content;
  content.size_bytes = stage.content.size();
  content.content_type = "audio/x-test";
  content.validators = {"\"v1\"", from_rfc3339("1994-11-06T08:49:37Z").value()};
  content.fields = {{"Cache-Control", "private"}};
  content.read = [&stage](std::uint64_t from, std::size_t most) { return read_content(stage, from, most); };
  Reply reply = co_await send_content(exchange, content);
  co_return reply;
}

Awaitable<Reply> upload_route(HttpExchange& exchange, Stage& stage) {
  for (;;) {
    const Result<std::string_view> piece = co_await exchange.read_piece(1u << 30);
    if (!piece.ok()) co_return problem(piece.error());
    if (piece->empty()) break;
    for (const char c : *piece) {
      if (c != byte_at(stage.received++)) co_return problem(422);
    }
  }
  co_return HttpReply{.body = std::to_string(stage.received) + "\n"};
}

Awaitable<Reply> stream_route(HttpExchange& exchange, bool ends) {
  if (!exchange.begin({.status = 200}, exchange.request().parameter("size") ? std::optional<std::uint64_t>(8) : std::nullopt).ok()) co_return Reply();
  for (const std::string_view piece : {"one,", "two,", ""}) {
    const Result<void> sent = co_await exchange.write(piece);
    if (!sent.ok()) co_return Reply();
  }
  if (ends) (void)co_await exchange.end();
  co_return Reply();
}

Awaitable<Reply> events_route(HttpExchange& exchange, Stage& stage) {
  if (!exchange.begin({.status = 200, .content_type = "text/event-stream"}).ok()) co_return Reply();
  stage.wake = exchange.waker();
  bool first = true;
  for (;;) {
    if (std::exchange(first, false)) stage.arrived.set_value();
    const bool going_on = co_await exchange.rest(std::chrono::hours(1));
    if (!going_on) break;
    const Result<void> sent = co_await exchange.write("data: x\n\n");
    if (!sent.ok()) co_return Reply();
  }
  stage.rested.set_value();
  (void)co_await exchange.end();
  co_return Reply();
}

// Another protocol: whatever comes goes back, until "bye".
Awaitable<Reply> upgrade_route(HttpExchange& exchange) {
  LineStream* const stream = exchange.upgrade({{"Upgrade", "echo"}});
  if (stream == nullptr) co_return problem(409);
  for (;;) {
    stream->out() += stream->buffered();
    stream->consume(stream->buffered().size());
    const bool over = stream->out().ends_with("bye");
    const Result<void> sent = co_await stream->flush(std::chrono::seconds(5));
    if (over || !sent.ok()) co_return Reply();
    const Result<void> more = co_await stream->fill(std::chrono::seconds(5));
    if (more.ok()) continue;
    stream->out() += "drained";
    (void)co_await stream->flush(std::chrono::seconds(5));
    co_return Reply();
  }
}

Awaitable<Reply> wait_route(Stage& stage) {
  stage.arrived.set_value();
  const Result<int> answer = co_await stage.gate.get();
  co_return HttpReply{.body = std::to_string(answer.value()) + "\n"};
}

}  // namespace

Awaitable<Reply> route(HttpExchange& exchange, Stage& stage) {
  const HttpRequest& request = exchange.request();
  const std::string& path = request.path;
  if (path == "/hello") co_return HttpReply{.body = "hello\n"};
  if (path == "/who") co_return HttpReply{.body = exchange.peer().address + (exchange.tls() ? " in TLS\n" : "\n")};
  if (path == "/echo") {
    Result<std::string> body = co_await exchange.read_body(1000);
    if (!body.ok()) co_return problem(body.error());
    co_return HttpReply{.body = std::move(*body)};
  }
  if (path == "/large") co_return HttpReply{.content_type = "application/x-test", .body = stage.content};
  if (path == "/json") co_return HttpReply{.content_type = "application/json", .body = std::string(5000, '1'), .validators = {"\"j1\"", {}}};
  if (path == "/ticketed") co_return HttpReply{.body = stage.content, .ticket = stage.ticket};
  if (path == "/none") co_return HttpReply{.status = 204};
  if (path == "/throw") throw std::runtime_error("a handler's own mistake");
  Reply reply;
  if (path == "/content") reply = co_await content_route(exchange, stage);
  else if (path == "/upload") reply = co_await upload_route(exchange, stage);
  else if (path == "/stream") reply = co_await stream_route(exchange, true);
  else if (path == "/cut") reply = co_await stream_route(exchange, false);
  else if (path == "/events") reply = co_await events_route(exchange, stage);
  else if (path == "/upgrade") reply = co_await upgrade_route(exchange);
  else if (path == "/wait") reply = co_await wait_route(stage);
  else reply = problem(404);
  co_return reply;
}

}  // namespace telepost::adapters::net
