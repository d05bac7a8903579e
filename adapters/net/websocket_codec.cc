#include "adapters/net/websocket_codec.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>

#include "adapters/net/http_field_codec.h"
#include "base/assert.h"
#include "base/bytes.h"

namespace telepost::adapters::net {
namespace {

constexpr std::string_view kHandshakeId = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";  // section 1.3
constexpr std::size_t kKeyBytes = 16;

bool names(const std::optional<std::string>& field, std::string_view wanted) {
  if (!field) return false;
  const std::vector<std::string_view> all = http_list(*field);
  return std::any_of(all.begin(), all.end(), [&](std::string_view one) { return equals_ignoring_case(one, wanted); });
}

bool is_key(std::string_view key) {
  const Result<std::string> decoded = from_base64(key);
  return decoded.ok() && decoded->size() == kKeyBytes;
}

std::uint64_t number_in(std::string_view bytes) {
  std::uint64_t number = 0;
  for (const char byte : bytes) number = number << 8 | static_cast<unsigned char>(byte);
  return number;
}

// Up to where characters are whole, if those before are: the rest is at most the beginning of one.
std::size_t whole_characters(std::string_view text) {
  for (std::size_t back = 1; back <= std::min<std::size_t>(3, text.size()); ++back) {
    const auto byte = static_cast<unsigned char>(text[text.size() - back]);
    if ((byte & 0xc0) == 0x80) continue;
    const std::size_t wanted = byte > 0xf4 ? 1 : byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc2 ? 2 : 1;
    return wanted > back ? text.size() - back : text.size();
  }
  return text.size();
}

// Section 7.4: what a peer may send.
bool may_be_sent(std::uint64_t status) {
  const bool is_defined = status >= 1000 && status <= 1014 && status != 1004 && status != 1005 && status != 1006;
  return is_defined || (status >= 3000 && status <= 4999);
}

}  // namespace

std::string websocket_accept(std::string_view key) {
  const std::string text = std::string(key) + std::string(kHandshakeId);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  // SHA-1 proves here that a WebSocket was understood, and nothing else.
  TELEPOST_ASSERT(EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha1(), nullptr) == 1);
  return to_base64({reinterpret_cast<const char*>(digest.data()), size});
}

std::optional<HttpReply> websocket_refusal(const HttpRequest& request, std::string_view subprotocol) {
  if (request.method != "GET" || request.is_head || request.version < 11 || !names(request.field("Upgrade"), "websocket") ||
      !names(request.field("Connection"), "Upgrade")) {
    return problem(400, "this address takes WebSockets alone");
  }
  if (request.field("Sec-WebSocket-Version") != "13") {
    HttpReply reply = problem(426, "version 13 is spoken here");
    reply.fields = {{"Sec-WebSocket-Version", "13"}, {"Upgrade", "websocket"}};
    return reply;
  }
  if (!is_key(request.field("Sec-WebSocket-Key").value_or(""))) return problem(400, "Sec-WebSocket-Key wants 16 bytes in Base64");
  if (!names(request.field("Sec-WebSocket-Protocol"), subprotocol)) {
    return problem(400, "Sec-WebSocket-Protocol does not name '" + std::string(subprotocol) + "'");
  }
  return std::nullopt;
}

HttpFields websocket_fields(const HttpRequest& request, std::string_view subprotocol) {
  return {{"Upgrade", "websocket"},
          {"Sec-WebSocket-Accept", websocket_accept(request.field("Sec-WebSocket-Key").value_or(""))},
          {"Sec-WebSocket-Protocol", std::string(subprotocol)}};
}

// ---- Frames out.

void append_frame_head(std::string& out, WebSocketOpcode opcode, std::uint64_t size_bytes) {
  ByteWriter writer(out);
  writer.u8(static_cast<std::uint8_t>(0x80 | static_cast<unsigned>(opcode)));
  if (size_bytes <= kMostControlBytes) writer.u8(static_cast<std::uint8_t>(size_bytes));
  else if (size_bytes <= 0xffff) writer.u8(126).u16(static_cast<std::uint16_t>(size_bytes));
  else writer.u8(127).u64(size_bytes);
}

void append_control_frame(std::string& out, WebSocketOpcode opcode, std::string_view payload) {
  TELEPOST_ASSERT(payload.size() <= kMostControlBytes);
  append_frame_head(out, opcode, payload.size());
  out += payload;
}

void append_close_frame(std::string& out, WebSocketClose status, std::string_view reason) {
  std::string payload;
  if (status != WebSocketClose::no_status) {
    ByteWriter(payload).u16(static_cast<std::uint16_t>(status));
    const std::string_view fits = reason.substr(0, kMostControlBytes - payload.size());
    payload += fits.substr(0, fits.size() == reason.size() ? fits.size() : whole_characters(fits));
  }
  append_control_frame(out, WebSocketOpcode::close, payload);
}

// ---- Frames in.

WebSocketReader::Step WebSocketReader::fail(WebSocketClose status, std::string_view reason) {
  status_ = status;
  reason_ = reason;
  std::string().swap(message_);
  return Step::broken;
}

std::string WebSocketReader::take_message() {
  checked_bytes_ = 0;
  return std::exchange(message_, {});
}

// Nothing: it is not whole yet. What its first two bytes break is told without the rest: check_head() wants no more.
std::optional<WebSocketReader::Head> WebSocketReader::parse_head(std::string_view buffered) {
  if (buffered.size() < 2) return std::nullopt;
  const auto first = static_cast<std::uint8_t>(buffered[0]), second = static_cast<std::uint8_t>(buffered[1]);
  Head head{static_cast<std::uint8_t>(first & 0x0f), (first & 0x80) != 0, second & 0x7fu, 0};
  if ((first & 0x70) != 0) fail(WebSocketClose::protocol_error, "a reserved bit is set");
  else if ((second & 0x80) == 0) fail(WebSocketClose::protocol_error, "a client's frames are masked");
  else if (head.opcode >= 8 && head.size_bytes > kMostControlBytes) fail(WebSocketClose::protocol_error, "a control frame is too large");
  if (!reason_.empty()) return head;
  const std::size_t more = head.size_bytes == 126 ? 2 : head.size_bytes == 127 ? 8 : 0;
  head.head_bytes = 2 + more + 4;
  if (buffered.size() < head.head_bytes) return std::nullopt;
  if (more > 0) head.size_bytes = number_in(buffered.substr(2, more));
  const bool is_least = more == 0 || (more == 2 ? head.size_bytes > kMostControlBytes : head.size_bytes > 0xffff);
  if (!is_least || head.size_bytes >> 63 != 0) fail(WebSocketClose::protocol_error, "a length is not written in its fewest bytes");
  return head;
}

// Sections 5.4, 5.5 and 11.8. False: broken.
bool WebSocketReader::check_head(const Head& head) {
  const auto refuse = [this](WebSocketClose status, std::string_view reason) { return fail(status, reason) != Step::broken; };
  if (head.opcode > 10 || (head.opcode > 2 && head.opcode < 8)) return refuse(WebSocketClose::protocol_error, "an opcode is reserved");
  if (head.opcode >= 8) return head.is_final || refuse(WebSocketClose::protocol_error, "a control frame is fragmented");
  const bool continues = head.opcode == static_cast<std::uint8_t>(WebSocketOpcode::continuation);
  if (continues && !is_in_message_) return refuse(WebSocketClose::protocol_error, "there is nothing to continue");
  if (!continues && is_in_message_) return refuse(WebSocketClose::protocol_error, "a message begins inside of another");
  if (head.opcode == static_cast<std::uint8_t>(WebSocketOpcode::binary)) return refuse(WebSocketClose::unsupported, "messages are text");
  if (head.size_bytes > max_message_bytes_ - message_.size()) return refuse(WebSocketClose::too_big, "the message is too large");
  return true;
}

WebSocketReader::Taken WebSocketReader::read(std::string_view buffered) {
  Taken taken;
  while (taken.step == Step::incomplete) {
    const std::string_view rest = buffered.substr(taken.size_bytes);
    if (is_in_frame_) {
      const std::string_view some = rest.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(rest.size(), left_bytes_)));
      taken.size_bytes += some.size();
      left_bytes_ -= some.size();
      if (!append_unmasked(some)) taken.step = fail(WebSocketClose::not_utf8, "a text is no UTF-8");
      else if (left_bytes_ == 0) taken.step = end_frame();
      else break;
      continue;
    }
    const std::optional<Head> head = parse_head(rest);
    if (!head) break;
    if (!reason_.empty() || !check_head(*head)) {
      taken.step = Step::broken;
    } else if (head->opcode >= 8) {
      if (rest.size() < head->head_bytes + head->size_bytes) break;  // 131 bytes at most: they stay buffered
      taken.step = take_control(*head, rest.substr(head->head_bytes - 4, static_cast<std::size_t>(head->size_bytes) + 4));
      taken.size_bytes += head->head_bytes + static_cast<std::size_t>(head->size_bytes);
    } else {
      mask_ = static_cast<std::uint32_t>(number_in(rest.substr(head->head_bytes - 4, 4)));
      left_bytes_ = head->size_bytes;
      is_final_ = head->is_final;
      is_in_frame_ = is_in_message_ = true;
      taken.size_bytes += head->head_bytes;
    }
  }
  return taken;
}

// False: what came cannot become UTF-8.
bool WebSocketReader::append_unmasked(std::string_view masked) {
  const std::size_t begin = message_.size();
  message_ += masked;
  for (std::size_t i = begin; i < message_.size(); ++i) {
    message_[i] = static_cast<char>(static_cast<unsigned char>(message_[i]) ^ (mask_ >> 24));
    mask_ = mask_ << 8 | mask_ >> 24;
  }
  const std::string_view unchecked = std::string_view(message_).substr(checked_bytes_);
  const std::size_t whole = whole_characters(unchecked);
  if (!is_valid_utf8(unchecked.substr(0, whole))) return false;
  checked_bytes_ += whole;
  return true;
}

WebSocketReader::Step WebSocketReader::end_frame() {
  is_in_frame_ = false;
  if (!is_final_) return Step::incomplete;
  is_in_message_ = false;
  if (checked_bytes_ != message_.size()) return fail(WebSocketClose::not_utf8, "a text is no UTF-8");
  return Step::message;
}

// The mask, and what it hides.
WebSocketReader::Step WebSocketReader::take_control(const Head& head, std::string_view masked) {
  payload_.clear();
  for (std::size_t i = 4; i < masked.size(); ++i) {
    payload_ += static_cast<char>(static_cast<unsigned char>(masked[i]) ^ static_cast<unsigned char>(masked[i % 4]));
  }
  if (head.opcode == static_cast<std::uint8_t>(WebSocketOpcode::ping)) return Step::ping;
  return head.opcode == static_cast<std::uint8_t>(WebSocketOpcode::pong) ? Step::pong : take_close();
}

// Section 5.5.1: what it says is said back.
WebSocketReader::Step WebSocketReader::take_close() {
  status_ = WebSocketClose::no_status;
  if (payload_.empty()) return Step::close;
  const std::uint64_t status = number_in(std::string_view(payload_).substr(0, 2));
  if (payload_.size() < 2 || !may_be_sent(status)) return fail(WebSocketClose::protocol_error, "a status that cannot be sent");
  if (!is_valid_utf8(std::string_view(payload_).substr(2))) return fail(WebSocketClose::not_utf8, "a reason is no UTF-8");
  status_ = static_cast<WebSocketClose>(status);
  return Step::close;
}

}  // namespace telepost::adapters::net
