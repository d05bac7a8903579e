#include "transcoders/mime/builder.h"

#include <gtest/gtest.h>

#include <random>

#include "base/bytes.h"
#include "transcoders/mime/charset.h"
#include "transcoders/mime/describe.h"
#include "transcoders/mime/service_facts.h"
#include "transcoders/mime/transfer.h"

namespace telepost::transcoders::mime {
namespace {

MessageFields fields_for_tests() {
  MessageFields fields{
      .from = {"Ann", "ann@example.test"}, .to = {{"", "bob@example.test"}}, .subject = "A subject"};
  fields.date = *from_rfc3339("2026-11-20T16:25:30Z");
  return fields;
}

std::string content_of(const schema::Part& part, std::string_view source) {
  return decode_transfer(source.substr(part.body.offset, part.body.size), part.encoding);
}

void expect_well_formed(std::string_view message) {
  std::size_t begin = 0;
  while (begin < message.size()) {
    const std::size_t end = message.find("\r\n", begin);
    ASSERT_NE(end, std::string_view::npos) << "ends without CRLF";
    EXPECT_LE(end - begin, 998u);
    EXPECT_TRUE(is_printable_ascii(message.substr(begin, end - begin))) << message.substr(begin, end - begin);
    begin = end + 2;
  }
  EXPECT_TRUE(scan(message).defects.empty());
}

TEST(MimeBuilder, VoiceIsShapedAsVpim) {  // RFC 3801 section 4.4.1
  const MediaPart message{"audio/32kadpcm", std::string(500, '\1'), "msg1.726", "", "", Duration(24100)};
  const MediaPart name{"audio/32kadpcm", "name", "", "", "", {}};
  const auto built = build_voice(fields_for_tests(), message, name);
  ASSERT_TRUE(built.ok());
  expect_well_formed(*built);
  const Structure structure = scan(*built);
  EXPECT_EQ(structure.root.type, "multipart/voice-message");
  EXPECT_EQ(*find_field(structure.header, "MIME-Version"), "1.0 (Voice 2.0)");
  EXPECT_EQ(*find_field(structure.header, "Message-Context"), "voice-message");
  ASSERT_EQ(structure.root.children.size(), 2u);
  EXPECT_EQ(content_of(structure.root.children[1], *built), message.bytes);
  EXPECT_EQ(structure.root.children[1].filename, "msg1.726");
  const auto facts = read_service_facts(structure);
  EXPECT_EQ(facts->kind, schema::Kind::voice);
  EXPECT_EQ(std::get<schema::VoiceFacts>(facts->facts).duration, Duration(25000));
}

TEST(MimeBuilder, SameInputGivesSameBytesAndOtherInputAnotherId) {
  const auto one = build_sms(fields_for_tests(), "hello");
  EXPECT_EQ(*one, *build_sms(fields_for_tests(), "hello"));
  const auto id = [](const std::string& message) { return *find_field(scan(message).header, "Message-ID"); };
  EXPECT_NE(id(*one), id(*build_sms(fields_for_tests(), "hello!")));
}

TEST(MimeBuilder, SmsBytesAreTheseBytes) {
  MessageFields fields = fields_for_tests();
  fields.message_id = "1@example.test";
  EXPECT_EQ(
      *build_sms(fields, "Hi\nthere"),
      "Date: Fri, 20 Nov 2026 16:25:30 +0000\r\nFrom: Ann <ann@example.test>\r\nTo: "
      "bob@example.test\r\nSubject: A subject\r\n"
      "Message-ID: <1@example.test>\r\nMessage-Context: pager-message\r\nMIME-Version: 1.0\r\n"
      "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 7bit\r\n\r\nHi\r\nthere\r\n");
}

TEST(MimeBuilder, KindsAreReadBackFromTheirShape) {
  const auto kind = [](const Result<std::string>& built) { return read_service_facts(scan(*built))->kind; };
  const MessageFields fields = fields_for_tests();
  EXPECT_EQ(kind(build_fax(fields, {"image/tiff", "II*", "f.tiff"})), schema::Kind::fax);
  EXPECT_EQ(kind(build_fax(fields, {"image/tiff", "II*", "f.tiff"}, "cover")), schema::Kind::fax);
  EXPECT_EQ(kind(build_sms(fields, "x")), schema::Kind::sms);
  EXPECT_EQ(kind(build_video(fields, {"video/mp4", "x"}, "look")), schema::Kind::video);
  EXPECT_EQ(kind(build_email(fields, "x", "", {})), schema::Kind::email);
}

TEST(MimeBuilder, ServiceFieldsAreReadBack) {
  const std::vector<ServiceFacts> all = {
      {schema::Kind::voice,
       schema::VoiceFacts{Duration(1234), "tel:+1555", "tel:+1556", "sip:x@y.test", "busy", "allowed",
                          "audio/basic", "id-1", *from_rfc3339("2026-11-20T16:25:30.5Z")}},
      {schema::Kind::fax,
       schema::FaxFacts{2, "204x98", "CSID 1", "tel:+1555", "tel:+1556", "complete", "id-2"}},
      {schema::Kind::sms, schema::SmsFacts{"gsm7", 7, 2, 1, "tel:+1555", "tel:+1556"}},
      {schema::Kind::video,
       schema::VideoFacts{"video/h264", 640, 480, Duration(5000), "tel:+1555", "tel:+1556"}},
      {schema::Kind::mms, {}}};
  for (const ServiceFacts& facts : all) {
    MessageFields fields = fields_for_tests();
    fields.more = service_fields(facts);
    const auto built = build_text(fields, "x");
    expect_well_formed(*built);
    EXPECT_EQ(*read_service_facts(scan(*built)), facts);
  }
}

TEST(MimeBuilder, EmailWithTextHtmlAndAttachmentsComesBack) {
  const MediaPart png{"image/png", std::string("\0\1\2\r\n--\xff", 8),
                      "Ä \"quoted\" and rather long name that takes several segments.png", "c@d", "Ünïcode"};
  const auto built = build_email(fields_for_tests(), "text ä\n", "<p>ä</p>", {png});
  ASSERT_TRUE(built.ok());
  expect_well_formed(*built);
  const Structure structure = scan(*built);
  ASSERT_EQ(structure.root.children.size(), 2u);
  const schema::Part& both = structure.root.children[0];
  EXPECT_EQ(both.type, "multipart/alternative");
  EXPECT_EQ(content_of(both.children[0], *built), "text ä\r\n");
  EXPECT_EQ(content_of(both.children[1], *built), "<p>ä</p>\r\n");
  const schema::Part& attached = structure.root.children[1];
  EXPECT_EQ(content_of(attached, *built), png.bytes);
  EXPECT_EQ(attached.filename, png.filename);
  EXPECT_EQ(attached.disposition, "attachment");
  EXPECT_EQ(attached.content_id, "c@d");
}

TEST(MimeBuilder, MmsIsRelatedWithSmilAndMixedWithout) {  // RFC 2387
  const std::vector<MediaPart> parts = {{"image/jpeg", "j", "j.jpg", "j"}, {"text/plain", "hi", "", "t"}};
  const Structure related = scan(*build_mms(fields_for_tests(), "<smil/>", parts));
  EXPECT_EQ(related.root.type, "multipart/related");
  EXPECT_EQ(related.root.children[0].content_id, "smil");
  EXPECT_EQ(scan(*build_mms(fields_for_tests(), "", parts)).root.type, "multipart/mixed");
  EXPECT_FALSE(build_mms(fields_for_tests(), "", {}).ok());
}

TEST(MimeBuilder, BoundaryAvoidsWhatParts7BitSay) {
  const auto first = build_email(fields_for_tests(), "x", "<p>", {});
  const Structure structure = scan(*first);
  const ParameterizedValue type = parse_parameterized(*find_field(structure.header, "Content-Type"));
  const auto second =
      build_email(fields_for_tests(), "x", "",
                  {{"message/rfc822", "A: b\r\n\r\n--" + type.find("boundary")->value + "\r\n"}});
  EXPECT_EQ(scan(*second).root.children.size(), 2u);
}

TEST(MimeBuilder, LongAndStrangeSubjectsComeBack) {
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    std::string subject;
    while (subject.size() < random() % 400) {
      const std::string pieces[] = {
          "a", "word ", "ü", "日本", "=?", "?=", "\"", ",", "😀", "x y", std::string(random() % 90, 'k')};
      subject += pieces[random() % std::size(pieces)];
    }
    subject = std::string(trim(subject));
    MessageFields fields = fields_for_tests();
    fields.subject = subject;
    fields.from.display_name = subject.substr(0, 0) + "N " + std::string(truncate_utf8(subject, 60));
    const auto built = build_text(fields, subject);
    ASSERT_TRUE(built.ok()) << built.error().detail;
    expect_well_formed(*built);
    const Structure structure = scan(*built);
    EXPECT_EQ(decode_words(*find_field(structure.header, "Subject")), subject);
    const auto from = parse_addresses(*find_field(structure.header, "From"));
    ASSERT_EQ(from.size(), 1u) << *built;
    EXPECT_EQ(from[0].address, "ann@example.test");
    EXPECT_EQ(from[0].display_name, trim(fields.from.display_name)) << *built;
    const std::string text = content_of(structure.root, *built);
    EXPECT_EQ(text, subject.empty() ? "" : subject + "\r\n");
  }
}

TEST(MimeBuilder, LineEndsInValuesMakeNoFields) {
  MessageFields fields = fields_for_tests();
  fields.subject = "a\r\nBcc: evil@x.test";
  fields.from.display_name = "b\r\nBcc: evil@x.test";
  fields.more = {{"X-More", "c\r\nBcc: evil@x.test"}};
  const auto built =
      build_email(fields, "", "", {{"image/png", "", "d\r\nBcc: evil@x.test", "", "e\r\nBcc: x"}});
  ASSERT_TRUE(built.ok());
  EXPECT_EQ(find_field(scan(*built).header, "Bcc"), nullptr);
  EXPECT_EQ(built->find("\nBcc"), std::string::npos);
}

TEST(MimeBuilder, WhatNoHeaderCanCarryIsInvalid) {
  const auto refused = [](auto change) {
    MessageFields fields = fields_for_tests();
    change(fields);
    const auto built = build_text(fields, "x");
    return !built.ok() && built.error().kind == Errc::invalid;
  };
  EXPECT_TRUE(refused([](MessageFields& f) { f.from.address = "no address"; }));
  EXPECT_TRUE(refused([](MessageFields& f) { f.from.address = "a@b.test>\r\nBcc: c@d.test"; }));
  EXPECT_TRUE(refused([](MessageFields& f) { f.to = {{"", "a@b.test, c@d.test"}}; }));
  EXPECT_TRUE(refused([](MessageFields& f) { f.message_id = "a b"; }));
  EXPECT_TRUE(refused([](MessageFields& f) { f.references = {"a\r\nb"}; }));
  EXPECT_TRUE(refused([](MessageFields& f) { f.more = {{"Bad Name:", "x"}}; }));
  EXPECT_FALSE(build_voice(fields_for_tests(), {"image/png", ""}).ok());
  EXPECT_FALSE(build_image(fields_for_tests(), {"image/p ng", ""}).ok());
  EXPECT_FALSE(build_image(fields_for_tests(), {"image/png", "", "", "a\r\n>b"}).ok());
}

TEST(MimeBuilder, AddressesOfNetworksBecomeMailboxes) {
  EXPECT_EQ(mailbox_of("tel:+15550100", "vm.test")->address, "+15550100@vm.test");
  EXPECT_EQ(mailbox_of("sip:ann@x.test;transport=tcp", "vm.test")->address, "ann@x.test");
  EXPECT_EQ(mailbox_of("mailto:ann@x.test", "vm.test")->address, "ann@x.test");
  EXPECT_EQ(mailbox_of("", "vm.test")->address, "non-mail-user@vm.test");
  EXPECT_FALSE(mailbox_of("ann", "vm.test").ok());
  EXPECT_FALSE(mailbox_of("sip:x", "vm.test").ok());
}

}  // namespace
}  // namespace telepost::transcoders::mime
