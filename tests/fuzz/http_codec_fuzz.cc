// The values of HTTP's fields and targets from hostile bytes; the first byte chooses which.
#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "adapters/net/http_accept_codec.h"
#include "adapters/net/http_condition_codec.h"
#include "adapters/net/http_date_codec.h"
#include "adapters/net/http_field_codec.h"
#include "adapters/net/http_range_codec.h"
#include "adapters/net/http_reply_codec.h"
#include "adapters/net/http_target_codec.h"
#include "base/bytes.h"

using namespace telepost;
using namespace telepost::adapters::net;

namespace {

const Time kNow = from_millis(1'800'000'000'000);

void check_date(std::string_view input) {
  const std::optional<Time> date = from_http_date(input, kNow);
  if (!date) return;
  if (from_http_date(to_http_date(*date), kNow) != date) std::abort();
}

void check_ranges(std::string_view input, std::uint64_t size) {
  const RangeChoice choice = choose_ranges(input, size);
  if ((choice.kind == RangeChoice::Kind::some) == choice.ranges.empty() || choice.ranges.size() > kMostRanges) std::abort();
  for (std::size_t i = 0; i < choice.ranges.size(); ++i) {
    const ByteRange& range = choice.ranges[i];
    if (range.first > range.last || range.last >= size) std::abort();
    for (std::size_t j = 0; j < i; ++j) {
      if (range.first <= choice.ranges[j].last && choice.ranges[j].first <= range.last) std::abort();
    }
  }
}

void check_target(std::string_view input) {
  const Result<HttpTarget> target = parse_target(input);
  if (!target.ok() || target->path == "*") return;
  std::string joined, encoded;
  for (const std::string& segment : target->segments) {
    if (segment == ".." || segment == "." || segment.find('\0') != std::string::npos || !is_valid_utf8(segment)) std::abort();
    joined += "/" + segment;
    encoded += "/" + to_segment(segment);
  }
  if (joined != target->path || joined.find("/../") != std::string::npos || target->query.size() > kMostParameters) std::abort();
  const Result<HttpTarget> again = parse_target(encoded);
  if (!again.ok() || again->segments != target->segments) std::abort();
}

void check_conditions(std::string_view input) {
  const std::size_t cut = input.size() / 2;
  HttpRequest request;
  request.method = "GET";
  const HttpValidators current{std::string(input.substr(0, cut)), kNow};
  for (const char* name : {"If-Match", "If-None-Match", "If-Range", "If-Modified-Since", "If-Unmodified-Since"}) {
    request.fields = {{name, std::string(input.substr(cut))}};
    (void)judge_conditions(request, &current, kNow);
    (void)judge_conditions(request, nullptr, kNow);
    if (is_range_wanted(request, current, kNow) && current.etag.starts_with("W/") && std::string_view(name) == "If-Range" &&
        !from_http_date(request.fields[0].value, kNow)) {
      std::abort();
    }
  }
}

void check_reply(std::string_view input) {
  std::string out;
  append_head(out, HttpReply{.status = 200, .fields = {{std::string(input.substr(0, input.size() / 3)), std::string(input)}}}, {.date = kNow, .size_bytes = 1});
  if (out.find("\r\n\r\n") != out.size() - 4) std::abort();
  (void)problem(400, input);
  std::size_t total = 0;
  for (const std::string_view element : http_list(input)) total += element.size();
  if (total > input.size()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view input(reinterpret_cast<const char*>(bytes) + 1, size - 1);
  switch (bytes[0] % 6) {
    case 0: check_date(input); break;
    case 1: check_ranges(input, size * 7 % 1000); break;
    case 2: check_target(input); break;
    case 3: check_conditions(input); break;
    case 4: check_reply(input); break;
    default:
      (void)prefers_gzip(input);
      (void)is_packable(input);
      (void)preferred_type(input, std::array<std::string_view, 2>{"text/html", "text/plain"});
  }
  return 0;
}
