// schema/jmap.md: what urn:telepost:params:jmap:message adds to Email.
#include <gtest/gtest.h>

#include "adapters/jmap/message_properties.h"
#include "tests/support/classes.h"
#include "tests/support/jmap_json.h"
#include "tests/support/jmap_mail.h"

namespace telepost {
namespace {

using adapters::jmap::Json;
using adapters::jmap::json_of;
using test::JmapMail;

constexpr const char* kVoice =
    "Telepost-Kind: voice\r\nTelepost-Caller: tel:+15550199\r\nTelepost-Called: tel:+15550100\r\nTelepost-Duration: 12.5\r\n"
    "Content-Type: audio/basic\r\nSubject: call\r\n\r\nx\r\n";
constexpr const char* kFax = "Telepost-Kind: fax\r\nTelepost-Pages: 3\r\nContent-Type: image/tiff\r\nSubject: fax\r\n\r\nx\r\n";
constexpr const char* kHtml =
    "From: joe@example.com\r\nSubject: html\r\nMIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
    "<p onclick=\"x()\">Gr\xC3\xBC\xC3\x9F" "e<script>alert(1)</script><img src=\"http://example.com/a.png\"><img src=\"cid:pic@example.com\"></p>\r\n";

class JmapMessageProperties : public JmapMail {
 protected:
  JmapMessageProperties() {
    offer_message(methods_);
    in_use_.emplace(adapters::jmap::kMessage);
  }
  schema::MessageId from_trunk(const std::string& text) {
    store::Incoming incoming = test::incoming_for(store(), {account_});
    incoming.origin.identity = "trunk";
    return fixture_.deliver(std::move(incoming), text)[0]->id;
  }
};

TEST_F(JmapMessageProperties, AreUnknownToWhoDoesNotUseTheCapability) {  // RFC 8620 section 1.8
  const auto id = from_trunk(kVoice);
  const Json every = adapters::jmap::message_properties();
  EXPECT_EQ(get(id, {{"properties", every}}).size(), every.size() + 1);
  const Json by_default = get(id, Json::object());
  for (const std::string& name : adapters::jmap::message_properties()) EXPECT_FALSE(by_default.contains(name)) << name;
  in_use_.erase(std::string(adapters::jmap::kMessage));
  for (const std::string& name : adapters::jmap::message_properties()) {
    EXPECT_EQ(error_of("Email/get", {{"ids", {id_of(id)}}, {"properties", {name}}}), "invalidArguments") << name;
  }
}

TEST_F(JmapMessageProperties, TellOfACall) {
  const auto id = from_trunk(kVoice);
  const Json voice = get(id, {{"properties", {"kind", "durationSeconds", "pages", "caller", "called", "tier", "annotations", "expiresAt"}}});
  EXPECT_EQ(voice, json_of(R"({"id":")" + id_of(id) + R"(","kind":"voice","durationSeconds":12.5,"pages":null,"caller":"tel:+15550199","called":"tel:+15550100",
      "tier":"online","annotations":[],"expiresAt":null})"));
  const Json fax = get(from_trunk(kFax), {{"properties", {"kind", "durationSeconds", "pages", "caller"}}});
  EXPECT_EQ(fax["kind"], "fax");
  EXPECT_EQ(fax["pages"], 3);
  EXPECT_EQ(fax["durationSeconds"], nullptr);
  EXPECT_EQ(fax["caller"], nullptr);
}

TEST_F(JmapMessageProperties, TellOfMailTheSame) {
  const Json mail = get(deliver(test::mail("1")), {{"properties", {"kind", "caller", "called", "pages"}}});
  EXPECT_EQ(mail["kind"], "email");
  for (const char* const name : {"caller", "called", "pages"}) EXPECT_EQ(mail[name], nullptr) << name;
}

TEST_F(JmapMessageProperties, ShowWhatWasLearnedLater) {
  const auto id = from_trunk(kVoice);
  const std::string before = state();
  ASSERT_TRUE(store().changer().annotate({id, from_millis(1'414'649'520'000), "transcript", "en", "whisper", "Call me back"}).ok());
  EXPECT_EQ(property(id, "annotations"),
            json_of(R"([{"type":"transcript","language":"en","source":"whisper","createdAt":"2014-10-30T06:12:00Z","text":"Call me back"}])"));
  EXPECT_EQ(call("Email/changes", {{"sinceState", before}})["updated"], Json::array({id_of(id)}));
}

TEST_F(JmapMessageProperties, GiveHtmlThatIsSafeToShow) {
  const Json safe = property(deliver(kHtml), "sanitizedHtml");
  const std::string html = safe["value"];
  EXPECT_NE(html.find("Gr\xC3\xBC\xC3\x9F" "e"), std::string::npos) << html;
  for (const char* const bad : {"onclick", "script", "alert", "example.com/a.png"}) EXPECT_EQ(html.find(bad), std::string::npos) << bad << " in " << html;
  EXPECT_EQ(safe["blockedImages"], json_of(R"(["http://example.com/a.png"])"));
  EXPECT_EQ(safe["contentIds"], json_of(R"(["pic@example.com"])"));
  EXPECT_EQ(safe["isTruncated"], false);
}

TEST_F(JmapMessageProperties, WhoGetsTheHtmlReadsTheMessage) {
  const auto id = deliver("From: joe@example.com\r\nSubject: html\r\nMIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n"
                          "Content-Transfer-Encoding: base64\r\n\r\nPHA+aGVsbG88L3A+\r\n");
  fixture_.clock().advance(std::chrono::hours(1));
  get(id, {{"properties", {"textBody"}}});
  EXPECT_EQ(store().reader().find(id)->accessed, std::nullopt) << "how large a part is says a list, too";
  get(id, {{"properties", {"textBody", "sanitizedHtml"}}});
  EXPECT_EQ(store().reader().find(id)->accessed, fixture_.clock().now());
}

TEST_F(JmapMessageProperties, TellWhenItGoes) {
  store().set_classes(test::classes_of("<class name='standard'><retention name='a month' keep='P30D'/></class>"));
  const auto id = deliver(test::mail("1"), from_millis(1'800'000'000'000));  // 2027-01-15T08:00:00Z
  EXPECT_EQ(property(id, "expiresAt"), "2027-02-14T08:00:00Z");
}

}  // namespace
}  // namespace telepost
