#include "schema/document.h"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <fstream>
#include <sstream>

#include "schema/annotation.h"
#include "tests/support/random_document.h"

namespace telepost::schema {
namespace {

constexpr std::array<Kind, 8> kEveryKind = {Kind::email, Kind::voice, Kind::fax,   Kind::sms,
                                        Kind::mms,   Kind::video, Kind::image, Kind::text};

std::string file(const std::string& path) {
  std::ifstream in(std::string(TELEPOST_SOURCE_DIR) + "/" + path);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

Document voice_mail() {
  Document document;
  document.id = message_id_from("m0000000000001-1").value();
  document.kind = Kind::voice;
  document.received = from_rfc3339("2026-11-20T16:25:30.5Z").value();
  document.size_bytes = 1200;
  document.trace_size_bytes = 200;
  document.digest = sha256("");
  document.envelope = {"", {"tel:+15550100"}};
  document.origin = {"lmtp", "unix:/run/telepost/phone.sock", "phone", "t1", "phone"};
  document.importance = Importance::high;
  document.sensitivity = Sensitivity::confidential;
  document.subject = "Voice message <1>";
  document.fields = {{"Subject", "Voice message <1>"}, {"X-Bell", "a\x07z"}};
  document.root.type = "audio/basic";
  document.root.id = "1";
  document.root.encoding = "base64";
  document.root.header = {200, 300};
  document.root.body = {500, 700};
  document.root.lines = 9;
  VoiceFacts voice;
  voice.duration = std::chrono::milliseconds(62'500);
  voice.caller = "tel:+15550199";
  voice.reason = "no-answer";
  document.facts = voice;
  document.defects = {"a control byte in X-Bell"};
  return document;
}

TEST(Document, IsWrittenAsTheGoldenFileShows) {
  EXPECT_EQ(write_document(voice_mail()) + "\n", file("tests/unit/golden/voice_document.xml"));
}

TEST(Document, ComesBackEqualAndValidWhateverItHolds) {
  tests::RandomDocument random(20261120);
  for (int round = 0; round < 600; ++round) {
    const Document document = random.document(kEveryKind[static_cast<std::size_t>(round) % kEveryKind.size()]);
    const std::string xml = write_document(document);
    const auto valid = validate_document(xml);
    ASSERT_TRUE(valid.ok()) << valid.error().detail << "\n" << xml;
    const auto back = read_document(xml);
    ASSERT_TRUE(back.ok()) << back.error().detail << "\n" << xml;
    ASSERT_TRUE(*back == document) << round << "\n" << xml << "\n" << write_document(*back);
  }
}

TEST(Document, ThatIsEmptyIsStillOne) {
  Document document;
  document.id.local = LocalId{1};
  const std::string xml = write_document(document);
  EXPECT_TRUE(validate_document(xml).ok());
  const auto back = read_document(xml);
  ASSERT_TRUE(back.ok()) << back.error().detail;
  EXPECT_TRUE(*back == document);
}

TEST(Document, KeepsThePartTreeToItsDepthAndRefusesDeeper) {
  for (const unsigned levels : {kMaxPartDepth, kMaxPartDepth + 1}) {
    Document document = voice_mail();
    document.root = Part{};
    for (unsigned i = 1; i < levels; ++i) {
      Part outer;
      outer.type = "multipart/mixed";
      outer.children.push_back(std::move(document.root));
      document.root = std::move(outer);
    }
    const auto back = read_document(write_document(document));
    EXPECT_EQ(back.ok(), levels == kMaxPartDepth);
    if (!back.ok()) {
      EXPECT_EQ(back.error().kind, Errc::too_large);
    }
  }
}

TEST(Document, WithWhatTheSchemaDoesNotKnowIsRefusedWithItsLine) {
  const std::string good = write_document(voice_mail());
  const auto changed = [&](std::string_view what, std::string_view into) {
    std::string xml = good;
    xml.replace(xml.find(what), what.size(), into);
    return xml;
  };
  const std::vector<std::string> bad = {
      changed("<envelope", "\n<surprise/><envelope"),
      changed(" kind=\"voice\"", " kind=\"telex\""),
      changed(" size=\"1200\"", " size=\"many\""),
      changed(" size=\"1200\"", ""),
      changed(" size=\"1200\"", " size=\"1200\" colour=\"red\""),
      changed("urn:telepost:message:1", "urn:telepost:message:2"),
      changed("2026-11-20", "2026-13-20"),
      changed("PT1M2.5S", "a minute"),
      changed(" digest=\"e3", " digest=\"zz"),
      changed("m0000000000001-1", "m0000000000001-0"),
      changed("</document>", "</document><document/>"),
      changed("<subject>", "text<subject>"),
      changed("<subject>Voice message &lt;1&gt;</subject>", "<subject>a</subject><subject>b</subject>"),
      good.substr(0, good.size() / 2),
      "",
      "not xml",
  };
  for (const std::string& xml : bad) {
    const auto document = read_document(xml);
    ASSERT_FALSE(document.ok()) << xml;
    EXPECT_EQ(document.error().kind, Errc::invalid) << document.error().detail;
    EXPECT_NE(document.error().detail.find("line "), std::string::npos) << document.error().detail;
  }
  EXPECT_EQ(read_document(bad[0]).error().detail.substr(0, 7), "line 2,");
}

TEST(Document, IsWrittenQuicklyEnoughForTheDeliveryPath) {
  Document document = voice_mail();
  document.kind = Kind::email;
  document.fields.clear();
  for (int i = 0; i < 20; ++i)
    document.fields.push_back({"X-Field-Name", "Ann Example <ann@example.test>, some text"});
  document.root.children.resize(2, document.root);
  std::size_t bytes = 0;
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < 20'000; ++i) bytes += write_document(document).size();
  const double micros =
      std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count() / 20'000;
  RecordProperty("microseconds", std::to_string(micros));
  RecordProperty("bytes", std::to_string(bytes / 20'000));
  EXPECT_LT(micros, 200) << "far over the 4 us of a release build, even under a sanitizer";
}

TEST(Annotation, ComesBackEqualAndValidWhateverItHolds) {
  tests::RandomDocument random(7);
  for (int round = 0; round < 200; ++round) {
    const Annotation annotation = random.annotation();
    const std::string xml = write_annotation(annotation);
    const auto valid = validate_document(xml);
    ASSERT_TRUE(valid.ok()) << valid.error().detail;
    const auto back = read_annotation(xml);
    ASSERT_TRUE(back.ok()) << back.error().detail;
    EXPECT_TRUE(*back == annotation);
  }
  EXPECT_FALSE(read_annotation("<annotation/>").ok());
  EXPECT_FALSE(read_annotation(write_document(voice_mail())).ok());
}

}  // namespace
}  // namespace telepost::schema
