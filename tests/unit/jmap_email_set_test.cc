// RFC 8621 sections 4.6 to 4.9: emails made, changed, destroyed, imported and parsed.
#include <gtest/gtest.h>

#include "adapters/jmap/blob.h"
#include "tests/support/jmap_json.h"
#include "tests/support/jmap_mail.h"

namespace telepost {
namespace {

using adapters::jmap::Json;
using adapters::jmap::json_of;
using test::JmapMail;

class JmapEmailSet : public JmapMail {
 protected:
  Json set(const std::string& arguments) { return call("Email/set", json_of(arguments)); }
  // The email that the properties made.
  schema::MessageId make(const std::string& properties) {
    const Json done = set(R"({"create":{"k":)" + properties + "}}");
    EXPECT_TRUE(done["notCreated"].is_null()) << done;
    return {account_, {adapters::jmap::number_from('e', done["created"]["k"].value("id", "")).value_or(0)}};
  }
  // Why they made none.
  Json refusal(const std::string& properties) { return set(R"({"create":{"k":)" + properties + "}}")["notCreated"]["k"]; }
  Json update(schema::MessageId id, const std::string& patch) { return set(R"({"update":{")" + id_of(id) + R"(":)" + patch + "}}"); }
  Json refusal_of(schema::MessageId id, const std::string& patch) { return update(id, patch)["notUpdated"][id_of(id)]; }
  static std::string plain() { return "From: a@b\r\nSubject: x\r\n\r\nbody"; }
};

TEST_F(JmapEmailSet, ChangesKeywordsWholeAndOneByOne) {  // RFC 8620 section 5.3; RFC 8621 section 4.6
  const auto id = deliver(plain());
  const std::string since = state();
  const Json done = update(id, R"({"keywords/$seen":true,"keywords/a~1b":true})");
  EXPECT_EQ(done["updated"], (Json{{id_of(id), nullptr}}));
  EXPECT_EQ(done["oldState"], since);
  EXPECT_EQ(done["newState"], state());
  EXPECT_EQ(property(id, "keywords"), json_of(R"({"$seen":true,"a/b":true})"));
  update(id, R"({"keywords/$seen":null,"keywords/none":null})");
  EXPECT_EQ(property(id, "keywords"), json_of(R"({"a/b":true})"));
  update(id, R"({"keywords":{"$Flagged":true}})");
  EXPECT_EQ(property(id, "keywords"), json_of(R"({"$flagged":true})"));
  update(id, R"({"keywords":null})");
  EXPECT_EQ(property(id, "keywords"), Json::object());
}

TEST_F(JmapEmailSet, MovesBetweenMailboxes) {
  const auto work = adapters::jmap::to_id(make_mailbox("Work"));
  const auto id = deliver(plain());
  update(id, R"({"mailboxIds/)" + work + R"(":true})");
  EXPECT_EQ(property(id, "mailboxIds"), (Json{{"m1", true}, {work, true}}));
  update(id, R"({"mailboxIds/m1":null})");
  EXPECT_EQ(property(id, "mailboxIds"), (Json{{work, true}}));
  update(id, R"({"mailboxIds":{"m1":true}})");
  EXPECT_EQ(property(id, "mailboxIds"), (Json{{"m1", true}}));
  for (const char* patch : {R"({"mailboxIds/m1":null})", R"({"mailboxIds":{}})", R"({"mailboxIds":{"m77":true}})", R"({"mailboxIds/m77":true})", R"({"mailboxIds":null})",
                            R"({"mailboxIds":{"m1":false}})"}) {
    EXPECT_EQ(refusal_of(id, patch)["type"], "invalidProperties") << patch;  // section 4.1.1: at least one, and those that are there
  }
  EXPECT_EQ(property(id, "mailboxIds"), (Json{{"m1", true}}));
}

TEST_F(JmapEmailSet, RefusesChangesOfWhatIsFixed) {  // section 4.6
  const auto id = deliver(plain());
  const std::string since = state();
  for (const char* patch : {R"({"subject":"y"})", R"({"id":"e1"})", R"({"keywords":{"a":false}})", R"({"keywords/a":false})", R"({"keywords/a b":true})", R"({"nothing":1})",
                            R"({"keywords":["a"]})", R"({"receivedAt":"2014-10-30T06:12:00Z"})"}) {
    EXPECT_EQ(refusal_of(id, patch)["type"], "invalidProperties") << patch;
  }
  EXPECT_EQ(refusal_of(id, R"({"keywords/a":true,"keywords":{}})")["type"], "invalidPatch");
  EXPECT_EQ(refusal_of(id, R"({"keywords/a/b":true})")["type"], "invalidPatch");
  EXPECT_EQ(refusal_of(id, R"({"keywords/a~2":true})")["type"], "invalidPatch");
  EXPECT_EQ(set(R"({"update":{"e99":{"keywords/a":true},"x":{}}})")["notUpdated"], json_of(R"({"e99":{"type":"notFound"},"x":{"type":"notFound"}})"));
  std::string many = R"({"keywords/k0":true)";
  for (int i = 1; i < 129; ++i) many += R"(,"keywords/k)" + std::to_string(i) + R"(":true)";
  EXPECT_EQ(refusal_of(id, many + "}")["type"], "tooManyKeywords");
  EXPECT_EQ(state(), since);
}

TEST_F(JmapEmailSet, ChangesManyInFewBatches) {
  Json patches = Json::object();
  std::vector<schema::MessageId> emails;
  for (int i = 0; i < 50; ++i) emails.push_back(deliver(plain()));
  for (const auto& id : emails) patches[id_of(id)] = {{"keywords/$seen", true}};
  const auto before = fixture_.engine().operations().lists;
  const Json done = call("Email/set", {{"update", patches}, {"destroy", {"e0"}}});
  EXPECT_EQ(done["updated"].size(), 50u);
  EXPECT_EQ(done["notDestroyed"]["e0"]["type"], "notFound");
  EXPECT_EQ(fixture_.engine().operations().lists - before, 1u);
}

TEST_F(JmapEmailSet, DestroysAndRefusesToChangeWhatItDestroys) {  // RFC 8620 section 5.3
  const auto a = deliver(plain()), b = deliver(plain());
  const Json done = call("Email/set", {{"update", {{id_of(a), {{"keywords/x", true}}}}}, {"destroy", {id_of(a), id_of(b)}}});
  EXPECT_EQ(done["destroyed"], Json({id_of(a), id_of(b)}));
  EXPECT_EQ(done["notUpdated"][id_of(a)]["type"], "willDestroy");
  EXPECT_FALSE(store().reader().find(a).ok());
  EXPECT_EQ(error_of("Email/set", {{"ifInState", "1"}, {"destroy", Json::array()}}), "stateMismatch");
}

TEST_F(JmapEmailSet, MakesAMessageOfText) {
  const auto id = make(R"({"mailboxIds":{"m1":true},"keywords":{"$draft":true,"$seen":true},"receivedAt":"2014-10-30T06:12:00Z",
    "from":[{"name":"Zoë","email":"ann@example.test"}],"to":[{"email":"bob@example.org"}],"subject":"Grüße","messageId":["m@example.test"],"references":["a@b","c@d"],
    "sentAt":"2014-10-30T14:12:00+08:00","header:X-Mine:asText":"é","header:X-Two:all":[" 1"," 2\r\n 3"],
    "textBody":[{"partId":"t","type":"text/plain"}],"bodyValues":{"t":{"value":"Hällo\nthere"}}})");
  const Json email = get(id, {{"fetchTextBodyValues", true},
                              {"properties", {"keywords", "receivedAt", "from", "to", "subject", "messageId", "references", "sentAt", "header:X-Mine:asText", "header:X-Two:all", "bodyValues",
                                              "textBody", "bodyStructure", "mailboxIds", "header:MIME-Version:all"}}});
  EXPECT_EQ(email["keywords"], json_of(R"({"$draft":true,"$seen":true})"));
  EXPECT_EQ(email["receivedAt"], "2014-10-30T06:12:00Z");
  EXPECT_EQ(email["from"], json_of(R"([{"name":"Zoë","email":"ann@example.test"}])"));
  EXPECT_EQ(email["to"], json_of(R"([{"name":null,"email":"bob@example.org"}])"));
  EXPECT_EQ(email["subject"], "Grüße");
  EXPECT_EQ(email["messageId"], Json({"m@example.test"}));
  EXPECT_EQ(email["references"], Json({"a@b", "c@d"}));
  EXPECT_EQ(email["sentAt"], "2014-10-30T06:12:00Z");
  EXPECT_EQ(email["header:X-Mine:asText"], "é");
  EXPECT_EQ(email["header:X-Two:all"], Json({" 1", " 2\r\n 3"}));
  EXPECT_EQ(email["bodyValues"]["1"]["value"], "Hällo\nthere\n");
  EXPECT_EQ(email["textBody"][0]["charset"], "utf-8");
  EXPECT_EQ(email["header:MIME-Version:all"], Json({" 1.0"}));
}

TEST_F(JmapEmailSet, MakesMessageIdAndDateWhereTheyAreMissing) {  // section 4.6: the server MUST
  const auto id = make(R"({"mailboxIds":{"m1":true},"from":[{"email":"ann@example.test"}]})");
  EXPECT_TRUE(property(id, "messageId")[0].get<std::string>().ends_with("@example.test"));
  EXPECT_TRUE(property(id, "sentAt").is_string());
  EXPECT_EQ(get(id, {{"properties", {"bodyStructure"}}})["bodyStructure"]["type"], "text/plain");
}

TEST_F(JmapEmailSet, PutsTextHtmlPicturesAndAttachmentsTogether) {
  const std::string picture("\x89PNG\x00\x01", 6), file(200'000, '\0');
  const auto id = make(R"({"mailboxIds":{"m1":true},"textBody":[{"partId":"t"}],"htmlBody":[{"partId":"h","type":"text/html"}],
    "bodyValues":{"t":{"value":"text"},"h":{"value":"<img src=cid:p>","isTruncated":false}},
    "attachments":[{"blobId":")" + upload(picture, "image/png") + R"(","cid":"p","disposition":"inline"},
                   {"blobId":")" + upload(file) + R"(","type":"application/pdf","name":"Übersicht.pdf","disposition":"attachment","language":["de"]}]})");
  const Json email = get(id, {{"properties", {"bodyStructure", "hasAttachment", "attachments"}}, {"bodyProperties", {"type", "subParts", "name", "cid", "size", "disposition", "blobId", "language"}}});
  const auto type = [](const Json& part) { return part["type"].get<std::string>(); };
  const Json& root = email["bodyStructure"];
  ASSERT_EQ(type(root), "multipart/mixed");
  ASSERT_EQ(type(root["subParts"][0]), "multipart/alternative");
  EXPECT_EQ(type(root["subParts"][0]["subParts"][0]), "text/plain");
  const Json& related = root["subParts"][0]["subParts"][1];
  ASSERT_EQ(type(related), "multipart/related");
  EXPECT_EQ(type(related["subParts"][0]), "text/html");
  EXPECT_EQ(related["subParts"][1]["cid"], "p");
  EXPECT_EQ(related["subParts"][1]["size"], 6);
  const Json& attached = root["subParts"][1];
  EXPECT_EQ(attached["name"], "Übersicht.pdf");
  EXPECT_EQ(attached["size"], file.size());
  EXPECT_EQ(attached["language"], Json({"de"}));
  EXPECT_EQ(email["hasAttachment"], true);
  const auto blob = adapters::jmap::open_blob(store(), account_, *adapters::jmap::blob_from(attached["blobId"].get<std::string>()), store::Purpose::subscriber);
  ASSERT_TRUE(blob.ok());
  EXPECT_EQ(adapters::jmap::bytes_of(**blob, {0, 1 << 20}).value(), file);
}

TEST_F(JmapEmailSet, MakesTheStructureThatIsGiven) {
  const auto inner = deliver(plain());
  const auto id = make(R"({"mailboxIds":{"m1":true},"subject":"outer","bodyStructure":{"type":"multipart/digest","header:X-Root":" r","subParts":[
    {"type":"message/rfc822","blobId":")" + blob_of(inner) + R"("},{"partId":"a","type":"text/calendar","location":"http://x.test/c"}]},"bodyValues":{"a":{"value":"BEGIN"}}})");
  const Json root = get(id, {{"properties", {"bodyStructure"}}, {"bodyProperties", {"type", "subParts", "header:X-Root", "location", "blobId", "size"}}})["bodyStructure"];
  EXPECT_EQ(root["type"], "multipart/digest");
  EXPECT_EQ(root["header:X-Root"], " r");
  EXPECT_EQ(root["subParts"][0]["size"], source(inner).size());
  EXPECT_EQ(root["subParts"][1]["location"], "http://x.test/c");
  const Json parsed = call("Email/parse", {{"blobIds", {root["subParts"][0]["blobId"]}}, {"properties", {"subject"}}});
  EXPECT_EQ(parsed["parsed"][root["subParts"][0]["blobId"].get<std::string>()]["subject"], "x");
}

TEST_F(JmapEmailSet, RefusesWhatTheRfcForbidsInAnEmail) {  // section 4.6, each MUST
  const std::string in = R"("mailboxIds":{"m1":true})";
  const std::string text = R"("bodyValues":{"t":{"value":"x"}},"textBody":[{"partId":"t"}])";
  const std::pair<std::string, const char*> cases[] = {
      {R"({)" + text + "}", "mailboxIds"},
      {R"({"mailboxIds":{},)" + text + "}", "mailboxIds"},
      {R"({)" + in + R"(,"headers":[{"name":"A","value":" b"}]})", "headers"},
      {R"({)" + in + R"(,"from":[{"email":"a@b"}],"header:From":" a@b"})", "header:From"},
      {R"({)" + in + R"(,"header:Subject:asAddresses":[]})", "header:Subject:asAddresses"},
      {R"({)" + in + R"(,"header:Content-Type":" text/plain"})", "header:Content-Type"},
      {R"({)" + in + R"(,"size":5})", "size"},
      {R"({)" + in + R"(,"threadId":"t1"})", "threadId"},
      {R"({)" + in + R"(,"bodyStructure":{"partId":"t"},)" + text + "}", "bodyStructure"},
      {R"({)" + in + R"(,"subject":"x","bodyStructure":{"partId":"t","header:Subject":" y"},"bodyValues":{"t":{"value":"x"}}})", "bodyStructure"},
      {R"({)" + in + R"(,"textBody":[{"partId":"t"},{"partId":"t"}],"bodyValues":{"t":{"value":"x"}}})", "textBody"},
      {R"({)" + in + R"(,"textBody":[{"partId":"t","type":"text/html"}],"bodyValues":{"t":{"value":"x"}}})", "textBody"},
      {R"({)" + in + R"(,"htmlBody":[{"partId":"t"}],"bodyValues":{"t":{"value":"x"}}})", "htmlBody"},
      {R"({)" + in + R"(,"textBody":[{"partId":"t","blobId":"u1"}],"bodyValues":{"t":{"value":"x"}}})", "textBody"},
      {R"({)" + in + R"(,"textBody":[{"partId":"none"}],"bodyValues":{"t":{"value":"x"}}})", "bodyValues"},
      {R"({)" + in + R"(,"textBody":[{"partId":"t","charset":"utf-8"}],"bodyValues":{"t":{"value":"x"}}})", "textBody/charset"},
      {R"({)" + in + R"(,"textBody":[{"partId":"t","size":1}],"bodyValues":{"t":{"value":"x"}}})", "textBody/size"},
      {R"({)" + in + R"(,"textBody":[{"partId":"t","header:Content-Transfer-Encoding":" 8bit"}],"bodyValues":{"t":{"value":"x"}}})", "textBody/header:Content-Transfer-Encoding"},
      {R"({)" + in + R"(,"textBody":[{"partId":"t","headers":[]}],"bodyValues":{"t":{"value":"x"}}})", "textBody/headers"},
      {R"({)" + in + R"(,"textBody":[{"partId":"t"}],"bodyValues":{"t":{"value":"x","isTruncated":true}}})", "bodyValues/t/isTruncated"},
      {R"({)" + in + R"(,"textBody":[{"partId":"t"}],"bodyValues":{"t":{"value":"x","isEncodingProblem":true}}})", "bodyValues/t/isEncodingProblem"},
      {R"({)" + in + R"(,"from":[{"email":"a\r\nBcc: c@d"}]})", "from"},
      {R"({)" + in + R"(,"header:X":" a\r\nBcc: c@d"})", "header:X"},
      {R"({)" + in + R"(,"messageId":["a> <b"]})", "messageId"},
      {R"({)" + in + R"(,"sentAt":"yesterday"})", "sentAt"},
      {R"({)" + in + R"(,"receivedAt":"2014-10-30T06:12:00+01:00"})", "receivedAt"},
      {R"({)" + in + R"(,"receivedAt":"0000-01-01T00:00:00Z"})", "receivedAt"},
      {R"({)" + in + R"(,"keywords":{"a b":true}})", "keywords"},
      {R"({)" + in + R"(,"nothing":1})", "nothing"},
  };
  const std::string since = state();
  for (const auto& [object, property] : cases) {
    const Json error = refusal(object);
    EXPECT_EQ(error.value("type", ""), "invalidProperties") << object;
    EXPECT_NE(error.value("properties", Json::array()).dump().find('"' + std::string(property) + '"'), std::string::npos) << object << error;
  }
  EXPECT_EQ(state(), since);
}

TEST_F(JmapEmailSet, NamesBlobsThatAreNotThere) {  // section 4.6, blobNotFound
  const Json error = refusal(R"({"mailboxIds":{"m1":true},"attachments":[{"blobId":"u99","disposition":"attachment"},{"blobId":"nonsense"}]})");
  EXPECT_EQ(error["type"], "blobNotFound");
  EXPECT_EQ(error["notFound"], Json({"u99", "nonsense"}));
}

TEST_F(JmapEmailSet, RefusesWhatIsTooMuch) {
  context_.settings.max_size_upload = 10;
  EXPECT_EQ(refusal(R"({"mailboxIds":{"m1":true},"attachments":[{"blobId":")" + upload("12345678901") + R"("}]})")["type"], "tooLarge");
  EXPECT_EQ(refusal(R"({"mailboxIds":{"m99":true}})")["type"], "invalidProperties");
}

TEST_F(JmapEmailSet, GivesWhatTheClientDidNotSay) {
  const Json done = set(R"({"create":{"k":{"mailboxIds":{"m1":true},"subject":"x"}}})");
  const Json& created = done["created"]["k"];
  const schema::MessageId id{account_, {*adapters::jmap::number_from('e', created["id"].get<std::string>())}};
  EXPECT_EQ(created, (Json{{"id", id_of(id)}, {"blobId", blob_of(id)}, {"threadId", property(id, "threadId")}, {"size", source(id).size()}}));
  EXPECT_EQ(done["newState"], state());
}

TEST_F(JmapEmailSet, ImportsBytesAsTheyAre) {  // section 4.8
  const std::string large = "From: a@b\r\nReceived: by x; Thu, 30 Oct 2014 06:12:00 +0000\r\nReceived: by y; Wed, 29 Oct 2014 06:12:00 +0000\r\n\r\n" + test::random_lines(3, 3'000'000);
  const Json done = call("Email/import", {{"emails", {{"k", {{"blobId", upload(large)}, {"mailboxIds", {{"m1", true}}}, {"keywords", {{"$Seen", true}}}}},
                                                      {"bad", {{"blobId", "u99"}, {"mailboxIds", {{"m1", true}}}}},
                                                      {"none", {{"blobId", upload("no header here")}, {"mailboxIds", {{"m1", true}}}}}}}});
  const schema::MessageId id{account_, {*adapters::jmap::number_from('e', done["created"]["k"]["id"].get<std::string>())}};
  EXPECT_EQ(source(id), large);
  EXPECT_EQ(property(id, "receivedAt"), "2014-10-30T06:12:00Z");
  EXPECT_EQ(property(id, "keywords"), json_of(R"({"$seen":true})"));
  EXPECT_EQ(done["notCreated"]["bad"], json_of(R"({"type":"invalidProperties","properties":["blobId"]})"));
  EXPECT_EQ(done["notCreated"]["none"]["type"], "invalidEmail");
  EXPECT_FALSE(done.contains("updated"));
  EXPECT_EQ(error_of("Email/import", {{"ifInState", "1"}, {"emails", Json::object()}}), "stateMismatch");
}

TEST_F(JmapEmailSet, ParsesBlobsWithoutKeepingThem) {  // section 4.9
  const auto mail = upload(plain()), none = upload("no header here");
  const Json answer = call("Email/parse", {{"blobIds", {mail, none, "u99"}}, {"properties", {"subject", "id", "receivedAt", "preview", "textBody", "size"}}});
  const Json& parsed = answer["parsed"][mail];
  EXPECT_EQ(parsed["subject"], "x");
  EXPECT_EQ(parsed["id"], nullptr);
  EXPECT_EQ(parsed["receivedAt"], nullptr);
  EXPECT_EQ(parsed["preview"], "body");
  EXPECT_EQ(parsed["size"], plain().size());
  EXPECT_EQ(parsed["textBody"][0]["blobId"], mail + "-1");
  EXPECT_EQ(answer["notParsable"], Json({none}));
  EXPECT_EQ(answer["notFound"], Json({"u99"}));
  EXPECT_EQ(error_of("Email/parse", {{"blobIds", {mail}}, {"properties", {"nothing"}}}), "invalidArguments");
}

TEST_F(JmapEmailSet, CopiesFromNobody) {  // section 4.7
  const std::string own = adapters::jmap::to_id(account_), other = adapters::jmap::to_id(fixture_.create("mailto:bob@example.test"));
  EXPECT_EQ(error_of("Email/copy", {{"fromAccountId", own}, {"create", Json::object()}}), "invalidArguments");
  EXPECT_EQ(error_of("Email/copy", {{"fromAccountId", other}, {"create", Json::object()}}), "fromAccountNotFound");
  const Json answer = call("Blob/copy", {{"fromAccountId", own}, {"blobIds", {upload("x"), "u99"}}});
  EXPECT_EQ(answer["copied"].size(), 1u);
  EXPECT_EQ(answer["notCopied"]["u99"]["type"], "notFound");
  EXPECT_EQ(error_of("Blob/copy", {{"fromAccountId", other}, {"blobIds", {"u1"}}}), "fromAccountNotFound");
}

}  // namespace
}  // namespace telepost
