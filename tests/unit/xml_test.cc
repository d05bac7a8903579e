#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "schema/document.h"
#include "schema/xml/grammar.h"
#include "schema/xml/reader.h"
#include "schema/xml/writer.h"
#include "tests/support/random_document.h"

namespace telepost::schema::xml {
namespace {

// Writes the events down.
class Script final : public Handler {
 public:
  Result<void> start(const Element& element) override {
    log += "<" + element.name;
    for (const Attribute& attribute : element.attributes) log += " " + attribute.name + "=" + attribute.value;
    log += ">";
    return {};
  }
  Result<void> text(std::string_view utf8) override {
    log += utf8;
    return {};
  }
  Result<void> end() override {
    log += "</>";
    return {};
  }
  std::string log;
};

Result<std::string> script(std::string_view xml, const Limits& limits = {}) {
  Script events;
  TELEPOST_TRY(parse(xml, limits, events));
  return events.log;
}

TEST(XmlReader, GivesElementsAttributesAndText) {
  EXPECT_EQ(
      script("<?xml version='1.0'?>\n<a x='1&#10;2'><!-- c --><b>t&amp;<![CDATA[<u>]]></b>&#x1F4E0;</a>")
          .value(),
      "<a x=1\n2><b>t&<u></>\xf0\x9f\x93\xa0</>");
}

TEST(XmlReader, ReadsUtf8WhateverTheDeclarationSays) {
  EXPECT_EQ(script("<?xml version='1.0' encoding='UTF-8'?><a>\xc3\xa9</a>").value(), "<a>\xc3\xa9</>");
  EXPECT_FALSE(script("<a>\xe9</a>").ok());  // Latin-1
}

TEST(XmlReader, RefusesADoctypeBeforeReadingIt) {
  const std::string bomb =
      "<?xml version='1.0'?><!DOCTYPE lolz [<!ENTITY a 'lollollollollollollollollollol'>"
      "<!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;'><!ENTITY c '&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;'>"
      "<!ENTITY d '&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;'><!ENTITY e '&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;'>"
      "<!ENTITY f '&e;&e;&e;&e;&e;&e;&e;&e;&e;&e;'><!ENTITY g '&f;&f;&f;&f;&f;&f;&f;&f;&f;&f;'>]><a>&g;</a>";
  const auto start = std::chrono::steady_clock::now();
  const auto result = script(bomb);
  ASSERT_FALSE(result.ok());
  EXPECT_NE(result.error().detail.find("DOCTYPE"), std::string::npos) << result.error().detail;
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(1));
}

TEST(XmlReader, RefusesADoctypeWhateverStandsBeforeIt) {
  for (const std::string before : {"", "\xef\xbb\xbf", "\n", "<?xml version='1.0'?><?p ?>",
                                   "<!-- <a> -- x --><!---->", "<?p >?>\n<!-- ?> -->"}) {
    EXPECT_FALSE(script(before + "<!DOCTYPE a><a/>").ok()) << before;
  }
  EXPECT_EQ(script("<?p <!DOCTYPE a> ?><!-- <!DOCTYPE a> --><a><![CDATA[<!DOCTYPE a>]]></a>").value(),
            "<a><!DOCTYPE a></>");
}

TEST(XmlReader, OpensNoExternalEntity) {
  for (const std::string target : {"file:///etc/passwd", "http://127.0.0.1:1/x", "/etc/passwd"}) {
    for (const std::string& xml : {"<!DOCTYPE a [<!ENTITY x SYSTEM '" + target + "'>]><a>&x;</a>",
                                   "<!DOCTYPE a SYSTEM '" + target + "'><a/>",
                                   "<!DOCTYPE a [<!ENTITY % x SYSTEM '" + target + "'> %x;]><a/>"}) {
      const auto result = script(xml);
      ASSERT_FALSE(result.ok()) << xml;
      EXPECT_NE(result.error().detail.find("DOCTYPE"), std::string::npos) << result.error().detail;
    }
  }
  EXPECT_FALSE(script("<a>&unknown;</a>").ok());
}

TEST(XmlReader, OpensNoSchemaThatTheTextNames) {
  const std::string xml =
      "<a xmlns='urn:x' xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' "
      "xsi:schemaLocation='urn:x file:///etc/passwd'/>";
  EXPECT_EQ(script(xml).value(), "<a></>");
  EXPECT_EQ(validate(xml, {}, message_grammar()).error().kind, Errc::invalid);
}

TEST(XmlReader, ParsesTheNextTextAfterABadOne) {
  for (int i = 0; i < 50; ++i) {
    EXPECT_FALSE(script("<a><b></a>").ok());
    EXPECT_FALSE(script("<!DOCTYPE a><a/>").ok());
    EXPECT_EQ(script("<a/>").value(), "<a></>");
  }
}

TEST(XmlReader, HoldsEveryLimit) {
  Limits limits;
  limits.bytes = 1000;
  limits.depth = 5;
  limits.elements = 10;
  limits.attributes = 3;
  EXPECT_TRUE(script("<a><a><a><a><a/></a></a></a></a>", limits).ok());
  EXPECT_EQ(script("<a><a><a><a><a><a/></a></a></a></a></a>", limits).error().kind, Errc::too_large);
  EXPECT_TRUE(script("<a><b/><b/><b/><b/><b/><b/><b/><b/><b/></a>", limits).ok());
  EXPECT_EQ(script("<a><b/><b/><b/><b/><b/><b/><b/><b/><b/><b/></a>", limits).error().kind, Errc::too_large);
  EXPECT_TRUE(script("<a b='' c='' d=''/>", limits).ok());
  EXPECT_EQ(script("<a b='' c='' d='' e=''/>", limits).error().kind, Errc::too_large);
  EXPECT_EQ(script("<a>" + std::string(1000, ' ') + "</a>", limits).error().kind, Errc::too_large);
}

TEST(XmlReader, StopsATokenThatNeverEndsInBoundedMemory) {
  Limits limits;
  limits.bytes = std::uint64_t{1} << 40;
  limits.token_bytes = 1 << 20;
  for (const std::string begin : {"<a x='", "<a><!-- ", "<a><?p ", "<", "<a><![CDATA["}) {
    std::uint64_t given = 0;
    const ByteSource source = [&](char* bytes, std::size_t size) -> Result<std::size_t> {
      std::fill(bytes, bytes + size, 'x');
      if (given == 0) std::copy(begin.begin(), begin.end(), bytes);
      given += size;
      if (given > (64 << 20)) return {Errc::io, "nobody stopped"};
      return size;
    };
    Script events;
    const auto result = parse(source, limits, events);
    EXPECT_EQ(result.error().kind, Errc::too_large) << begin;
    EXPECT_LT(given, 4 << 20) << begin;
  }
}

TEST(XmlReader, GivesBackTheHandlersOwnError) {
  class Refuse final : public Handler {
    Result<void> start(const Element&) override { return {Errc::over_quota, "no room"}; }
    Result<void> text(std::string_view) override { return {}; }
    Result<void> end() override { return {}; }
  } handler;
  EXPECT_EQ(parse("<a/>", {}, handler).error(), (Error{Errc::over_quota, "no room"}));
}

TEST(XmlWriter, EscapesWhatMarkupWouldBe) {
  std::string out;
  Writer(out).open("a").attribute("b", "<>&\"'\t\r\n").text("<>&\"'\t\r\n]]>").close();
  EXPECT_EQ(out, "<a b=\"&lt;&gt;&amp;&quot;'&#9;&#13;&#10;\">&lt;&gt;&amp;\"'\t&#13;\n]]&gt;</a>");
}

TEST(XmlWriter, KeepsInRawWhatXmlCannotSay) {
  std::string out;
  Writer(out).open("a").attribute("b", "x\x01").attribute("c", "y").text("\xff").close();
  // base64 by hand: 78 01 is "eAE=", ff is "/w=="
  EXPECT_EQ(out, "<a b=\"x\xef\xbf\xbd\" c=\"y\" raw=\"b:eAE= .:/w==\">\xef\xbf\xbd</a>");
  out.clear();
  Writer(out).open("a").attribute("b", std::string_view("\0", 1)).open("c").close().close();
  EXPECT_EQ(out, "<a b=\"\xef\xbf\xbd\" raw=\"b:AA==\"><c/></a>");
}

TEST(XmlWriter, AllowsExactlyTheCharactersOfXml) {
  // XML 1.0 section 2.2: #x9 | #xA | #xD | [#x20-#xD7FF] | [#xE000-#xFFFD] | [#x10000-#x10FFFF]
  const auto utf8 = [](std::uint32_t c) {
    std::string out;
    const auto tail = [&](unsigned shift) { out.push_back(static_cast<char>(0x80 | (c >> shift & 0x3f))); };
    if (c < 0x80) return std::string(1, static_cast<char>(c));
    if (c < 0x800) return out.push_back(static_cast<char>(0xc0 | c >> 6)), tail(0), out;
    if (c < 0x10000) return out.push_back(static_cast<char>(0xe0 | c >> 12)), tail(6), tail(0), out;
    return out.push_back(static_cast<char>(0xf0 | c >> 18)), tail(12), tail(6), tail(0), out;
  };
  for (std::uint32_t c = 0; c < 0x110010; ++c) {
    const bool allowed = c == 9 || c == 10 || c == 13 || (c >= 0x20 && c <= 0xd7ff) ||
                         (c >= 0xe000 && c <= 0xfffd) || (c >= 0x10000 && c <= 0x10ffff);
    std::string out;
    ASSERT_EQ(append_escaped(out, utf8(c), Place::text), allowed) << c;
  }
}

TEST(XmlValidator, ServesManyThreads) {
  std::vector<std::thread> threads;
  std::atomic<int> wrong = 0;
  for (unsigned t = 0; t < 4; ++t) {
    threads.emplace_back([t, &wrong] {
      tests::RandomDocument random(t);
      for (int i = 0; i < 50; ++i) {
        const Document document = random.document(Kind::voice);
        const std::string xml = write_document(document);
        const auto back = read_document(xml);
        if (!validate_document(xml).ok() || validate_document("<document/>").ok() || !back.ok() ||
            !(*back == document))
          ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace telepost::schema::xml
