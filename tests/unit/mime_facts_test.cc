// What a document says about content, and what a trusted peer says about a call.
#include <gtest/gtest.h>

#include "base/bytes.h"
#include "transcoders/mime/describe.h"
#include "transcoders/mime/fields.h"
#include "transcoders/mime/service_facts.h"

namespace telepost::transcoders::mime {
namespace {

using schema::Kind;

std::string crlf(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '\n' ? std::string("\r\n") : std::string(1, c);
  return out;
}
schema::Document described(std::string_view text) {
  schema::Document document;
  describe(scan(crlf(text)), document);
  return document;
}
Result<ServiceFacts> facts_of(std::string_view text) { return read_service_facts(scan(crlf(text))); }

TEST(MimeDescribe, FieldsAndSubjectAreDecoded) {
  const auto document = described(
      "Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\nFrom: =?utf-8?q?A=2C_B?= <a@b.test>\nX-Raw: caf\xe9\n\n");
  EXPECT_EQ(document.subject, "Grüße");
  EXPECT_EQ(document.fields, (std::vector<schema::HeaderField>{
                                 {"Subject", "Grüße"}, {"From", "\"A, B\" <a@b.test>"}, {"X-Raw", "café"}}));
}

TEST(MimeDescribe, AHeaderHasSoManyEncodedWordsAndTheSubjectsAreTheFirst) {
  std::string comments;
  for (std::size_t i = 0; i < kMaxWords - 1; ++i) comments += " =?utf-8?q?c?=";
  const auto document = described("Comments:" + comments + "\nSubject: =?utf-8?q?s?=\nX-Late: =?utf-8?q?l?=\n\n");
  EXPECT_EQ(document.subject, "s");
  ASSERT_EQ(document.fields.size(), 3u);
  EXPECT_EQ(document.fields[0].value, std::string(kMaxWords - 1, 'c'));
  EXPECT_EQ(document.fields[1].value, "s");
  EXPECT_EQ(document.fields[2].value, "=?utf-8?q?l?=");
}

// RFC 2047 section 5: only where it says so, else a trace field would show what its writer did not write.
TEST(MimeDescribe, WordsOfStructuredFieldsStayAsTheyStand) {
  const std::string word = "=?utf-8?q?x?=";
  for (const std::string name : {"Return-Path", "Received", "Message-ID", "In-Reply-To", "References", "DKIM-Signature",
                                 "ARC-Seal", "Authentication-Results", "Date", "Content-Type", "content-disposition"}) {
    EXPECT_EQ(described(name + ": " + word + "\n\n").fields.at(0).value, word) << name;
  }
  for (const std::string name : {"Comments", "X-Any", "Content-Description"}) {
    EXPECT_EQ(described(name + ": " + word + "\n\n").fields.at(0).value, "x") << name;
  }
}

TEST(MimeDescribe, PreviewCollapsesWhiteSpaceAndEndsOnACharacter) {
  EXPECT_EQ(described("A: b\n\n  Hello\n\n\t Ann,\n> hi \n").preview, "Hello Ann, > hi");
  std::string umlauts;
  for (int i = 0; i < 300; ++i) umlauts += "ä";
  const std::string preview = described("Content-Type: text/plain; charset=utf-8\n\nx" + umlauts).preview;
  EXPECT_EQ(preview.size(), 255u);
  EXPECT_TRUE(is_valid_utf8(preview));
}

TEST(MimeDescribe, PreviewDecodesTransferEncodingAndCharset) {
  EXPECT_EQ(described("Content-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: "
                      "quoted-printable\n\nGr=FC=DF=\ne")
                .preview,
            "Grüße");
  EXPECT_EQ(
      described(
          "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\nR3LDvMOfZQ==\n")
          .preview,
      "Grüße");
}

TEST(MimeDescribe, PreviewOfHtmlIsItsText) {
  EXPECT_EQ(
      described(
          "Content-Type: text/html\n\n<html><head><title>no</title><style>p{}</style></head><!-- no --><body>"
          "<p>Hello&nbsp;<b>An</b>n &amp; &#x42;ob</p><script>if(a<b)</script><br>1 < 2</body>")
          .preview,
      "Hello Ann & Bob 1 < 2");
}

TEST(MimeDescribe, PlainTextIsPreferredForThePreview) {
  EXPECT_EQ(described("Content-Type: multipart/alternative; boundary=x\n\n--x\nContent-Type: "
                      "text/html\n\n<p>html\n--x\n\nplain\n--x--")
                .preview,
            "plain");
}

TEST(MimeDescribe, ImportanceAndSensitivity) {  // RFC 2156 section 5.3.4
  using schema::Importance;
  using schema::Sensitivity;
  EXPECT_EQ(described("Importance: High\n\n").importance, Importance::high);
  EXPECT_EQ(described("X-Priority: 5 (Lowest)\n\n").importance, Importance::low);
  EXPECT_EQ(described("Priority: urgent\nImportance: low\n\n").importance, Importance::low);
  EXPECT_EQ(described("Importance: whatever\n\n").importance, Importance::normal);
  EXPECT_EQ(described("Sensitivity: Private\n\n").sensitivity, Sensitivity::confidential);
  EXPECT_EQ(described("Sensitivity: Company-Confidential\n\n").sensitivity, Sensitivity::company);
}

TEST(MimeServiceFacts, VpimMessageIsVoice) {  // RFC 3801 section 10 (shortened)
  const auto facts = facts_of(
      "To: +19725551212@vm1.example.test\nFrom: \"Parsons, Glenn\" <+12145551234@vm2.example.test>\n"
      "MIME-Version: 1.0 (Voice 2.0)\nContent-Type: Multipart/Voice-Message; Version=2.0; "
      "Boundary=\"MessageBoundary\"\n\n"
      "--MessageBoundary\nContent-Type: Audio/32KADPCM\nContent-Disposition: inline; "
      "voice=Originator-Spoken-Name\nContent-Duration: 3\n\nAA\n"
      "--MessageBoundary\nContent-Type: Audio/32KADPCM\nContent-Disposition: inline; voice=Voice-Message; "
      "filename=msg1.726\n"
      "Content-Duration: 25\n\nAA\n--MessageBoundary--\n");
  ASSERT_TRUE(facts.ok());
  EXPECT_EQ(facts->kind, Kind::voice);
  const auto& voice = std::get<schema::VoiceFacts>(facts->facts);
  EXPECT_EQ(voice.duration, Duration(25000));
  EXPECT_EQ(voice.caller, "tel:+12145551234");
  EXPECT_EQ(voice.called, "tel:+19725551212");
  EXPECT_EQ(voice.codec, "audio/32kadpcm");
}

TEST(MimeServiceFacts, StatedFieldsGoBeforeTheShape) {
  const auto facts = facts_of(
      "From: trunk@example.test\nMessage-Context: voice-message\nContent-Type: "
      "audio/basic\nContent-Duration: 9\nTelepost-Caller: sip:a@b.test\n"
      "Telepost-Called: tel:+15550100\nTelepost-Redirected-From: tel:1234\nTelepost-Reason: "
      "no-answer\nTelepost-Call-Id: x-1\n"
      "Telepost-Presentation: allowed\nTelepost-Start: 2026-11-20T16:25:30Z\nTelepost-Duration: "
      "12.5\nTelepost-Codec: audio/PCMU\n\n");
  ASSERT_TRUE(facts.ok()) << facts.error().detail;
  EXPECT_EQ(facts->facts, schema::Facts(schema::VoiceFacts{Duration(12500), "sip:a@b.test", "tel:+15550100",
                                                           "tel:1234", "no-answer", "allowed", "audio/pcmu",
                                                           "x-1", *from_rfc3339("2026-11-20T16:25:30Z")}));
}

TEST(MimeServiceFacts, RestrictedCallersAreNotKept) {
  const auto facts = facts_of(
      "From: +1555@x.test\nTelepost-Kind: voice\nTelepost-Presentation: restricted\nTelepost-Caller: "
      "tel:+1555\n\n");
  EXPECT_EQ(std::get<schema::VoiceFacts>(facts->facts).caller, "");
}

TEST(MimeServiceFacts, TiffIsAFax) {  // ITU-T T.37, RFC 3965
  EXPECT_EQ(facts_of("Content-Type: image/tiff; application=faxbw\n\n")->kind, Kind::fax);
  const auto fax = facts_of(
      "From: FAX=+15550111@x.test\nTelepost-Pages: 3\nTelepost-Resolution: 204x196\nTelepost-Remote-Id: +1 "
      "555 0111\n"
      "Telepost-Result: partial: 3 of 5\nContent-Type: multipart/mixed; "
      "boundary=x\n\n--x\n\ncover\n--x\nContent-Type: image/tiff\n\n--x--");
  ASSERT_TRUE(fax.ok());
  EXPECT_EQ(fax->kind, Kind::fax);
  EXPECT_EQ(fax->facts, schema::Facts(schema::FaxFacts{3, "204x196", "+1 555 0111", "tel:+15550111", "",
                                                       "partial: 3 of 5", ""}));
  EXPECT_EQ(facts_of("Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: "
                     "image/png\n\n--x\nContent-Type: image/tiff\n\n--x--")
                ->kind,
            Kind::email);
}

TEST(MimeServiceFacts, MessageContextDecidesTheKind) {  // RFC 3458, RFC 3938
  for (const auto& [context, kind] : {std::pair{"Voice-Message", Kind::voice},
                                      {"fax-message", Kind::fax},
                                      {"video-message", Kind::video},
                                      {"pager-message", Kind::sms},
                                      {"text-message", Kind::email},
                                      {"none", Kind::email}}) {
    EXPECT_EQ(facts_of(std::string("Message-Context: ") + context + "\n\n")->kind, kind);
  }
  EXPECT_EQ(facts_of("Message-Context: fax-message\nTelepost-Kind: mms\n\n")->kind, Kind::mms);
}

TEST(MimeServiceFacts, SmsFacts) {
  const auto sms = facts_of(
      "Telepost-Kind: sms\nTelepost-Coding: ucs2\nTelepost-Reference: 65535\nTelepost-Segments: "
      "3\nTelepost-Segments-Missing: 1\n\n");
  EXPECT_EQ(sms->facts, schema::Facts(schema::SmsFacts{"ucs2", 65535, 3, 1, "", ""}));
}

TEST(MimeServiceFacts, MalformedValuesAreErrorsThatNameTheField) {
  for (const char* field : {"Kind: pigeon",
                            "Kind:",
                            "Caller: 5550100",
                            "Caller: tel:",
                            "Caller: tel:+15x",
                            "Called: http://x",
                            "Called: sip:a b",
                            "Presentation: maybe",
                            "Reason: bored",
                            "Call-Id: a b",
                            "Start: yesterday",
                            "Duration: -1",
                            "Duration: 1.2345",
                            "Duration: 12s",
                            "Duration: 1234567",
                            "Codec: pcmu",
                            "Pages: many",
                            "Pages: 10000",
                            "Resolution: 204",
                            "Resolution: 0x1",
                            "Remote-Id: caf\xc3\xa9",
                            "Coding: ascii",
                            "Reference: 65536",
                            "Segments: 0",
                            "Segments: 256",
                            "Unknown: x"}) {
    const auto facts = facts_of(std::string("Telepost-") + field + "\n\n");
    ASSERT_FALSE(facts.ok()) << field;
    EXPECT_EQ(facts.error().kind, Errc::invalid);
    EXPECT_NE(facts.error().detail.find("Telepost-" + std::string(field).substr(0, 4)), std::string::npos);
  }
  EXPECT_FALSE(facts_of("Telepost-Kind: voice\ntelepost-kind: voice\n\n").ok());
}

TEST(MimeServiceFacts, OrdinaryMailIsEmail) {
  const auto facts = facts_of(
      "From: a@b.test\nContent-Type: multipart/mixed; boundary=x\n\n--x\n\nhi\n--x\nContent-Type: "
      "audio/mpeg\n\n--x--");
  EXPECT_EQ(*facts, ServiceFacts{});
}

}  // namespace
}  // namespace telepost::transcoders::mime
