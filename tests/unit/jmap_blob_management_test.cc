// RFC 9404: Blob/upload, Blob/get, Blob/lookup.
#include <gtest/gtest.h>

#include "base/bytes.h"
#include "tests/support/jmap_json.h"
#include "tests/support/jmap_mail.h"

namespace telepost {
namespace {

using adapters::jmap::json_of;

class JmapBlobs : public test::JmapMail {
 protected:
  Json put(const std::string& objects) { return call("Blob/upload", {{"create", json_of(objects)}}); }
  std::string fault_of(const std::string& object) {
    const Json answer = put(R"({"k":)" + object + "}");
    EXPECT_TRUE(answer["created"].is_null()) << answer;
    return answer["notCreated"]["k"].value("type", "");
  }
  Json look(const std::string& id, Json arguments) {
    arguments["ids"] = {id};
    const Json answer = call("Blob/get", std::move(arguments));
    return answer.contains("list") && answer["list"].size() == 1 ? answer["list"][0] : answer;
  }
};

// The example of section 4.1.1, in one call: what is made from another waits for it.
TEST_F(JmapBlobs, Section4_1PutsTogetherWhatIsSaidAndWhatIsThere) {
  const Json answer = put(R"({"cat":{"type":"text/plain","data":[{"data:asText":"How"},{"blobId":"#zog","length":7,"offset":3},{"data:asText":"was t"},
      {"blobId":"#zog","length":1,"offset":1},{"data:asBase64":"YXQ/"}]},
      "zog":{"data":[{"data:asText":"The quick brown fox jumped over the lazy dog."}]}})");
  ASSERT_TRUE(answer["notCreated"].is_null()) << answer;
  EXPECT_EQ(answer["created"]["cat"]["type"], "text/plain");
  EXPECT_EQ(answer["created"]["cat"]["size"], 19);
  EXPECT_EQ(answer["created"]["zog"]["type"], "application/octet-stream");
  EXPECT_EQ(look(answer["created"]["cat"]["id"], {{"properties", {"data:asText", "size"}}}),
            (Json{{"id", answer["created"]["cat"]["id"]}, {"data:asText", "How quick was that?"}, {"size", 19}}));
  EXPECT_FALSE(answer.contains("newState"));
}

TEST_F(JmapBlobs, TakesRangesOfStoredMailAndOfItsParts) {
  const auto id = deliver("From: a@b\r\nContent-Transfer-Encoding: base64\r\n\r\naGVsbG8gd29ybGQ=\r\n");
  const std::string part = "p" + id_of(id).substr(1) + "-1";
  const Json answer = put(R"({"k":{"data":[{"blobId":")" + part + R"(","offset":6},{"data:asText":" & "},{"blobId":")" + part + R"(","offset":0,"length":5},{"blobId":")" +
                          part + R"(","offset":11}]}})");
  ASSERT_TRUE(answer["notCreated"].is_null()) << answer;
  EXPECT_EQ(look(answer["created"]["k"]["id"], Json::object())["data:asText"], "world & hello");
}

TEST_F(JmapBlobs, WhatIsMadeFromNothingIsEmpty) {
  const Json made = put(R"({"k":{"data":[]}})")["created"]["k"];
  EXPECT_EQ(made["size"], 0);
  EXPECT_EQ(look(made["id"], Json::object()), (Json{{"id", made["id"]}, {"data:asText", ""}, {"size", 0}}));
}

TEST_F(JmapBlobs, GuessesNothingOfWhatIsWrong) {
  for (const char* wrong : {
           R"({})", R"({"data":null})", R"({"data":{}})", R"({"data":["x"]})", R"({"data":[{}]})", R"({"data":[{"data:asText":"x","data:asBase64":"eA=="}]})",
           R"({"data":[{"data:asBase64":"e"}]})", R"({"data":[{"data:asBase64":"***="}]})", R"({"data":[{"data:asText":5}]})",
           R"({"data":[{"data:asText":"x","offset":0}]})", R"({"data":[{"blobId":"u99"}]})", R"({"data":[{"blobId":"nonsense"}]})",
           R"({"data":[{"blobId":"#nobody"}]})", R"({"data":[{"blobId":"#k"}]})", R"({"data":[],"type":"no type"})", R"({"data":[],"size":3})"}) {
    EXPECT_EQ(fault_of(wrong), "invalidProperties") << wrong;
  }
  const std::string hello = upload("hello");
  for (const char* range : {R"("offset":6)", R"("length":6)", R"("offset":5,"length":1)", R"("offset":-1)", R"("offset":9007199254740991,"length":9007199254740991)"}) {
    EXPECT_EQ(fault_of(R"({"data":[{"blobId":")" + hello + "\"," + range + "}]}"), "invalidProperties") << range;
  }
  Json sources = Json::array();
  for (int i = 0; i < 64; ++i) sources.push_back({{"data:asText", "x"}});
  EXPECT_EQ(put(Json{{"k", {{"data", sources}}}}.dump())["created"]["k"]["size"], 64);
  sources.push_back({{"data:asText", "x"}});
  EXPECT_EQ(fault_of(Json{{"data", sources}}.dump()), "invalidProperties");
  EXPECT_EQ(put(R"({"a":{"data":[{"blobId":"#b"}]},"b":{"data":[{"blobId":"#a"}]}})")["notCreated"].size(), 2u);
}

TEST_F(JmapBlobs, NoBlobIsLargerThanAnUploadMayBe) {
  context_.settings.max_size_upload = 10;
  EXPECT_EQ(put(R"({"k":{"data":[{"data:asText":"01234"},{"data:asText":"56789"}]}})")["created"]["k"]["size"], 10);
  EXPECT_EQ(fault_of(R"({"data":[{"data:asText":"01234"},{"data:asText":"567890"}]})"), "tooLarge");
  context_.settings.max_objects_in_set = 1;
  EXPECT_EQ(error_of("Blob/upload", {{"create", json_of(R"({"a":{"data":[]},"b":{"data":[]}})")}}), "requestTooLarge");
}

// The values of section 4.2.1's example.
TEST_F(JmapBlobs, Section4_2GivesTextDigestsAndSize) {
  const std::string fox = upload("The quick brown fox jumped over the lazy dog.");
  const Json answer = call("Blob/get", {{"ids", {fox, "not-a-blob"}}, {"properties", {"data:asText", "digest:sha", "digest:sha-256", "size"}}});
  ASSERT_EQ(answer["list"].size(), 1u);
  EXPECT_EQ(answer["list"][0]["data:asText"], "The quick brown fox jumped over the lazy dog.");
  EXPECT_EQ(answer["list"][0]["digest:sha-256"], "aLEoK5HeLAVMNmKcuN1EfxLwltPjxYeXjcIkhERjNIM=");
  EXPECT_EQ(answer["list"][0]["size"], 45);
  EXPECT_EQ(answer["list"][0]["digest:sha"], "wIVPufsDxBzOOALLDSIFKebu+U4=");
  EXPECT_EQ(answer["notFound"], json_of(R"(["not-a-blob"])"));
  EXPECT_FALSE(answer.contains("state"));
}

// FIPS 180-4, "abc".
TEST_F(JmapBlobs, DigestsAreOfTheRange) {
  const std::string blob = upload("xxabcyy");
  const Json got = look(blob, {{"properties", {"digest:sha", "digest:sha-256"}}, {"offset", 2}, {"length", 3}});
  EXPECT_EQ(got["digest:sha"], to_base64(from_hex("a9993e364706816aba3e25717850c26c9cd0d89d").value()));
  EXPECT_EQ(got["digest:sha-256"], to_base64(from_hex("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad").value()));
  EXPECT_EQ(error_of("Blob/get", {{"ids", {blob}}, {"properties", {"digest:md5"}}}), "invalidArguments");
  EXPECT_EQ(error_of("Blob/get", {{"ids", nullptr}}), "invalidArguments");
}

TEST_F(JmapBlobs, WhatIsNoTextSaysSo) {
  const std::string bytes("\xff\x00\xfe", 3);
  const std::string blob = upload(bytes);
  EXPECT_EQ(look(blob, Json::object()), (Json{{"id", blob}, {"size", 3}, {"isEncodingProblem", true}, {"data:asBase64", "/wD+"}}));
  EXPECT_EQ(look(blob, {{"properties", {"data:asText"}}}), (Json{{"id", blob}, {"isEncodingProblem", true}, {"data:asText", nullptr}}));
  EXPECT_EQ(look(blob, {{"properties", {"data:asBase64"}}}), (Json{{"id", blob}, {"data:asBase64", "/wD+"}}));
  const std::string umlaut = upload("z\xc3\xbcge");
  EXPECT_EQ(look(umlaut, {{"length", 2}})["isEncodingProblem"], true) << "half a character";
  EXPECT_EQ(look(umlaut, {{"length", 3}})["data:asText"], "z\xc3\xbc");
}

TEST_F(JmapBlobs, ARangeThatEndsBehindTheBlobIsTruncated) {
  const std::string blob = upload("hello");
  EXPECT_EQ(look(blob, {{"offset", 3}, {"length", 9}}), (Json{{"id", blob}, {"size", 5}, {"isTruncated", true}, {"data:asText", "lo"}}));
  EXPECT_EQ(look(blob, {{"offset", 9}}), (Json{{"id", blob}, {"size", 5}, {"isTruncated", true}, {"data:asText", ""}}));
  EXPECT_EQ(look(blob, {{"offset", 5}}), (Json{{"id", blob}, {"size", 5}, {"data:asText", ""}}));
}

TEST_F(JmapBlobs, AResponseHoldsNoMoreThanItMay) {
  const std::string blob = upload(std::string(9u << 20, 'x'));
  EXPECT_EQ(error_of("Blob/get", {{"ids", {blob}}}), "requestTooLarge");
  EXPECT_EQ(look(blob, {{"length", 4}})["data:asText"], "xxxx");
  EXPECT_EQ(look(blob, {{"properties", {"size", "digest:sha"}}})["size"], 9u << 20);
}

TEST_F(JmapBlobs, Section4_3FindsWhatHoldsABlob) {
  const auto id = deliver("From: a@b\r\n\r\ntext\r\n");
  const std::string number = id_of(id).substr(1);
  const std::string thread = property(id, "threadId"), free = upload("free");
  const Json answer = call("Blob/lookup", {{"typeNames", {"Mailbox", "Thread", "Email"}}, {"ids", {blob_of(id), "p" + number + "-1", free, "p" + number + "-7", "x"}}});
  const Json matched = {{"Mailbox", {"m1"}}, {"Thread", {thread}}, {"Email", {id_of(id)}}};
  const Json nothing = {{"Mailbox", Json::array()}, {"Thread", Json::array()}, {"Email", Json::array()}};
  EXPECT_EQ(answer["list"], Json::array({{{"id", blob_of(id)}, {"matchedIds", matched}}, {{"id", "p" + number + "-1"}, {"matchedIds", matched}},
                                         {{"id", free}, {"matchedIds", nothing}}}));
  EXPECT_EQ(answer["notFound"], Json::array({"p" + number + "-7", "x"}));
  EXPECT_EQ(error_of("Blob/lookup", {{"typeNames", {"CalendarEvent"}}, {"ids", Json::array()}}), "unknownDataType");
}

TEST_F(JmapBlobs, TheCapabilityTellsItsBounds) {
  const Json capability = methods_.capabilities().at(adapters::jmap::kBlob).of_account(context_);
  EXPECT_EQ(capability["maxSizeBlobSet"], 50u << 20);
  EXPECT_GE(capability["maxDataSources"], 64);
  EXPECT_EQ(capability["supportedTypeNames"], json_of(R"(["Email","Mailbox","Thread"])"));
  EXPECT_EQ(capability["supportedDigestAlgorithms"], json_of(R"(["sha","sha-256","sha-512"])"));
}

}  // namespace
}  // namespace telepost
