#include "tests/support/random_document.h"

#include <array>

namespace telepost::tests {

using namespace schema;

std::string RandomDocument::text(std::size_t max_size) {
  static const std::array<std::string, 20> kPieces = {"ann@example.test",
                                                      "<b>&amp;</b>",
                                                      "]]>",
                                                      "\"'",
                                                      "Gr\xc3\xbc\xc3\x9f"
                                                      "e ",
                                                      "\xf0\x9f\x93\xa0",
                                                      "\t\n",
                                                      "\r\n",
                                                      "\r",
                                                      std::string(1, '\0'),
                                                      "\x01\x1b",
                                                      "\x7f",
                                                      "\xc2\x85\xe2\x80\xa8",
                                                      "\xef\xbf\xbd",
                                                      "\xef\xbf\xbe\xef\xbf\xbf",
                                                      "\xff\xfe",
                                                      "\xc0\x80",
                                                      "\xed\xa0\x80",
                                                      "\xf4\x90\x80\x80",
                                                      "\xe2\x82"};
  const std::size_t size = below(max_size + 1);
  std::string out;
  const std::uint64_t manner = below(4);
  while (out.size() < size) {
    if (manner == 0)
      out.append(kPieces[below(kPieces.size())]);
    else if (manner == 1)
      out.push_back(static_cast<char>(below(256)));
    else
      out.push_back(static_cast<char>(' ' + below(95)));
  }
  return out;
}

std::uint64_t RandomDocument::any64() {
  return engine_() >> below(64);
}
Time RandomDocument::time() {
  return from_millis(static_cast<std::int64_t>(below(253'402'300'799'999)));
}  // to 9999
Duration RandomDocument::duration() {
  return Duration(static_cast<std::int64_t>(below(std::uint64_t{1} << below(40))));
}
MessageId RandomDocument::message_id() {
  return {AccountId{any64()}, LocalId{any64() | 1}};
}
Digest RandomDocument::digest() {
  Digest digest;
  for (char& c : digest.bytes) c = static_cast<char>(below(256));
  return digest;
}

Part RandomDocument::part(unsigned depth) {
  Part part;
  part.id = depth == 0 ? "" : std::to_string(below(9) + 1);
  part.type = coin() ? "text/plain" : text(30);
  part.charset = text(12);
  part.disposition = coin() ? "attachment" : text(8);
  part.filename = text(40);
  part.encoding = coin() ? "base64" : text(8);
  part.content_id = text(40);
  part.header = {any64(), any64()};
  part.body = {any64(), any64()};
  part.lines = static_cast<std::uint32_t>(any64());
  part.digest = maybe(digest());
  for (std::uint64_t i = depth > 4 ? 0 : below(4); i > 0; --i) part.children.push_back(this->part(depth + 1));
  return part;
}

Facts RandomDocument::facts(Kind kind) {
  const auto u32 = [this] { return static_cast<std::uint32_t>(any64()); };
  switch (kind) {
    case Kind::voice:
      return VoiceFacts{maybe(duration()), text(30), text(30), text(30),     text(12),
                        text(12),          text(16), text(40), maybe(time())};
    case Kind::fax:
      return FaxFacts{maybe(u32()), text(10), text(20), text(30), text(30), text(30), text(40)};
    case Kind::sms:
      return SmsFacts{text(8), maybe(u32()), u32(), u32(), text(30), text(30)};
    case Kind::video:
      return VideoFacts{text(16), maybe(u32()), maybe(u32()), maybe(duration()), text(30), text(30)};
    case Kind::email:
    case Kind::mms:
    case Kind::image:
    case Kind::text:
      return {};
  }
  return {};
}

Document RandomDocument::document(Kind kind) {
  Document document;
  document.id = message_id();
  document.kind = kind;
  document.received = time();
  document.size_bytes = any64();
  document.trace_size_bytes = any64();
  document.digest = digest();
  document.envelope.from = text(40);
  for (std::uint64_t i = below(5); i > 0; --i) document.envelope.to.push_back(text(40));
  document.origin = {text(8), text(20), text(30), text(20), maybe(text(12))};
  document.importance = static_cast<Importance>(below(3));
  document.sensitivity = static_cast<Sensitivity>(below(4));
  document.subject = text(80);
  document.preview = text(256);
  for (std::uint64_t i = below(25); i > 0; --i) document.fields.push_back({text(20), text(200)});
  document.root = part(0);
  document.facts = facts(kind);
  for (std::uint64_t i = below(3); i > 0; --i) document.defects.push_back(text(60));
  return document;
}

Annotation RandomDocument::annotation() {
  return {message_id(), time(), text(16), text(8), text(20), text(2000)};
}

}  // namespace telepost::tests
