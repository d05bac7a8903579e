#include "adapters/net/http_exchange.h"

#include <algorithm>
#include <utility>

#include "adapters/net/http_accept_codec.h"
#include "adapters/net/http_condition_codec.h"
#include "adapters/net/http_gzip.h"
#include "adapters/net/http_reply_codec.h"
#include "adapters/net/http_request_codec.h"
#include "adapters/net/http_session.h"

namespace telepost::adapters::net {
namespace {

constexpr std::size_t kPiece = 64u << 10;          // sent at once, and what a timeout buys
constexpr std::uint64_t kMostSkipped = 64u << 10;  // of a body that nobody read; more, and a new connection is cheaper
constexpr Duration kSkipTime = std::chrono::seconds(5);
constexpr std::size_t kPackedFrom = 1u << 10;    // below a packet nothing is won
constexpr std::size_t kPackedUpTo = 512u << 10;  // beyond it the loop would stand still for 10 ms and more

}  // namespace

HttpExchange::HttpExchange(const HttpService& service, const Peer& peer, LineStream& stream, HttpRequestReader& reader, Turn turn)
    : service_(service), peer_(peer), stream_(stream), reader_(reader), patience_(service.options.body_timeout),
      owes_continue_(reader.expects_continue() && !reader.is_body_done()),
      closes_(reader.wants_close() || turn == Turn::last) {}

const HttpRequest& HttpExchange::request() const { return reader_.request(); }

Time HttpExchange::now() const { return service_.clock.now(); }

HttpReply HttpExchange::refusal(unsigned status, std::string_view why) const { return refusal_of(service_.options, status, why); }

void HttpExchange::drain() {
  draining_ = true;
  if (resting_ || phase_ == Phase::upgraded) stream_.interrupt();
}

Error HttpExchange::fail_body(Error error) {
  closes_ = true;  // where the next request begins is not known
  body_error_ = std::move(error);
  return *body_error_;
}

// ---- The body.

Awaitable<Result<void>> HttpExchange::ask_for_body() {
  if (!std::exchange(owes_continue_, false) || !stream_.buffered().empty()) co_return Result<void>();
  stream_.out() += "HTTP/1.1 100 Continue\r\n\r\n";
  const Result<void> asked = co_await stream_.flush(service_.options.reply_timeout);
  co_return asked;
}

// What counts is the time that we wait: a handler may take its own. Bytes that drip in do not make it longer.
Awaitable<Result<void>> HttpExchange::read_more() {
  if (patience_ <= Duration(0)) co_return Error{Errc::timeout, "the body came too slowly"};
  const SteadyTime before = service_.clock.steady();
  const Result<void> filled = co_await stream_.fill(patience_);
  patience_ -= std::chrono::duration_cast<Duration>(service_.clock.steady() - before);
  co_return filled;
}

Awaitable<Result<std::string_view>> HttpExchange::read_piece(std::uint64_t max_bytes) {
  stream_.consume(std::exchange(unconsumed_bytes_, 0));
  if (body_error_) co_return *body_error_;
  if (reader_.is_body_done()) co_return std::string_view();
  if (request().body_size_bytes.value_or(0) > max_bytes) co_return fail_body({Errc::too_large, "the body is too large"});
  Result<void> ready = co_await ask_for_body();
  for (;;) {
    if (!ready.ok()) co_return fail_body(ready.error());
    const HttpRequestReader::Piece piece = reader_.read_body(stream_.buffered());
    if (piece.step == HttpRequestReader::Step::broken) co_return fail_body({Errc::invalid, reader_.refusal().reason});
    if (piece.step == HttpRequestReader::Step::complete) {
      unconsumed_bytes_ = piece.size_bytes;
      read_bytes_ += piece.content.size();
      bought_bytes_ += piece.content.size();
      if (read_bytes_ > max_bytes) co_return fail_body({Errc::too_large, "the body is too large"});
      co_return piece.content;
    }
    stream_.consume(piece.size_bytes);
    if (bought_bytes_ >= kPiece) {
      bought_bytes_ = 0;
      patience_ = service_.options.body_timeout;
    }
    ready = co_await read_more();
  }
}

Awaitable<Result<std::string>> HttpExchange::read_body(std::uint64_t max_bytes) {
  std::string body;
  for (;;) {
    const Result<std::string_view> piece = co_await read_piece(max_bytes);
    if (!piece.ok()) co_return piece.error();
    if (piece->empty()) co_return body;
    body += *piece;
  }
}

// So that the next request can be read. False: the connection ends instead.
Awaitable<bool> HttpExchange::skip_body() {
  stream_.consume(std::exchange(unconsumed_bytes_, 0));
  patience_ = std::min(kSkipTime, service_.options.body_timeout);
  bought_bytes_ = 0;
  const std::uint64_t most = read_bytes_ + kMostSkipped;
  while (!closes_ && !reader_.is_body_done()) {
    const Result<std::string_view> piece = co_await read_piece(most);
    if (!piece.ok()) co_return false;
  }
  stream_.consume(std::exchange(unconsumed_bytes_, 0));
  co_return !closes_;
}

// ---- The reply.

bool HttpExchange::must_close() const {
  const std::uint64_t unread = request().body_size_bytes.value_or(0) - std::min(request().body_size_bytes.value_or(0), read_bytes_);
  // A client that was not told to continue may send its body or may not: RFC 9110 section 10.1.1.
  return closes_ || draining_ || owes_continue_ || unread > kMostSkipped;
}

void HttpExchange::append_head_of(const HttpReply& reply, std::optional<std::uint64_t> size_bytes) {
  status_ = reply.status;
  is_bodiless_ = request().is_head || !has_content(reply.status);
  is_chunked_ = !size_bytes && request().version >= 11;
  closes_ = must_close() || (!size_bytes && !is_chunked_);
  append_head(stream_.out(), reply, {service_.clock.now(), size_bytes, is_chunked_, closes_}, service_.options.fields);
}

// What RFC 9110 makes of a whole reply: section 13 (conditions), section 8.4 (codings).
void HttpExchange::settle(HttpReply& reply) const {
  const bool is_validated = !reply.validators.etag.empty() || reply.validators.last_modified;
  if (reply.status == 200 && request().method == "GET" && is_validated) {
    const HttpVerdict verdict = judge_conditions(request(), &reply.validators, service_.clock.now());
    if (verdict == HttpVerdict::failed) {
      reply = refusal(412, kConditionFailed);
      return;
    }
    if (verdict == HttpVerdict::unchanged) reply.status = 304;
  }
  if (reply.packing == HttpReply::Packing::never || reply.body.size() < kPackedFrom || !is_packable(reply.content_type)) return;
  if (find_field(reply.fields, "Content-Encoding")) return;
  reply.fields.push_back({"Vary", "Accept-Encoding"});
  if (reply.body.size() > kPackedUpTo || reply.status == 304 || !prefers_gzip(request().field("Accept-Encoding"))) return;
  std::optional<std::string> packed = gzip(reply.body);
  if (!packed || packed->size() >= reply.body.size()) return;
  reply.body = std::move(*packed);
  reply.fields.push_back({"Content-Encoding", "gzip"});
  // Section 8.8.3.3: other bytes, so no longer the same strong tag.
  if (reply.validators.etag.starts_with('"')) reply.validators.etag.insert(0, "W/");
}

Awaitable<Result<void>> HttpExchange::send_whole(HttpReply& reply) {
  settle(reply);
  Result<void> sent = begin(reply, reply.body.size());  // leaves with the first piece: a small reply is one packet
  if (sent.ok()) sent = co_await write(reply.body);
  if (sent.ok()) sent = co_await end();
  co_return sent;
}

Result<void> HttpExchange::begin(const HttpReply& head, std::optional<std::uint64_t> size_bytes) {
  if (phase_ != Phase::unanswered) return {Errc::conflict, "a reply was begun already"};
  append_head_of(head, size_bytes);
  left_bytes_ = size_bytes;
  phase_ = Phase::streaming;
  return {};
}

Awaitable<Result<void>> HttpExchange::write(std::string_view piece) {
  if (phase_ != Phase::streaming) co_return Error{Errc::conflict, "no reply is under way"};
  if (is_bodiless_) co_return Result<void>();
  if (left_bytes_ && piece.size() > *left_bytes_) {
    phase_ = Phase::broken;
    co_return Error{Errc::conflict, "the reply is larger than it said"};
  }
  if (left_bytes_) *left_bytes_ -= piece.size();
  for (std::string_view rest = piece; !rest.empty();) {
    const std::string_view some = rest.substr(0, kPiece);
    rest.remove_prefix(some.size());
    if (is_chunked_) append_chunk(stream_.out(), some);
    else stream_.out() += some;
    const Result<void> sent = co_await flush();
    if (!sent.ok()) co_return sent;
  }
  co_return Result<void>();
}

Awaitable<Result<void>> HttpExchange::end() {
  if (phase_ != Phase::streaming) co_return Error{Errc::conflict, "no reply is under way"};
  if (!is_bodiless_ && left_bytes_.value_or(0) > 0) {
    phase_ = Phase::broken;
    co_return Error{Errc::conflict, "the reply is smaller than it said"};
  }
  if (!is_bodiless_ && is_chunked_) stream_.out() += kLastChunk;
  const Result<void> sent = co_await flush();
  if (sent.ok()) phase_ = Phase::complete;
  co_return sent;
}

Awaitable<Result<void>> HttpExchange::flush() {
  const Result<void> flushed = co_await stream_.flush(service_.options.reply_timeout);
  if (!flushed.ok()) phase_ = Phase::broken;
  co_return flushed;
}

Awaitable<bool> HttpExchange::rest(Duration duration) {
  const Result<void> flushed = co_await flush();
  if (!flushed.ok() || draining_) co_return false;
  resting_ = true;
  bool goes_on = false;
  if (phase_ == Phase::streaming && reader_.is_body_done() && stream_.buffered().size() < kPiece) {
    // Reading is what tells that the client closed. What comes is its next request, which waits in the buffer.
    const Result<LineStream::Filled> filled = co_await stream_.fill_or_wake(duration);
    goes_on = filled.ok() || filled.error().kind == Errc::timeout;
  } else {
    goes_on = co_await stream_.rest(duration);
  }
  resting_ = false;
  co_return goes_on && !draining_;
}

LineStream* HttpExchange::upgrade(const HttpFields& fields) {
  if (phase_ != Phase::unanswered || !reader_.is_body_done()) return nullptr;
  stream_.consume(std::exchange(unconsumed_bytes_, 0));
  stream_.deadline().unlimit();
  append_switch(stream_.out(), fields);
  status_ = 101;
  phase_ = Phase::upgraded;
  if (draining_) stream_.interrupt();  // it was told before there was anything to interrupt
  return &stream_;
}

}  // namespace telepost::adapters::net
