#include "adapters/smtp/data.h"

#include "adapters/net/completion.h"
#include "adapters/smtp/data_codec.h"

namespace telepost::adapters::smtp {

net::Awaitable<Arrival> receive(net::LineStream& stream, std::unique_ptr<store::Intake>& intake,
                                const ListenerConfig& listener) {
  Arrival arrival;
  DataDecoder decoder;
  bool broken = false;  // the intake failed: finish() will say how
  stream.deadline().limit_total(kDataTotal);
  while (!decoder.ended()) {
    if (stream.buffered().empty()) {
      arrival.ended = co_await stream.fill(listener.data_timeout);
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
  }
  stream.deadline().unlimit_total();
  arrival.bare_line_end = decoder.has_bare_line_end();
  arrival.too_large = arrival.size_bytes > listener.max_message_bytes;
  co_return arrival;
}

}  // namespace telepost::adapters::smtp
