#include "adapters/net/http_request_codec.h"

#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

#include <algorithm>
#include <array>

#include "adapters/net/http_field_codec.h"
#include "adapters/net/http_target_codec.h"
#include "base/bytes.h"

namespace telepost::adapters::net {
namespace {

namespace http = boost::beast::http;
using boost::beast::error_code;

constexpr std::size_t kLineBesideTarget = 64;  // method and version
// "0", CRLF, CRLF: what is left of every chunked body that is not done. Beast must not see less of it (below).
constexpr std::size_t kLeastChunkedEnd = 5;
constexpr std::uint64_t kMostBodyBytes = std::uint64_t{1} << 60;

// Two of one of these mean two things to two readers.
constexpr std::array<std::string_view, 11> kOnlyOnce{"Host",           "Content-Length", "Content-Type", "Authorization",
                                                     "Range",          "If-Range",       "Content-Range", "If-Modified-Since",
                                                     "If-Unmodified-Since", "Sec-WebSocket-Key", "Transfer-Encoding"};

std::size_t count_of(const HttpFields& fields, std::string_view name) {
  return static_cast<std::size_t>(std::count_if(fields.begin(), fields.end(), [&](const HttpField& field) {
    return equals_ignoring_case(field.name, name);
  }));
}

bool is_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// Whether the request line ends in a version, and not in one of ours with something before it that is no target.
bool names_foreign_version(std::string_view head) {
  const std::string_view line = head.substr(0, head.find("\r\n"));
  const std::string_view version = line.substr(line.size() - std::min<std::size_t>(line.size(), 8));
  const bool is_version = version.size() == 8 && version.starts_with("HTTP/") && is_digits(version.substr(5, 1)) && version[6] == '.' &&
                          is_digits(version.substr(7));
  return is_version && version != "HTTP/1.1" && version != "HTTP/1.0";
}

bool may_stand_in_host(char c) {
  return is_alphanumeric(c) || std::string_view("-._~!$&'()*+,;=:[]%").find(c) != std::string_view::npos;
}

}  // namespace

class HttpRequestReader::Parser final : public http::basic_parser<true> {
  using View = boost::beast::string_view;
  static std::string_view plain(View view) { return {view.data(), view.size()}; }

 public:
  explicit Parser(HttpRequest& request) : request_(request) {
    eager(false);  // one step at a time: a piece is a view of what is buffered
    header_limit(1u << 30);  // the scan has its own
    body_limit(boost::none);
  }
  std::string target;
  std::string_view piece;

  // How much must be buffered before it may look. When the line of the last chunk is here and what is behind it is not, Beast
  // 1.81 asserts on its next call that there are five bytes, as there are behind another chunk but not when that line is the
  // first: three bytes and a pause would end the process.
  std::size_t least_bytes() const { return chunked() && chunk_left_ == 0 ? kLeastChunkedEnd : 1; }

 private:
  void on_request_impl(http::verb, View method, View request_target, int version, error_code&) override {
    request_.method = plain(method);
    request_.version = static_cast<unsigned>(version);
    target = plain(request_target);
  }
  void on_field_impl(http::field, View name, View value, error_code&) override {
    if (!is_header_done_) request_.fields.push_back({std::string(plain(name)), std::string(plain(value))});
  }  // trailers are checked and forgotten (RFC 9110 section 6.5.1)
  void on_header_impl(error_code&) override { is_header_done_ = true; }
  std::size_t on_body_impl(View body, error_code&) override {
    piece = plain(body);
    return body.size();
  }
  void on_chunk_header_impl(std::uint64_t size, View, error_code& code) override {
    if (size > kMostBodyBytes) code = http::error::bad_chunk;
    chunk_left_ = size;
  }
  std::size_t on_chunk_body_impl(std::uint64_t left, View body, error_code&) override {
    piece = plain(body);
    chunk_left_ = left - body.size();
    return body.size();
  }
  void on_response_impl(int, View, int, error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  void on_finish_impl(error_code&) override {}

  HttpRequest& request_;
  std::uint64_t chunk_left_ = 0;
  bool is_header_done_ = false;
};

HttpRequestReader::HttpRequestReader(HttpRequestLimits limits) : limits_(limits) {}
HttpRequestReader::~HttpRequestReader() = default;

void HttpRequestReader::next() {
  parser_.reset();
  request_ = {};
  refusal_ = {};
  scanned_bytes_ = line_begin_ = first_line_end_ = head_bytes_ = 0;
  wants_close_ = expects_continue_ = false;
}

HttpRequestReader::Step HttpRequestReader::refuse(unsigned status, std::string reason) {
  refusal_ = {status, std::move(reason)};
  return Step::broken;
}

HttpRequestReader::Step HttpRequestReader::read_head(std::string_view buffered) {
  const Step scanned = scan(buffered);
  if (scanned != Step::complete) return scanned;
  // RFC 9112 section 2.2: one empty line before a request is some clients' habit.
  const std::size_t begin = buffered.starts_with("\r\n") ? 2 : 0;
  return parse(buffered.substr(begin, head_bytes_ - begin));
}

// For the empty line behind the fields.
HttpRequestReader::Step HttpRequestReader::scan(std::string_view buffered) {
  for (std::size_t end; (end = buffered.find('\n', scanned_bytes_)) != std::string_view::npos;) {
    const std::string_view line = buffered.substr(line_begin_, end - line_begin_);
    if (!line.ends_with('\r') || line.find('\r') != line.size() - 1) return refuse(400, "lines end in CRLF and nothing else");
    if (end > limits_.header_bytes) break;
    scanned_bytes_ = end + 1;
    const bool is_leading = line_begin_ == 0 && line.size() == 1;
    line_begin_ = end + 1;
    if (is_leading) continue;
    if (first_line_end_ == 0 && line.size() > limits_.target_bytes + kLineBesideTarget) return refuse(414, "the target is too long");
    if (first_line_end_ == 0) first_line_end_ = end;
    if (line.front() == ' ' || line.front() == '\t') return refuse(400, "a folded field");  // RFC 9112 section 5.2
    if (line.size() > 1) continue;
    head_bytes_ = end + 1;
    return Step::complete;
  }
  scanned_bytes_ = std::max(scanned_bytes_, std::min(buffered.size(), limits_.header_bytes));
  const std::size_t begun = buffered.size() - line_begin_;
  if (first_line_end_ == 0 && begun > limits_.target_bytes + kLineBesideTarget) return refuse(414, "the target is too long");
  if (buffered.size() > limits_.header_bytes) return refuse(431, "the header is too large");
  return Step::incomplete;
}

HttpRequestReader::Step HttpRequestReader::parse(std::string_view head) {
  if (head == "\r\n") return refuse(400, "empty lines are no request");
  parser_ = std::make_unique<Parser>(request_);
  error_code code;
  const std::size_t size = parser_->put({head.data(), head.size()}, code);
  if (code == http::error::bad_version && names_foreign_version(head)) return refuse(505, "HTTP/1.1 is spoken here");
  if (code || size != head.size() || !parser_->is_header_done()) return refuse(400, "no request: " + code.message());
  if (parser_->target.size() > limits_.target_bytes) return refuse(414, "the target is too long");
  if (request_.fields.size() > limits_.header_fields) return refuse(431, "too many fields");
  if (request_.method == "CONNECT") return refuse(501, "this is no proxy");
  Result<HttpTarget> target = parse_target(parser_->target);
  if (!target.ok()) return refuse(400, "the target has " + target.error().detail);
  if (target->path == "*" && request_.method != "OPTIONS") return refuse(400, "only OPTIONS asks for *");
  request_.is_head = request_.method == "HEAD";
  if (request_.is_head) request_.method = "GET";
  request_.path = std::move(target->path);
  request_.segments = std::move(target->segments);
  request_.query = std::move(target->query);
  wants_close_ = request_.version < 11 || !parser_->keep_alive();
  const bool is_sound = check_fields() == Step::complete && check_framing() == Step::complete && check_host(target->host) == Step::complete;
  return is_sound ? Step::complete : Step::broken;
}

HttpRequestReader::Step HttpRequestReader::check_fields() {
  for (const std::string_view name : kOnlyOnce) {
    if (count_of(request_.fields, name) > 1) return refuse(400, std::string(name) + " stands twice");
  }
  const std::optional<std::string> expected = request_.field("Expect");
  if (!expected || request_.version < 11) return Step::complete;  // RFC 9110 section 10.1.1
  if (!equals_ignoring_case(*expected, "100-continue")) return refuse(417, "only 100-continue can be expected");
  expects_continue_ = true;
  return Step::complete;
}

// RFC 9112 section 6: where the body ends must be beyond doubt.
HttpRequestReader::Step HttpRequestReader::check_framing() {
  const std::optional<std::string> length = request_.field("Content-Length"), encoding = request_.field("Transfer-Encoding");
  if (encoding && length) return refuse(400, "Content-Length beside Transfer-Encoding");
  if (encoding && request_.version < 11) return refuse(400, "Transfer-Encoding in HTTP/1.0");
  if (encoding && !equals_ignoring_case(*encoding, "chunked")) {
    const std::vector<std::string_view> codings = http_list(*encoding);
    const bool ends_chunked = !codings.empty() && equals_ignoring_case(codings.back(), "chunked");
    return ends_chunked ? refuse(501, "no transfer coding but chunked is known") : refuse(400, "the body has no end");
  }
  if (length && (!is_digits(*length) || length->size() > 18)) return refuse(400, "Content-Length is no number");
  if (encoding) return Step::complete;
  request_.body_size_bytes = length ? std::stoull(*length) : 0;
  return Step::complete;
}

// RFC 9112 section 3.2.
HttpRequestReader::Step HttpRequestReader::check_host(std::string_view of_target) {
  const std::optional<std::string> host = request_.field("Host");
  if (!host && request_.version >= 11) return refuse(400, "Host is missing");
  if (host && !std::all_of(host->begin(), host->end(), may_stand_in_host)) return refuse(400, "Host is no host");
  request_.host = !of_target.empty() ? std::string(of_target) : host.value_or("");
  return Step::complete;
}

bool HttpRequestReader::is_body_done() const { return !parser_ || parser_->is_done(); }

HttpRequestReader::Piece HttpRequestReader::read_body(std::string_view buffered) {
  Piece taken;
  parser_->piece = {};
  while (!parser_->is_done() && parser_->piece.empty()) {
    const std::string_view rest = buffered.substr(taken.size_bytes);
    if (rest.size() < parser_->least_bytes()) return taken;
    error_code code;
    const std::size_t size = parser_->put({rest.data(), rest.size()}, code);
    taken.size_bytes += size;
    const bool needs_more = code == http::error::need_more;
    if (code && !needs_more) {
      taken.step = refuse(400, "a chunk is none: " + code.message());
      return taken;
    }
    const bool is_too_long = needs_more ? rest.size() >= limits_.header_bytes : parser_->piece.empty() && size > limits_.header_bytes;
    if (is_too_long) taken.step = refuse(400, "a chunk's line is too long");
    if (is_too_long || needs_more) return taken;
  }
  taken.step = Step::complete;
  taken.content = parser_->piece;
  return taken;
}

}  // namespace telepost::adapters::net
