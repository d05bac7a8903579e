#include "adapters/jmap/event_source.h"

#include "adapters/jmap/push_stream.h"
#include "base/log.h"

namespace telepost::adapters::jmap {
namespace {

using net::Awaitable;

class EventSource {
 public:
  EventSource(Service& service, net::HttpExchange& exchange, const EventSourceArguments& arguments, PushStream& stream)
      : service_(service), exchange_(exchange), arguments_(arguments), stream_(stream), next_ping_(service.clock.steady() + arguments.interval) {}

  Awaitable<void> run() {
    // Where there is always news it never rests, which is where it hears that the server stops.
    for (bool goes_on = true; goes_on && !exchange_.is_draining();) {
      if (stream_.has_news()) goes_on = co_await tell();
      else if (left() <= Duration(0)) goes_on = co_await ping();
      else goes_on = co_await exchange_.rest(left());
    }
  }

 private:
  Duration left() const { return std::chrono::duration_cast<Duration>(next_ping_ - service_.clock.steady()); }

  // False: it is over.
  Awaitable<bool> tell() {
    const Result<std::optional<StateChange>> change = co_await stream_.take();
    if (!change.ok() && change.error().kind == Errc::busy) co_return co_await exchange_.rest(kBusyPause);
    if (!change.ok()) {
      log::info("push_ended", {{"reason", to_string(change.error())}});
      co_return false;
    }
    if (!*change) co_return true;
    const std::string event = state_event(**change);
    const bool sent = co_await write(event);
    co_return sent && arguments_.close_after == EventSourceArguments::CloseAfter::no;
  }

  Awaitable<bool> ping() {
    const std::string event = arguments_.pings ? ping_event(arguments_.interval) : std::string(kEventComment);
    stream_.look_again();  // the log-in may have ended meanwhile
    co_return co_await write(event);
  }

  Awaitable<bool> write(const std::string& event) {
    next_ping_ = service_.clock.steady() + arguments_.interval;
    const Result<void> written = co_await exchange_.write(event);
    co_return written.ok();
  }

  Service& service_;
  net::HttpExchange& exchange_;
  const EventSourceArguments& arguments_;
  PushStream& stream_;
  SteadyTime next_ping_;
};

}  // namespace

Answered event_source(Service& service, net::HttpExchange& exchange, Login login) {
  const Result<EventSourceArguments> arguments = read_event_source(exchange.request());
  if (!arguments.ok()) co_return net::problem(arguments.error());
  const auto stream = PushStream::open(service, login, arguments->types, arguments->last_event_id, exchange.waker());
  if (!stream) co_return net::problem(429, "as many streams of push are open already as an account may have");
  net::HttpReply head{.content_type = "text/event-stream"};
  head.fields = {{"Cache-Control", "no-store"}, {"X-Accel-Buffering", "no"} /* fronts pass it on at once */};
  if (!exchange.begin(head).ok()) co_return std::nullopt;
  if (!exchange.request().is_head) {
    EventSource source(service, exchange, *arguments, *stream);
    co_await source.run();
  }
  // Whole where nothing broke: the client comes back by itself, with the id that it saw last.
  (void)co_await exchange.end();
  co_return std::nullopt;
}

}  // namespace telepost::adapters::jmap
