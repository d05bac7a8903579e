#include "adapters/net/http_content.h"

#include <algorithm>
#include <utility>

#include "adapters/net/http_condition_codec.h"
#include "adapters/net/http_range_codec.h"
#include "base/bytes.h"
#include "base/random.h"

namespace telepost::adapters::net {
namespace {

constexpr std::size_t kPiece = 64u << 10;

// What is sent between the ranges: nothing for one, heads and an end for several.
struct Plan {
  HttpReply head;
  std::vector<ByteRange> ranges;
  std::string boundary;      // "" for one range
  std::string content_type;  // of each part
  std::uint64_t size_bytes = 0;
};

Plan plan_whole(const HttpContent& content) {
  Plan plan;
  plan.head = {.status = 200, .content_type = content.content_type, .fields = content.fields, .validators = content.validators};
  plan.head.fields.push_back({"Accept-Ranges", "bytes"});
  plan.size_bytes = content.size_bytes;
  if (content.size_bytes > 0) plan.ranges = {{0, content.size_bytes - 1}};
  return plan;
}

Plan plan_ranges(const HttpContent& content, std::vector<ByteRange> ranges) {
  Plan plan = plan_whole(content);
  plan.head.status = 206;
  plan.ranges = std::move(ranges);
  plan.size_bytes = 0;
  for (const ByteRange& range : plan.ranges) plan.size_bytes += range.size_bytes();
  if (plan.ranges.size() == 1) {
    plan.head.fields.push_back({"Content-Range", content_range(plan.ranges.front(), content.size_bytes)});
    return plan;
  }
  // Nobody who could have put it into the content knew it.
  plan.boundary = to_hex(SystemRandom().bytes(16));
  plan.content_type = std::exchange(plan.head.content_type, "multipart/byteranges; boundary=" + plan.boundary);
  for (const ByteRange& range : plan.ranges) {
    plan.size_bytes += part_head(plan.boundary, plan.content_type, range, content.size_bytes).size();
  }
  plan.size_bytes += parts_end(plan.boundary).size();
  return plan;
}

Awaitable<Result<void>> send_range(HttpExchange& exchange, HttpContent& content, ByteRange range) {
  for (std::uint64_t at = range.first; at <= range.last;) {
    const auto most = static_cast<std::size_t>(std::min<std::uint64_t>(kPiece, range.last - at + 1));
    const Result<std::string> piece = co_await content.read(at, most);
    if (!piece.ok()) co_return piece.error();
    if (piece->empty() || piece->size() > most) co_return Error{Errc::corrupt, "the content is not as long as it said"};
    const Result<void> sent = co_await exchange.write(*piece);
    if (!sent.ok()) co_return sent;
    at += piece->size();
  }
  co_return Result<void>();
}

Awaitable<Result<void>> send_plan(HttpExchange& exchange, HttpContent& content, const Plan& plan) {
  Result<void> sent = exchange.begin(plan.head, plan.size_bytes);
  for (std::size_t i = 0; i < plan.ranges.size() && sent.ok() && !exchange.request().is_head; ++i) {
    if (!plan.boundary.empty()) {
      const std::string head = part_head(plan.boundary, plan.content_type, plan.ranges[i], content.size_bytes);
      sent = co_await exchange.write(head);
    }
    if (sent.ok()) sent = co_await send_range(exchange, content, plan.ranges[i]);
  }
  if (sent.ok() && !plan.boundary.empty()) {
    const std::string end = parts_end(plan.boundary);
    sent = co_await exchange.write(end);
  }
  if (sent.ok()) sent = co_await exchange.end();
  co_return sent;
}

}  // namespace

Awaitable<std::optional<HttpReply>> send_content(HttpExchange& exchange, HttpContent& content) {
  const HttpRequest& request = exchange.request();
  const Time now = exchange.now();
  const HttpVerdict verdict = judge_conditions(request, &content.validators, now);
  if (verdict == HttpVerdict::failed) co_return exchange.refusal(412, kConditionFailed);
  if (verdict == HttpVerdict::unchanged) {
    co_return HttpReply{.status = 304, .fields = content.fields, .validators = content.validators};
  }
  Plan plan = plan_whole(content);
  const std::optional<std::string> range = request.field("Range");
  if (range && !request.is_head && is_range_wanted(request, content.validators, now)) {
    RangeChoice choice = choose_ranges(*range, content.size_bytes);
    if (choice.kind == RangeChoice::Kind::unsatisfiable) {
      HttpReply refusal = exchange.refusal(416, "no such range");
      refusal.fields.push_back({"Content-Range", unsatisfied_range(content.size_bytes)});
      co_return refusal;
    }
    if (choice.kind == RangeChoice::Kind::some) plan = plan_ranges(content, std::move(choice.ranges));
  }
  (void)co_await send_plan(exchange, content, plan);  // what failed breaks the connection off
  co_return std::nullopt;
}

}  // namespace telepost::adapters::net
