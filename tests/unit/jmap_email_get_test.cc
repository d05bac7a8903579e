// RFC 8621 sections 4.1 and 4.2: what an email is, to a JMAP client.
#include <gtest/gtest.h>

#include "adapters/jmap/blob.h"
#include "tests/support/jmap_json.h"
#include "tests/support/jmap_mail.h"

namespace telepost {
namespace {

using adapters::jmap::Json;
using adapters::jmap::json_of;
using test::JmapMail;

constexpr const char* kPlain =
    "From: \"Joe Bloggs\" <joe@example.com>\r\n"
    "To: Ann <ann@example.test>, bob@example.org\r\n"
    "Subject: Dinner on Thursday?\r\n"
    "Date: Thu, 30 Oct 2014 14:12:00 +0800\r\n"
    "Message-ID: <1@example.com>\r\n"
    "\r\n"
    "Hello\r\nthere\r\n";

constexpr const char* kMixed =
    "From: joe@example.com\r\n"
    "Subject: parts\r\n"
    "MIME-Version: 1.0\r\n"
    "Content-Type: multipart/mixed; boundary=x\r\n"
    "\r\n"
    "--x\r\n"
    "Content-Type: multipart/alternative; boundary=y\r\n"
    "\r\n"
    "--y\r\n"
    "Content-Type: text/plain; charset=iso-8859-1\r\n"
    "Content-Transfer-Encoding: quoted-printable\r\n"
    "Content-Language: en, de (Deutsch)\r\n"
    "\r\n"
    "Gr=FC=DFe\r\n"
    "--y\r\n"
    "Content-Type: text/html; charset=utf-8\r\n"
    "Content-Location: http://example.com/a\r\n"
    "\r\n"
    "<p>Gr\xC3\xBC\xC3\x9F" "e <a href=\"x>y\">link</a></p>\r\n"
    "--y--\r\n"
    "--x\r\n"
    "Content-Type: image/png; name=\"a b.png\"\r\n"
    "Content-Disposition: attachment\r\n"
    "Content-ID: <pic@example.com>\r\n"
    "Content-Transfer-Encoding: base64\r\n"
    "X-Odd: one\r\n"
    "\r\n"
    "AAEC\r\n"
    "--x--\r\n";

class JmapEmailGet : public JmapMail {};

TEST_F(JmapEmailGet, TellsMetadataOfAnEmail) {  // section 4.1.1
  const auto id = deliver(kPlain, from_millis(1'414'649'520'000));
  ASSERT_TRUE(store().changer().set_keywords(id, {"$Seen", "work"}, {}).ok());
  const Json email = get(id, {{"properties", {"blobId", "threadId", "mailboxIds", "keywords", "size", "receivedAt", "preview", "hasAttachment", "subject", "from"}}});
  EXPECT_EQ(email["id"], id_of(id));
  EXPECT_EQ(email["blobId"], blob_of(id));
  EXPECT_EQ(email["threadId"].get<std::string>().front(), 't');
  EXPECT_EQ(email["mailboxIds"], json_of(R"({"m1":true})"));
  EXPECT_EQ(email["keywords"], json_of(R"({"$seen":true,"work":true})"));
  EXPECT_EQ(email["size"], source(id).size());
  EXPECT_EQ(email["receivedAt"], "2014-10-30T06:12:00Z");
  EXPECT_EQ(email["preview"], "Hello there");
  EXPECT_EQ(email["hasAttachment"], false);
  EXPECT_EQ(email["subject"], "Dinner on Thursday?");
  EXPECT_EQ(email["from"], json_of(R"([{"name":"Joe Bloggs","email":"joe@example.com"}])"));
}

TEST_F(JmapEmailGet, GivesTheDefaultProperties) {  // section 4.2
  const auto id = deliver(kPlain);
  const Json email = get(id, Json::object());
  std::vector<std::string> names;
  for (const auto& [name, value] : email.items()) names.push_back(name);
  EXPECT_EQ(Json(names), json_of(R"(["attachments","bcc","blobId","bodyValues","cc","from","hasAttachment","htmlBody","id","inReplyTo","keywords",
    "mailboxIds","messageId","preview","receivedAt","references","replyTo","sender","sentAt","size","subject","textBody","threadId","to"])"));
  EXPECT_EQ(email["to"], json_of(R"([{"name":"Ann","email":"ann@example.test"},{"name":null,"email":"bob@example.org"}])"));
  EXPECT_EQ(email["sentAt"], "2014-10-30T06:12:00Z");
  EXPECT_EQ(email["messageId"], json_of(R"(["1@example.com"])"));
  EXPECT_EQ(email["cc"], nullptr);
  EXPECT_EQ(email["bodyValues"], Json::object());
  EXPECT_EQ(email["textBody"], json_of(R"([{"partId":"1","blobId":")" + adapters::jmap::to_id('p', id.local.value) + R"(-1","size":14,"name":null,"type":"text/plain",
    "charset":"us-ascii","disposition":null,"cid":null,"language":null,"location":null}])"));
  EXPECT_EQ(email["htmlBody"], email["textBody"]);
}

TEST_F(JmapEmailGet, TellsWhatIsNotThere) {  // RFC 8620 section 5.1
  const auto id = deliver(kPlain);
  ASSERT_TRUE(store().changer().expunge(id).ok());
  const Json answer = call("Email/get", {{"ids", {id_of(id), "e0", "x", "m1"}}, {"properties", {"id"}}});
  EXPECT_EQ(answer["list"], Json::array());
  EXPECT_EQ(answer["notFound"], Json({id_of(id), "e0", "x", "m1"}));
}

TEST_F(JmapEmailGet, GivesAllWithoutIdsOrSaysThatTheyAreTooMany) {  // RFC 8620 section 5.1
  context_.settings.max_objects_in_get = 2;
  deliver(kPlain);
  deliver(kMixed);
  EXPECT_EQ(call("Email/get", {{"ids", nullptr}, {"properties", {"id"}}})["list"].size(), 2u);
  deliver(kPlain);
  EXPECT_EQ(error_of("Email/get", {{"ids", nullptr}, {"properties", {"id"}}}), "requestTooLarge");
}

TEST_F(JmapEmailGet, GivesHeadersInEveryForm) {  // section 4.1.2
  const auto id = deliver(
      "From: a@example.com\r\n"
      "Subject:  =?utf-8?q?Caf=65=CC=81?=\r\n =?utf-8?q?_now?=\r\n"
      "To: \"James Smythe\" <james@example.com>, Friends:\r\n jane@example.com, =?UTF-8?Q?John_Sm=C3=AEth?=\r\n <john@example.com>;\r\n"
      "References: <a@b> <c@d>\r\n"
      "Resent-Date: Tue, 1 Jul 2003 10:52:37 +0200\r\n"
      "List-Unsubscribe: <mailto:x@y?subject=a>, (comment <no>)\r\n <http://example.com/u>\r\n"
      "X-Mine: 1\r\nx-mine: 2\r\n"
      "\r\nx");
  EXPECT_EQ(property(id, "header:Subject"), "  =?utf-8?q?Caf=65=CC=81?=\r\n =?utf-8?q?_now?=");
  EXPECT_EQ(property(id, "header:subject:asText"), "Caf\xC3\xA9 now");  // normalisation form C
  EXPECT_EQ(property(id, "header:To:asAddresses"),  // section 4.1.2.3
            json_of(R"([{"name":"James Smythe","email":"james@example.com"},{"name":null,"email":"jane@example.com"},{"name":"John Smîth","email":"john@example.com"}])"));
  EXPECT_EQ(property(id, "header:To:asGroupedAddresses"),  // section 4.1.2.4
            json_of(R"([{"name":null,"addresses":[{"name":"James Smythe","email":"james@example.com"}]},{"name":"Friends","addresses":[
              {"name":null,"email":"jane@example.com"},{"name":"John Smîth","email":"john@example.com"}]}])"));
  EXPECT_EQ(property(id, "header:References:asMessageIds"), json_of(R"(["a@b","c@d"])"));
  EXPECT_EQ(property(id, "header:Resent-Date:asDate"), "2003-07-01T08:52:37Z");
  EXPECT_EQ(property(id, "header:List-Unsubscribe:asURLs"), json_of(R"(["mailto:x@y?subject=a","http://example.com/u"])"));
  EXPECT_EQ(property(id, "header:X-Mine"), " 2");  // the last one
  EXPECT_EQ(property(id, "header:X-Mine:all"), json_of(R"([" 1"," 2"])"));
  EXPECT_EQ(property(id, "header:X-Mine:asDate:all"), json_of("[null,null]"));
  EXPECT_EQ(property(id, "header:X-None"), nullptr);
  EXPECT_EQ(property(id, "header:X-None:all"), Json::array());
}

TEST_F(JmapEmailGet, RefusesFormsThatAFieldDoesNotHave) {  // section 4.1.2: the server MUST reject with invalidArguments
  const auto id = deliver(kPlain);
  for (const char* property : {"header:Subject:asAddresses", "header:From:asText", "header:Date:asText", "header:Received:asText", "header:List-Post:asText",
                               "header:X-A:asSomething", "header:", "header:X-A:all:asText", "header:X-A:", "header:a b", "nothing", "header:To:asURLs"}) {
    EXPECT_EQ(error_of("Email/get", {{"ids", {id_of(id)}}, {"properties", {property}}}), "invalidArguments") << property;
    EXPECT_EQ(error_of("Email/get", {{"ids", {id_of(id)}}, {"bodyProperties", {property}}}), "invalidArguments") << property;
  }
}

TEST_F(JmapEmailGet, ListsAllHeadersAsTheyStand) {  // section 4.1.3
  const auto id = deliver("A: 1\r\nb:2\r\n 3\r\nA: 4\xff\r\n\r\nx");
  EXPECT_EQ(property(id, "headers"), Json::array({{{"name", "A"}, {"value", " 1"}}, {{"name", "b"}, {"value", "2\r\n 3"}}, {{"name", "A"}, {"value", " 4\xff"}}}));
}

TEST_F(JmapEmailGet, ShowsTheStructureOfTheBody) {  // section 4.1.4
  const auto id = deliver(kMixed);
  const Json email = get(id, {{"properties", {"bodyStructure", "textBody", "htmlBody", "attachments", "hasAttachment"}},
                              {"bodyProperties", {"partId", "type", "size", "subParts", "name", "cid", "charset", "language", "location", "header:X-Odd:asText"}}});
  const Json text = json_of(R"({"partId":"1.1","type":"text/plain","size":5,"name":null,"cid":null,"charset":"iso-8859-1","language":["en","de"],"location":null,"header:X-Odd:asText":null})");
  const Json html = json_of(R"({"partId":"1.2","type":"text/html","size":37,"name":null,"cid":null,"charset":"utf-8","language":null,"location":"http://example.com/a","header:X-Odd:asText":null})");
  const Json image = json_of(R"({"partId":"2","type":"image/png","size":3,"name":"a b.png","cid":"pic@example.com","charset":null,"language":null,"location":null,"header:X-Odd:asText":"one"})");
  EXPECT_EQ(email["textBody"], Json({text}));
  EXPECT_EQ(email["htmlBody"], Json({html}));
  EXPECT_EQ(email["attachments"], Json({image}));
  EXPECT_EQ(email["hasAttachment"], true);
  const Json& root = email["bodyStructure"];
  EXPECT_EQ(root["type"], "multipart/mixed");
  EXPECT_EQ(root["partId"], nullptr);
  EXPECT_EQ(root["subParts"][0]["subParts"], Json({text, html}));
  EXPECT_EQ(root["subParts"][1], image);
  EXPECT_FALSE(root["subParts"][1].contains("subParts"));
}

TEST_F(JmapEmailGet, GivesTheTextsThatWereAskedFor) {  // section 4.2
  const auto id = deliver(kMixed);
  const std::string text = "Gr\xC3\xBC\xC3\x9F" "e", html = "<p>Gr\xC3\xBC\xC3\x9F" "e <a href=\"x>y\">link</a></p>";
  const Json text_value = {{"value", text}, {"isEncodingProblem", false}, {"isTruncated", false}};
  const Json html_value = {{"value", html}, {"isEncodingProblem", false}, {"isTruncated", false}};
  const auto values = [&](const char* which) { return get(id, {{"properties", {"bodyValues"}}, {which, true}})["bodyValues"]; };
  EXPECT_EQ(values("fetchTextBodyValues"), (Json{{"1.1", text_value}}));
  EXPECT_EQ(values("fetchHTMLBodyValues"), (Json{{"1.2", html_value}}));
  EXPECT_EQ(values("fetchAllBodyValues"), (Json{{"1.1", text_value}, {"1.2", html_value}}));
}

TEST_F(JmapEmailGet, CutsTextsBetweenCharactersAndOutsideOfTags) {  // section 4.2, maxBodyValueBytes
  const auto id = deliver(kMixed);
  const auto cut = [&](unsigned most, const char* part) {
    return get(id, {{"properties", {"bodyValues"}}, {"fetchAllBodyValues", true}, {"maxBodyValueBytes", most}})["bodyValues"][part];
  };
  EXPECT_EQ(cut(3, "1.1")["value"], "Gr");  // and not half of the u with two dots
  EXPECT_EQ(cut(3, "1.1")["isTruncated"], true);
  EXPECT_EQ(cut(4, "1.1")["value"], "Gr\xC3\xBC");
  EXPECT_EQ(cut(7, "1.1")["isTruncated"], false);
  for (unsigned most = 11; most < 25; ++most) EXPECT_EQ(cut(most, "1.2")["value"], "<p>Gr\xC3\xBC\xC3\x9F" "e ") << most;
  EXPECT_EQ(cut(26, "1.2")["value"], "<p>Gr\xC3\xBC\xC3\x9F" "e <a href=\"x>y\">l");
}

TEST_F(JmapEmailGet, SaysWhereATextIsNotWhatItsLabelsSay) {  // section 4.1.4, isEncodingProblem
  const auto value = [&](const std::string& fields, const std::string& body) {
    const auto id = deliver("From: a@b\r\n" + fields + "\r\n" + body);
    return get(id, {{"properties", {"bodyValues"}}, {"fetchAllBodyValues", true}})["bodyValues"]["1"];
  };
  EXPECT_EQ(value("Content-Type: text/plain; charset=klingon\r\n", "x")["isEncodingProblem"], true);
  EXPECT_EQ(value("Content-Transfer-Encoding: x-odd\r\n", "x")["isEncodingProblem"], true);
  EXPECT_EQ(value("Content-Type: text/plain; charset=utf-8\r\n", "Gr\xC3\xBC\xC3\x9F" "e und \xff")["isEncodingProblem"], true);
  EXPECT_EQ(value("Content-Type: text/plain; charset=utf-8\r\n", "a \xEF\xBF\xBD b")["isEncodingProblem"], false);
  EXPECT_EQ(value("Content-Type: text/plain; charset=utf-8\r\n", "a\r\nb\rc")["value"], "a\nb\nc");
}

TEST_F(JmapEmailGet, ReadsNeitherDocumentNorSourceForAList) {
  const auto id = deliver(kPlain);
  const std::string large(40'000, 'x');
  const auto shared = deliver(std::string(kPlain) + large);
  const Json ids = {id_of(id), id_of(shared)};
  const auto reads_of = [&](const Json& properties) {
    const auto before = fixture_.engine().operations();
    EXPECT_EQ(call("Email/get", {{"ids", ids}, {"properties", properties}})["list"].size(), 2u);
    const auto after = fixture_.engine().operations();
    return std::pair(after.get_manys - before.get_manys, after.reads() - before.reads());
  };
  const auto both = std::pair(std::uint64_t{2}, std::uint64_t{2});  // of all records, and of all summaries
  EXPECT_EQ(reads_of({"id", "blobId", "mailboxIds", "keywords", "size", "receivedAt", "from", "subject", "preview", "hasAttachment"}), both);
  EXPECT_GT(reads_of({"to"}), both);
}

TEST_F(JmapEmailGet, TakesTheSenderFromTheHeaderWhereThereAreSeveral) {  // section 4.1.3: from is header:From:asAddresses
  const auto two = deliver("From: a@example.com, B <b@example.com>\r\n\r\nx");
  EXPECT_EQ(property(two, "from"), json_of(R"([{"name":null,"email":"a@example.com"},{"name":"B","email":"b@example.com"}])"));
  const auto none = deliver("Subject:\r\n\r\nx");
  EXPECT_EQ(property(none, "from"), nullptr);
  EXPECT_EQ(property(none, "subject"), "");
  EXPECT_EQ(property(deliver("X: y\r\n\r\nx"), "subject"), nullptr);
  const auto twice = deliver("From: a@example.com\r\nFrom: b@example.com\r\n\r\nx");
  EXPECT_EQ(property(twice, "from"), json_of(R"([{"name":null,"email":"b@example.com"}])"));
}

TEST_F(JmapEmailGet, ShowsWhatWasPutBeforeTheMessageAsAPartOfIt) {
  const auto id = *fixture_.resolve("mailto:ann@example.test");
  store::Incoming incoming;
  incoming.to = {id};
  incoming.trace_block = "Return-Path: <joe@example.com>\r\nReceived: by mx.example.test\r\n";
  const auto delivered = fixture_.deliver(std::move(incoming), kPlain);
  ASSERT_TRUE(delivered[0].ok());
  EXPECT_EQ(property(delivered[0]->id, "header:Return-Path"), " <joe@example.com>");
  EXPECT_EQ(property(delivered[0]->id, "size"), source(delivered[0]->id).size());
  const auto blob = adapters::jmap::open_blob(store(), account_, *adapters::jmap::blob_from(blob_of(delivered[0]->id)), store::Purpose::store);
  ASSERT_TRUE(blob.ok());
  EXPECT_EQ(adapters::jmap::bytes_of(**blob, {0, 1 << 20}).value(), source(delivered[0]->id));
}

}  // namespace
}  // namespace telepost
