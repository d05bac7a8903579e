#include "adapters/smtp/data.h"

#include <algorithm>

#include "adapters/net/completion.h"

namespace telepost::adapters::smtp {
namespace {

// The peer feels it as a slow line.
net::Awaitable<Result<void>> wait_for_room(HeldBytes::Share& share, net::LineStream& stream, const Context& context) {
  if (!share.must_wait()) co_return Result<void>();
  const SteadyTime end = context.clock.steady() + context.listener.data_timeout;
  const HeldBytes::Waiting waiting(share, stream.waker());
  while (share.must_wait() && !stream.is_closed()) {
    const SteadyTime now = context.clock.steady();
    if (now >= end) co_return Error{Errc::busy, "too much is arriving from all peers together"};
    const SteadyTime until = std::max(now + net::kDeadlineTick, std::min(end, waiting.look_again()));
    const bool goes_on = co_await stream.rest(std::chrono::duration_cast<Duration>(until - now));
    if (!goes_on) break;  // the next read tells why
  }
  co_return Result<void>();
}

}  // namespace

Arrival::Arrival(const Context& context, Body body, std::unique_ptr<store::Intake> intake,
                 std::unique_ptr<Examination> examination)
    : context_(context), body_(body), intake_(std::move(intake)), examination_(std::move(examination)), share_(*context.held) {}

net::Awaitable<Result<void>> Arrival::more(net::LineStream& stream) {
  if (!stream.buffered().empty()) co_return Result<void>();
  const Result<void> room = co_await wait_for_room(share_, stream, context_);
  if (!room.ok()) co_return room;
  co_return co_await stream.fill(context_.listener.data_timeout);
}

// True: flush() must come before more.
bool Arrival::take(std::string_view content) {
  if (content.empty()) return false;
  size_bytes_ += content.size();
  header_.see(content);
  if (fault()) {
    intake_.reset();
    examination_.reset();
  }
  if (!intake_ || broken_) return false;
  if (examination_) content = examination_->see(content);
  intake_->write(content);
  return intake_->must_flush();
}

net::Awaitable<void> Arrival::flush() {
  net::Answer<void> flushed;
  intake_->flush(flushed.completion());
  const Result<void> result = co_await flushed.get();
  broken_ = !result.ok();
}

net::Awaitable<Result<void>> Arrival::read_data(net::LineStream& stream) {
  DataDecoder decoder;
  while (!decoder.ended()) {
    Result<void> ready = co_await more(stream);
    if (!ready.ok()) co_return ready;
    std::string_view input = stream.buffered();
    while (!input.empty() && !decoder.ended()) {
      const std::string_view run = decoder.next(input);
      bare_line_end_ = decoder.has_bare_line_end();
      if (take(run)) co_await flush();
    }
    stream.consume(stream.buffered().size() - input.size());
    share_.hold(intake_ ? intake_->bytes_held() : 0);
  }
  co_return Result<void>();
}

net::Awaitable<Result<void>> Arrival::read_chunk(net::LineStream& stream, std::uint64_t size_bytes) {
  while (size_bytes > 0) {
    Result<void> ready = co_await more(stream);
    if (!ready.ok()) co_return ready;
    const std::string_view run = stream.buffered().substr(0, std::min<std::uint64_t>(size_bytes, stream.buffered().size()));
    if (body_ != Body::binary) {
      line_ends_.see(run);
      bare_line_end_ = line_ends_.has_bare_line_end();
    }
    if (take(run)) co_await flush();
    size_bytes -= run.size();
    stream.consume(run.size());
    share_.hold(intake_ ? intake_->bytes_held() : 0);
  }
  co_return Result<void>();
}

void Arrival::end_chunks() {
  line_ends_.end();
  bare_line_end_ = line_ends_.has_bare_line_end();
}

std::optional<Reply> Arrival::fault() const {
  if (bare_line_end_) return Reply{554, "5.6.0", "A message's lines end in CRLF and nothing else"};
  if (header_.hops() >= context_.listener.max_hops) return Reply{554, "5.4.6", "This message goes round in a loop"};
  if (size_bytes_ > context_.listener.max_message_bytes) return too_large_for_all();
  return {};
}

net::Awaitable<Result<void>> discard(net::LineStream& stream, std::uint64_t size_bytes, Duration timeout) {
  while (size_bytes > 0) {
    if (stream.buffered().empty()) {
      Result<void> ready = co_await stream.fill(timeout);
      if (!ready.ok()) co_return ready;
    }
    const std::uint64_t size = std::min<std::uint64_t>(size_bytes, stream.buffered().size());
    stream.consume(size);
    size_bytes -= size;
  }
  co_return Result<void>();
}

}  // namespace telepost::adapters::smtp
