#include "adapters/smtp/data.h"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include "adapters/net/completion.h"
#include "adapters/smtp/data_codec.h"

namespace telepost::adapters::smtp {
namespace {

constexpr std::chrono::milliseconds kLookAgain{50};  // rare, and no session needs to know of the others

// The peer feels it as a slow line.
net::Awaitable<Result<void>> wait_for_room(HeldBytes::Share& share, const net::LineStream& stream, const Context& context) {
  if (!share.must_wait()) co_return Result<void>();
  const SteadyTime end = context.clock.steady() + context.listener.data_timeout;
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
  while (share.must_wait() && !stream.is_closed()) {
    if (context.clock.steady() >= end) co_return Error{Errc::busy, "too much is arriving from all peers together"};
    boost::system::error_code ignored;
    timer.expires_after(kLookAgain);
    co_await timer.async_wait(boost::asio::redirect_error(net::kUseAwaitable, ignored));
  }
  co_return Result<void>();
}

}  // namespace

net::Awaitable<Arrival> receive(net::LineStream& stream, std::unique_ptr<store::Intake>& intake, const Context& context,
                                HeldBytes::Share& share) {
  const ListenerConfig& listener = context.listener;
  Arrival arrival;
  DataDecoder decoder;
  bool broken = false;  // the intake failed: finish() will say how
  stream.deadline().limit_total(kDataTotal);
  while (!decoder.ended()) {
    if (stream.buffered().empty()) {
      arrival.ended = co_await wait_for_room(share, stream, context);
      if (arrival.ended.ok()) arrival.ended = co_await stream.fill(listener.data_timeout);
      if (!arrival.ended.ok()) break;
    }
    std::string_view input = stream.buffered();
    while (!input.empty() && !decoder.ended()) {
      const std::string_view run = decoder.next(input);
      arrival.size_bytes += run.size();
      if (arrival.size_bytes > listener.max_message_bytes || decoder.has_bare_line_end()) intake.reset();
      if (!intake || broken || run.empty()) continue;
      intake->write(run);
      if (!intake->must_flush()) continue;
      net::Answer<void> flushed;
      intake->flush(flushed.completion());
      const Result<void> result = co_await flushed.get();
      broken = !result.ok();
    }
    stream.consume(stream.buffered().size() - input.size());
    share.hold(intake ? intake->bytes_held() : 0);
  }
  stream.deadline().unlimit_total();
  arrival.bare_line_end = decoder.has_bare_line_end();
  arrival.too_large = arrival.size_bytes > listener.max_message_bytes;
  co_return arrival;
}

}  // namespace telepost::adapters::smtp
