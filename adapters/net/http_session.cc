#include "adapters/net/http_session.h"

#include <boost/asio/co_spawn.hpp>

#include <unistd.h>

#include <exception>
#include <utility>

#include "adapters/net/http_reply_codec.h"
#include "adapters/net/io_threads.h"
#include "base/log.h"
#include "base/metrics.h"

namespace telepost::adapters::net {
namespace {

constexpr Duration kGoodbye = std::chrono::seconds(5);
constexpr std::size_t kMostUnread = 16u << 20;  // of a body that was refused: many clients hear nothing before they have said all

metrics::Counter& requests() {
  static metrics::Counter counter("telepost_http_requests_total", "Requests to HTTP listeners", {"listener", "status"});
  return counter;
}

HttpRequestLimits limits_of(const HttpServerOptions& options) {
  return {options.max_target_bytes, options.max_header_bytes, options.max_header_fields};
}

}  // namespace

HttpReply refusal_of(const HttpServerOptions& options, unsigned status, std::string_view why) {
  if (options.errors == HttpServerOptions::Errors::problem_json) return problem(status, why);
  return HttpReply{.status = status, .body = std::string(why) + "\n"};
}

HttpSession::HttpSession(std::shared_ptr<const HttpService> service, Transport transport, Peer peer, int socket,
                         std::unique_ptr<ConnectionLimits::Ticket> ticket)
    : service_(std::move(service)), transport_(transport), peer_(std::move(peer)), ticket_(std::move(ticket)), socket_(socket),
      reader_(limits_of(service_->options)) {}

HttpSession::~HttpSession() {
  if (socket_ >= 0) ::close(socket_);
}

void HttpSession::start(Loop& loop, SessionGroup& group, std::shared_ptr<const HttpService> service, Transport transport, Peer peer,
                        int socket, std::unique_ptr<ConnectionLimits::Ticket> ticket) {
  const std::shared_ptr<HttpSession> session(
      new HttpSession(std::move(service), transport, std::move(peer), socket, std::move(ticket)));
  group.add(loop, session);
  boost::asio::co_spawn(loop.context().get_executor(), session->run(loop), [session, &group](std::exception_ptr failure) {
    if (failure) log::error("session_failed", {{"listener", session->service_->options.name}});
    session->exchange_.reset();
    session->stream_.reset();
    group.remove(session.get());
  });
}

void HttpSession::drain() {
  draining_ = true;
  if (exchange_) exchange_->drain();
  else if (stream_) stream_->interrupt();
}

void HttpSession::abort() {
  draining_ = aborted_ = true;
  if (exchange_) exchange_->drain();
  if (stream_) stream_->close();
}

void HttpSession::count(unsigned status) const { requests().with({service_->options.name, std::to_string(status)}).add(); }

Awaitable<void> HttpSession::run(Loop& loop) {
  stream_.emplace(loop, std::exchange(socket_, -1));
  if (service_->options.visits != nullptr) stream_->begin_visit(*service_->options.visits, service_->options.name, peer_);
  if (aborted_) co_return;
  if (transport_ == Transport::tls) {
    const Result<void> shaken = co_await stream_->start_tls(*service_->options.identities, kTlsHandshakeTimeout);
    if (!shaken.ok()) co_return;
  }
  for (bool going_on = true; going_on && !draining_;) {
    going_on = co_await read_head();
    if (going_on) going_on = co_await exchange();
    reader_.next();
  }
  if (stream_->is_closed()) co_return;
  stream_->deadline().unlimit();
  // Errors concern a peer that is gone already.
  (void)co_await stream_->flush(kGoodbye);
  co_await stream_->finish(kMostUnread);
}

// False: the connection is over.
Awaitable<bool> HttpSession::read_head() {
  Deadline& deadline = stream_->deadline();
  for (;;) {
    const HttpRequestReader::Step step = reader_.read_head(stream_->buffered());
    if (step == HttpRequestReader::Step::complete) break;
    if (step == HttpRequestReader::Step::broken) {
      co_await refuse(reader_.refusal());
      co_return false;
    }
    // A head that has begun must come to its end, however busily its bytes drip.
    const bool has_begun = !stream_->buffered().empty();
    if (has_begun && !deadline.is_limited(Span::line)) deadline.limit(Span::line, service_->options.header_timeout);
    const Result<void> filled = co_await stream_->fill(has_begun ? service_->options.header_timeout : service_->options.idle_timeout);
    if (filled.ok()) continue;
    deadline.unlimit(Span::line);
    if (has_begun && filled.error().kind == Errc::timeout) {
      const HttpRefusal late{408, "the header took too long"};
      co_await refuse(late);
    }
    co_return false;
  }
  deadline.unlimit(Span::line);
  stream_->consume(reader_.head_bytes());
  co_return true;
}

Awaitable<void> HttpSession::refuse(const HttpRefusal& refusal) {
  const HttpServerOptions& options = service_->options;
  const HttpReply reply = refusal_of(options, refusal.status, refusal.reason);
  append_head(stream_->out(), reply, {.date = service_->clock.now(), .size_bytes = reply.body.size(), .closes = true}, options.fields);
  stream_->out() += reply.body;
  count(refusal.status);
  log::debug("http_refused", {{"listener", options.name}, {"peer", peer_.network()}, {"status", refusal.status}, {"reason", refusal.reason}});
  (void)co_await stream_->flush(kGoodbye);
}

// One request and its answer. False: the connection is over.
Awaitable<bool> HttpSession::exchange() {
  using Turn = HttpExchange::Turn;
  using Phase = HttpExchange::Phase;
  const Turn turn = ++requests_ >= service_->options.max_requests ? Turn::last : Turn::one_of_many;
  exchange_.emplace(*service_, peer_, *stream_, reader_, turn);
  if (draining_) exchange_->drain();
  std::optional<HttpReply> reply = co_await ask_handler();
  if (exchange_->phase_ == Phase::unanswered) {
    if (!reply) reply = refusal_of(service_->options, 500, "the server failed at it");
    (void)co_await exchange_->send_whole(*reply);
  }
  reply.reset();
  count(exchange_->status_);
  bool going_on = exchange_->phase_ == Phase::complete;
  const bool is_cut = exchange_->phase_ == Phase::streaming || exchange_->phase_ == Phase::broken;
  if (is_cut) stream_->close();
  if (going_on) going_on = co_await exchange_->skip_body();
  exchange_.reset();
  co_return going_on;
}

Awaitable<std::optional<HttpReply>> HttpSession::ask_handler() {
  std::string reason;
  try {
    std::optional<HttpReply> reply = co_await service_->handler(*exchange_);
    co_return reply;
  } catch (const std::exception& failure) {
    reason = failure.what();
  }
  log::error("http_handler_failed", {{"listener", service_->options.name}, {"reason", reason}});
  co_return std::nullopt;
}

}  // namespace telepost::adapters::net
