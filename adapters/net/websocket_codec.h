// WebSocket (RFC 6455), the server's side: the opening handshake, and frames out of what a connection has buffered and into it. No
// extensions are offered: permessage-deflate would keep 300 KiB for each connection, and packs secrets beside strangers' text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "adapters/net/http_reply.h"
#include "adapters/net/http_request.h"

namespace telepost::adapters::net {

// ---- The opening handshake (section 4.2).
std::string websocket_accept(std::string_view key);  // Sec-WebSocket-Accept
// Why the request opens no WebSocket of that subprotocol: 400, or 426 with the version that is spoken. Nothing where it does.
std::optional<HttpReply> websocket_refusal(const HttpRequest& request, std::string_view subprotocol);
// What "101 Switching Protocols" says beside Connection.
HttpFields websocket_fields(const HttpRequest& request, std::string_view subprotocol);

// ---- Frames (section 5).
enum class WebSocketOpcode : std::uint8_t { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };
inline constexpr std::size_t kMostControlBytes = 125;

// Section 7.4.1, and the registry of section 11.7 (1013).
enum class WebSocketClose : std::uint16_t {
  normal = 1000, going_away = 1001, protocol_error = 1002, unsupported = 1003, no_status = 1005, not_utf8 = 1007, policy = 1008,
  too_big = 1009, internal_error = 1011, try_again_later = 1013,
};

// An unmasked frame's head: `size_bytes` of payload follow. The whole message.
void append_frame_head(std::string& out, WebSocketOpcode opcode, std::uint64_t size_bytes);
// Precondition: no more than kMostControlBytes.
void append_control_frame(std::string& out, WebSocketOpcode opcode, std::string_view payload);
void append_close_frame(std::string& out, WebSocketClose status, std::string_view reason);  // the reason is cut to what fits

// Text messages out of a client's frames. Between two messages it holds nothing. Not for several threads.
class WebSocketReader {
 public:
  enum class Step : unsigned char {
    incomplete,
    message,  // take_message()
    ping,     // payload()
    pong,
    close,    // status() is to be answered; nothing counts that comes behind it
    broken,   // status() and reason() say why; nothing that the connection brings can be trusted
  };
  explicit WebSocketReader(std::uint64_t max_message_bytes) : max_message_bytes_(max_message_bytes) {}

  // Takes size_bytes of what is buffered, up to the end of the next event.
  struct Taken {
    Step step = Step::incomplete;
    std::size_t size_bytes = 0;
  };
  Taken read(std::string_view buffered);

  // Of the message under way. Bytes of a head that is not whole yet stay buffered.
  std::uint64_t message_bytes() const { return message_.size(); }
  bool is_inside() const { return is_in_message_ || is_in_frame_; }
  std::string take_message();  // once, of message
  const std::string& payload() const { return payload_; }
  WebSocketClose status() const { return status_; }
  std::string_view reason() const { return reason_; }

 private:
  struct Head {
    std::uint8_t opcode;
    bool is_final;
    std::uint64_t size_bytes;
    std::size_t head_bytes;
  };
  std::optional<Head> parse_head(std::string_view buffered);
  bool check_head(const Head& head);
  Step take_control(const Head& head, std::string_view masked);
  Step take_close();
  Step fail(WebSocketClose status, std::string_view reason);
  bool append_unmasked(std::string_view masked);
  Step end_frame();

  const std::uint64_t max_message_bytes_;
  std::string message_;
  std::size_t checked_bytes_ = 0;  // of the message: they are UTF-8
  std::uint64_t left_bytes_ = 0;   // of the frame
  std::uint32_t mask_ = 0;         // as it lies in the frame, from its byte that is next
  bool is_in_frame_ = false;
  bool is_in_message_ = false;
  bool is_final_ = false;          // the frame ends the message
  std::string payload_;
  WebSocketClose status_ = WebSocketClose::normal;
  std::string_view reason_;
};

}  // namespace telepost::adapters::net
