// Reads requests from what a connection has buffered (RFC 9112): a scan that knows no mercy, then Boost.Beast's parser.
//
// The scan is there because two parsers that differ let one client put words into another's connection (request smuggling). Beast
// takes folded fields, equal lengths twice, and an encoding that it does not know for no body at all; we refuse these.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "adapters/net/http_request.h"
#include "base/result.h"

namespace telepost::adapters::net {

// After it nothing that the connection brings can be trusted.
struct HttpRefusal {
  unsigned status = 400;
  std::string reason;
};

struct HttpRequestLimits {
  std::size_t target_bytes = 8 << 10;
  std::size_t header_bytes = 16 << 10;  // of a head, and of a body's chunk line or trailers
  std::size_t header_fields = 100;
};

// Between two requests it holds nothing. Not for several threads.
class HttpRequestReader {
 public:
  enum class Step : unsigned char { incomplete, complete, broken };
  explicit HttpRequestReader(HttpRequestLimits limits);
  ~HttpRequestReader();

  // Looks at all that is buffered; what it saw last time must still be its front. Complete: head_bytes() of it are taken.
  Step read_head(std::string_view buffered);
  std::size_t head_bytes() const { return head_bytes_; }
  const HttpRefusal& refusal() const { return refusal_; }  // of broken

  // From complete until next().
  const HttpRequest& request() const { return request_; }
  bool wants_close() const { return wants_close_; }
  bool expects_continue() const { return expects_continue_; }

  // Precondition: not is_body_done(). Complete: size_bytes of what is buffered are taken, of which `content` is body (none at its end).
  struct Piece {
    Step step = Step::incomplete;
    std::size_t size_bytes = 0;
    std::string_view content{};
  };
  Piece read_body(std::string_view buffered);
  bool is_body_done() const;

  // Forgets the request.
  void next();

 private:
  class Parser;
  Step refuse(unsigned status, std::string reason);
  Step scan(std::string_view buffered);
  Step parse(std::string_view head);
  Step check_framing();
  Step check_fields();
  Step check_host(std::string_view of_target);

  const HttpRequestLimits limits_;
  std::unique_ptr<Parser> parser_;
  HttpRequest request_;
  HttpRefusal refusal_;
  std::size_t scanned_bytes_ = 0;
  std::size_t line_begin_ = 0;
  std::size_t first_line_end_ = 0;  // 0: it is not here yet
  std::size_t head_bytes_ = 0;
  bool wants_close_ = false;
  bool expects_continue_ = false;
};

}  // namespace telepost::adapters::net
