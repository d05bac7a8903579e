// RFC 6455: the opening handshake and frames, by the RFC's own examples and by what it forbids.
#include <gtest/gtest.h>

#include "adapters/net/websocket_codec.h"
#include "base/bytes.h"

namespace telepost::adapters::net {
namespace {

using Step = WebSocketReader::Step;

HttpRequest handshake() {
  HttpRequest request;
  request.method = "GET";
  request.fields = {{"Host", "server.example.com"}, {"Upgrade", "websocket"}, {"Connection", "keep-alive, Upgrade"},
                    {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}, {"Sec-WebSocket-Protocol", "chat, jmap"}, {"Sec-WebSocket-Version", "13"}};
  return request;
}

unsigned refused(const HttpRequest& request) {
  const auto refusal = websocket_refusal(request, "jmap");
  return refusal ? refusal->status : 0;
}

unsigned refused_with(const std::string& name, const std::string& value) {
  HttpRequest request = handshake();
  for (HttpField& field : request.fields) {
    if (field.name == name) field.value = value;
  }
  return refused(request);
}

TEST(WebSocketHandshake, Rfc6455Section1_3Example) {
  EXPECT_EQ(websocket_accept("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  EXPECT_EQ(refused(handshake()), 0u);
  const HttpFields fields = websocket_fields(handshake(), "jmap");
  EXPECT_EQ(find_field(fields, "Sec-WebSocket-Accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  EXPECT_EQ(find_field(fields, "Sec-WebSocket-Protocol"), "jmap");
  EXPECT_EQ(find_field(fields, "Upgrade"), "websocket");
  EXPECT_EQ(find_field(fields, "Sec-WebSocket-Extensions"), std::nullopt);
}

TEST(WebSocketHandshake, Section4_2_1RefusesWhatIsNone) {
  for (const char* const name : {"Upgrade", "Connection", "Sec-WebSocket-Key", "Sec-WebSocket-Protocol"}) EXPECT_EQ(refused_with(name, "x"), 400u) << name;
  EXPECT_EQ(refused_with("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ="), 400u);
  EXPECT_EQ(refused_with("Sec-WebSocket-Key", "c2hvcnQ="), 400u);
  HttpRequest head = handshake(), old = handshake(), post = handshake();
  head.is_head = true;
  old.version = 10;
  post.method = "POST";
  for (const HttpRequest& request : {head, old, post}) EXPECT_EQ(refused(request), 400u);
}

TEST(WebSocketHandshake, Section4_4TellsTheVersion) {
  for (const char* const version : {"8", "12", "14", ""}) EXPECT_EQ(refused_with("Sec-WebSocket-Version", version), 426u);
  HttpRequest request = handshake();
  request.fields.pop_back();
  EXPECT_EQ(find_field(websocket_refusal(request, "jmap")->fields, "Sec-WebSocket-Version"), "13");
}

// A client's frame.
std::string frame(unsigned first, std::string_view payload, std::string_view mask = "\x37\xfa\x21\x3d") {
  std::string out;
  ByteWriter writer(out);
  writer.u8(static_cast<std::uint8_t>(first));
  if (payload.size() < 126) writer.u8(static_cast<std::uint8_t>(0x80 | payload.size()));
  else if (payload.size() < 65536) writer.u8(0x80 | 126).u16(static_cast<std::uint16_t>(payload.size()));
  else writer.u8(0x80 | 127).u64(payload.size());
  writer.raw(mask);
  for (std::size_t i = 0; i < payload.size(); ++i) out += static_cast<char>(payload[i] ^ mask[i % 4]);
  return out;
}

struct Reading {
  explicit Reading(std::uint64_t most = 1000) : reader(most) {}
  // The next event; what was read goes.
  Step next() {
    const auto taken = reader.read(bytes);
    bytes.erase(0, taken.size_bytes);
    return taken.step;
  }
  WebSocketReader reader;
  std::string bytes;
};

WebSocketClose broken_by(std::string_view bytes) {
  Reading reading;
  reading.bytes = bytes;
  Step step = Step::incomplete;
  do step = reading.next();
  while (step == Step::ping || step == Step::pong);
  EXPECT_EQ(step, Step::broken) << to_hex(bytes);
  EXPECT_FALSE(reading.reader.reason().empty());
  return reading.reader.status();
}

TEST(WebSocketFrames, Rfc6455Section5_7Examples) {
  Reading reading;
  reading.bytes = std::string("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", 11);  // a single-frame masked text message
  EXPECT_EQ(reading.next(), Step::message);
  EXPECT_EQ(reading.reader.take_message(), "Hello");
  reading.bytes = std::string("\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", 11);  // a masked pong
  EXPECT_EQ(reading.next(), Step::pong);
  EXPECT_EQ(broken_by(std::string("\x81\x05\x48\x65\x6c\x6c\x6f", 7)), WebSocketClose::protocol_error);  // unmasked: a server's
  std::string out;
  append_frame_head(out, WebSocketOpcode::text, 5);
  EXPECT_EQ(out, "\x81\x05");
  out.clear();
  append_control_frame(out, WebSocketOpcode::ping, "Hello");
  EXPECT_EQ(out, "\x89\x05Hello");
  out.clear();
  append_frame_head(out, WebSocketOpcode::text, 256);
  EXPECT_EQ(to_hex(out), "817e0100");
  out.clear();
  append_frame_head(out, WebSocketOpcode::text, 65536);
  EXPECT_EQ(to_hex(out), "817f0000000000010000");
}

TEST(WebSocketFrames, Section5_4ControlFramesStandBetweenFragments) {
  const std::string text = "gr\xc3\xbc\xc3\x9f" "e";
  Reading reading;
  reading.bytes = frame(0x01, text.substr(0, 3)) + frame(0x89, "there?") + frame(0x00, "") + frame(0x80, text.substr(3)) + frame(0x81, "");
  EXPECT_EQ(reading.next(), Step::ping);
  EXPECT_EQ(reading.reader.payload(), "there?");
  EXPECT_TRUE(reading.reader.is_inside());
  EXPECT_EQ(reading.next(), Step::message);
  EXPECT_FALSE(reading.reader.is_inside());
  EXPECT_EQ(reading.reader.take_message(), text);
  EXPECT_EQ(reading.next(), Step::message);
  EXPECT_EQ(reading.reader.take_message(), "");
  EXPECT_EQ(reading.next(), Step::incomplete);
}

TEST(WebSocketFrames, AreTheSameHoweverTheyAreCut) {
  const std::string bytes = frame(0x01, std::string(200, 'a') + "\xf0\x9f") + frame(0x8a, "") + frame(0x80, "\x98\x80");
  for (std::size_t drop = 1; drop < bytes.size(); drop += 7) {
    Reading reading;
    std::vector<Step> steps;
    for (std::size_t at = 0; at < bytes.size(); at += drop) {
      reading.bytes += bytes.substr(at, drop);
      for (Step step; (step = reading.next()) != Step::incomplete;) steps.push_back(step);
      EXPECT_LT(reading.bytes.size(), 140u);
    }
    EXPECT_EQ(steps, (std::vector<Step>{Step::pong, Step::message}));
    EXPECT_EQ(reading.reader.take_message(), std::string(200, 'a') + "\xf0\x9f\x98\x80");
  }
}

TEST(WebSocketFrames, Section5_2ReservedBitsAndOpcodesBreakIt) {
  for (const unsigned first : {0xc1u, 0xa1u, 0x91u, 0x83u, 0x87u, 0x8bu, 0x8fu}) EXPECT_EQ(broken_by(frame(first, "x")), WebSocketClose::protocol_error) << first;
  EXPECT_EQ(broken_by(std::string("\x81\xfe\x00\x05" "abcdxxxxx", 13)), WebSocketClose::protocol_error);  // 126 where 7 bits do
  EXPECT_EQ(broken_by(std::string("\x81\xff\x00\x00\x00\x00\x00\x00\x01\x00" "abcd", 14)), WebSocketClose::protocol_error);
  EXPECT_EQ(broken_by(std::string("\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff" "abcd", 14)), WebSocketClose::protocol_error);
}

TEST(WebSocketFrames, Section5_4FragmentsThatAreNone) {
  EXPECT_EQ(broken_by(frame(0x80, "x")), WebSocketClose::protocol_error);
  EXPECT_EQ(broken_by(frame(0x01, "x") + frame(0x81, "y")), WebSocketClose::protocol_error);
  EXPECT_EQ(broken_by(frame(0x09, "x")), WebSocketClose::protocol_error);  // section 5.5: control frames are whole
  EXPECT_EQ(broken_by(frame(0x89, std::string(126, 'x'))), WebSocketClose::protocol_error);
}

TEST(WebSocketFrames, Section8_1TextIsUtf8) {
  for (const std::string text : {"\xc3\x28", "\xff", "\xed\xa0\x80", "\xc3", "abc\xf0\x9f\x98"}) EXPECT_EQ(broken_by(frame(0x81, text)), WebSocketClose::not_utf8);
  EXPECT_EQ(broken_by(frame(0x01, "\xff")), WebSocketClose::not_utf8) << "before the message's end";
  EXPECT_EQ(broken_by(frame(0x82, "x")), WebSocketClose::unsupported) << "binary";
}

TEST(WebSocketFrames, AreBounded) {
  Reading whole(10);
  whole.bytes = frame(0x81, "0123456789");
  EXPECT_EQ(whole.next(), Step::message);
  for (const std::string& bytes : {frame(0x81, "0123456789a").substr(0, 6) /* its head is enough */, frame(0x01, "01234567") + frame(0x80, "abc"),
                                   std::string("\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff" "abcd", 14)}) {
    Reading reading(10);
    reading.bytes = bytes;
    EXPECT_EQ(reading.next(), Step::broken);
    EXPECT_EQ(reading.reader.status(), WebSocketClose::too_big);
    EXPECT_EQ(reading.reader.message_bytes(), 0u);
  }
}

TEST(WebSocketFrames, Section7_4WhatACloseMaySay) {
  const auto status = [](std::string payload) {
    Reading reading;
    reading.bytes = frame(0x88, payload);
    EXPECT_EQ(reading.next(), Step::close) << to_hex(payload);
    return static_cast<int>(reading.reader.status());
  };
  EXPECT_EQ(status(""), 1005);
  EXPECT_EQ(status("\x03\xe8" "bye"), 1000);
  EXPECT_EQ(status("\x03\xe9"), 1001);
  EXPECT_EQ(status("\x0f\xa0"), 4000);
  for (const std::string& payload : {std::string("\x03"), std::string("\x00\x00", 2), std::string("\x03\xe7"), std::string("\x03\xed"), std::string("\x03\xee"),
                                    std::string("\x03\xf7"), std::string("\x07\xd0"), std::string("\x13\x88")}) {
    EXPECT_EQ(broken_by(frame(0x88, payload)), WebSocketClose::protocol_error) << to_hex(payload);
  }
  EXPECT_EQ(broken_by(frame(0x88, "\x03\xe8\xff")), WebSocketClose::not_utf8);
}

TEST(WebSocketFrames, AReasonIsCutBetweenCharacters) {
  std::string out;
  append_close_frame(out, WebSocketClose::policy, std::string(122, 'a') + "\xc3\xbc");
  EXPECT_EQ(out, std::string("\x88\x7c\x03\xf0") + std::string(122, 'a'));
  out.clear();
  append_close_frame(out, WebSocketClose::no_status, "nothing of this");
  EXPECT_EQ(out, std::string("\x88\x00", 2));
}

}  // namespace
}  // namespace telepost::adapters::net
