// RFC 8620 sections 1 to 3: types, requests, responses and their errors, from bytes and back.
#include "adapters/jmap/request_codec.h"

#include <gtest/gtest.h>

#include "adapters/jmap/arguments_codec.h"
#include "adapters/jmap/date_codec.h"
#include "adapters/jmap/id_codec.h"

namespace telepost::adapters::jmap {
namespace {

using schema::AccountId;
using schema::MailboxId;

Errc refusal_of(std::string_view text, JsonLimits limits = {}) {
  const Result<Json> read = parse_i_json(text, limits);
  EXPECT_FALSE(read.ok()) << text;
  return read.ok() ? Errc::io : read.error().kind;
}

TEST(JmapJson, Section1_5RefusesWhatIsNoIJson) {
  EXPECT_EQ(refusal_of("{\"a\":1,\"a\":2}"), Errc::invalid);           // RFC 7493 section 2.3
  EXPECT_EQ(refusal_of("{\"a\":1,\"\\u0061\":2}"), Errc::invalid);
  EXPECT_EQ(refusal_of("[\"\\ud800\"]"), Errc::invalid);               // section 2.1: a surrogate by itself
  EXPECT_EQ(refusal_of("[\"\\udc00\\ud800\"]"), Errc::invalid);
  EXPECT_EQ(refusal_of("[\"\\ufffe\"]"), Errc::invalid);               // noncharacters
  EXPECT_EQ(refusal_of("[\"\\ufdd0\"]"), Errc::invalid);
  EXPECT_EQ(refusal_of("{\"\\ud83f\\udfff\":1}"), Errc::invalid);      // U+1FFFF
  EXPECT_EQ(refusal_of("[\"\xc3\x28\"]"), Errc::invalid);              // no UTF-8
  EXPECT_EQ(refusal_of("[\"\xed\xa0\x80\"]"), Errc::invalid);
  EXPECT_EQ(refusal_of("\xef\xbb\xbf{}"), Errc::invalid);
  for (const char* const text : {"", "{", "{}x", "{a:1}", "[1,]", "'a'", "NaN", "// a\n1", "[1e999]", "[01]"}) EXPECT_EQ(refusal_of(text), Errc::invalid);
}

TEST(JmapJson, Section1_5TakesAllOtherText) {
  const Result<Json> read = parse_i_json("{\"a\":[\"\\ud83d\\ude00\",\"\\ufdcf\",\"\xef\xbf\xbd\",-1,1.5,true,null,{}]}");
  ASSERT_TRUE(read.ok()) << to_string(read.error());
  EXPECT_EQ((*read)["a"][0], "\xf0\x9f\x98\x80");
  EXPECT_EQ(to_text(*read), "{\"a\":[\"\xf0\x9f\x98\x80\",\"\xef\xb7\x8f\",\"\xef\xbf\xbd\",-1,1.5,true,null,{}]}");
}

TEST(JmapJson, StopsAtItsLimits) {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_TRUE(parse_i_json(nested(64)).ok());
  EXPECT_EQ(refusal_of(nested(65)), Errc::invalid);
  EXPECT_EQ(refusal_of(nested(1'000'000)), Errc::invalid);
  EXPECT_TRUE(parse_i_json("[1,{\"a\":2}]", {.values = 4}).ok());
  EXPECT_EQ(refusal_of("[1,{\"a\":2}]", {.values = 3}), Errc::too_large);
}

TEST(JmapIds, Section1_2TellWhatIsAnId) {
  EXPECT_TRUE(is_id("A-z_09"));
  EXPECT_TRUE(is_id(std::string(255, 'a')));
  for (const std::string& text : {std::string(), std::string(256, 'a'), std::string("a b"), std::string("#a"), std::string("\xc3\xa4")}) EXPECT_FALSE(is_id(text));
}

TEST(JmapIds, HaveOneSpelling) {
  EXPECT_EQ(to_id(AccountId{0x1f}), "a000000000000001f");
  EXPECT_EQ(account_from("a000000000000001f"), AccountId{0x1f});
  EXPECT_EQ(account_from("affffffffffffffff"), AccountId{~std::uint64_t{0}});
  EXPECT_EQ(account_from("a0000000000000000"), AccountId{0});
  EXPECT_EQ(to_id(MailboxId{7}), "m7");
  EXPECT_EQ(mailbox_from("m4294967295"), MailboxId{4294967295u});
  EXPECT_EQ(to_id('e', 0x1000000004), "e1000000004");
  EXPECT_EQ(number_from('e', "e1000000004"), 0x1000000004u);
  for (const char* const text : {"", "a", "a1f", "a000000000000001F", "b000000000000001f", "a 00000000000001f", "a000000000000001f0", "a+00000000000001f"}) EXPECT_FALSE(account_from(text)) << text;
  for (const char* const text : {"", "m", "m0", "m01", "m+1", "m-1", "m4294967296", "m1x", "M1", "1"}) EXPECT_FALSE(mailbox_from(text)) << text;
  for (const char* const text : {"e", "e0", "e01", "eF", "e10000000000000000", "t1", "e1 "}) EXPECT_FALSE(number_from('e', text)) << text;
}

TEST(JmapIds, StatesAreModseqs) {
  EXPECT_EQ(to_state({78540}), "78540");
  EXPECT_EQ(state_from("78540"), schema::Modseq{78540});
  EXPECT_EQ(state_from("0"), schema::Modseq{0});
  for (const char* const text : {"", "-1", "007", "7a", " 7", "18446744073709551616"}) EXPECT_FALSE(state_from(text)) << text;
}

TEST(JmapDates, Section1_4) {
  const Result<Time> time = utc_date_from("2014-10-30T06:12:00Z");
  ASSERT_TRUE(time.ok());
  EXPECT_EQ(to_utc_date(*time), "2014-10-30T06:12:00Z");  // no fraction where it is zero
  EXPECT_EQ(date_from("2014-10-30T14:12:00+08:00").value(), *time);
  EXPECT_EQ(to_utc_date(*time + Duration(120)), "2014-10-30T06:12:00.120Z");
  for (const char* const text : {"2014-10-30t06:12:00Z", "2014-10-30T06:12:00z", "2014-10-30 06:12:00Z", "2014-10-30", "2014-10-30T14:12:00+08:00"}) EXPECT_FALSE(utc_date_from(text).ok()) << text;
}

Request request_of(std::string_view text) {
  auto read = read_request(text, 4);
  EXPECT_EQ(read.index(), 0u) << text;
  return read.index() == 0 ? std::get<Request>(std::move(read)) : Request();
}

RequestError error_of(std::string_view text, std::size_t max_calls = 4) {
  auto read = read_request(text, max_calls);
  EXPECT_EQ(read.index(), 1u) << text;
  return read.index() == 1 ? std::get<RequestError>(read) : RequestError();
}

TEST(JmapRequest, Section3_3_1Example) {
  const Request request = request_of(R"({
    "using": [ "urn:ietf:params:jmap:core", "urn:ietf:params:jmap:mail" ],
    "methodCalls": [
      [ "method1", { "arg1": "arg1data", "arg2": "arg2data" }, "c1" ],
      [ "method2", { "arg1": "arg1data" }, "c2" ],
      [ "method3", {}, "c3" ] ] })");
  EXPECT_TRUE(request.capabilities.contains("urn:ietf:params:jmap:mail"));
  ASSERT_EQ(request.calls.size(), 3u);
  EXPECT_EQ(request.calls[0].name, "method1");
  EXPECT_EQ(request.calls[0].arguments["arg2"], "arg2data");
  EXPECT_EQ(request.calls[2].call_id, "c3");
  EXPECT_FALSE(request.created_ids);
}

TEST(JmapRequest, Section3_4_1ExampleOfAResponse) {
  Response response{{{"method1", {{"arg1", 3}, {"arg2", "foo"}}, "c1"}, {"error", {{"type", "unknownMethod"}}, "c3"}}, {}, "75128aab4b1b"};
  EXPECT_EQ(to_text(response), R"({"methodResponses":[["method1",{"arg1":3,"arg2":"foo"},"c1"],["error",{"type":"unknownMethod"},"c3"]],"sessionState":"75128aab4b1b"})");
  response.created_ids.emplace().emplace("k1", "m1");
  EXPECT_NE(to_text(response).find(R"("createdIds":{"k1":"m1"})"), std::string::npos);
}

TEST(JmapRequest, Section3_6_1NotJson) {
  EXPECT_EQ(error_of("{\"using\":[").kind, RequestError::Kind::not_json);
  EXPECT_EQ(error_of("{\"using\":[],\"using\":[],\"methodCalls\":[]}").kind, RequestError::Kind::not_json);
}

TEST(JmapRequest, Section3_6_1NotRequest) {
  for (const char* const text :
       {"[]", "1", "{}", R"({"using":[]})", R"({"methodCalls":[]})", R"({"using":["a",1],"methodCalls":[]})", R"({"using":"a","methodCalls":[]})",
        R"({"using":[],"methodCalls":{}})", R"({"using":[],"methodCalls":[["a",{}]]})", R"({"using":[],"methodCalls":[["a",[],"0"]]})",
        R"({"using":[],"methodCalls":[["a",{},0]]})", R"({"using":[],"methodCalls":[["a",{},"0",1]]})", R"({"using":[],"methodCalls":[],"createdIds":[]})",
        R"({"using":[],"methodCalls":[],"createdIds":{"a":1}})", R"({"using":[],"methodCalls":[],"createdIds":{"#a":"b"}})"}) {
    EXPECT_EQ(error_of(text).kind, RequestError::Kind::not_request) << text;
  }
}

TEST(JmapRequest, Section3_6_1Limit) {
  const RequestError error = error_of(R"({"using":[],"methodCalls":[["a",{},"0"],["a",{},"1"]]})", 1);
  EXPECT_EQ(to_json(error)["type"], "urn:ietf:params:jmap:error:limit");
  EXPECT_EQ(to_json(error)["limit"], "maxCallsInRequest");  // MUST name the limit
  EXPECT_EQ(to_json(error)["status"], 400);
  std::string many = R"({"using":[],"methodCalls":[["a",{"x":[0)";
  for (int i = 0; i < 200'000; ++i) many += ",0";
  EXPECT_EQ(error_of(many + "]},\"0\"]]}").limit, "maxSizeRequest");
}

TEST(JmapRequest, LetsMembersBeThatNobodyKnows) {
  EXPECT_TRUE(request_of(R"({"using":[],"methodCalls":[],"x":1})").calls.empty());
}

// ---- Arguments (section 1.1: the types; 3.6.2: invalidArguments)

std::string complaint(const Result<void>& result) { return result.ok() ? "" : result.error().detail; }
template <typename T>
std::string complaint(const Result<T>& result) { return result.ok() ? "" : result.error().detail; }

TEST(JmapArguments, Section3_6_2NameWhatIsWrong) {
  const Json object = {{"text", 1}, {"id", "a b"}, {"ids", {"a", 1}}, {"flag", 1}, {"number", "1"}, {"date", "2014-10-30"}, {"object", Json::array()}};
  Arguments arguments(object);
  EXPECT_TRUE(complaint(arguments.text("text")).starts_with("text wants"));
  EXPECT_TRUE(complaint(arguments.text("missing")).starts_with("missing wants"));
  EXPECT_TRUE(complaint(arguments.id("id")).starts_with("id wants"));
  EXPECT_TRUE(complaint(arguments.ids_or_null("ids")).starts_with("ids wants"));
  EXPECT_TRUE(complaint(arguments.boolean_or("flag", false)).starts_with("flag wants"));
  EXPECT_TRUE(complaint(arguments.unsigned_or_null("number")).starts_with("number wants"));
  EXPECT_TRUE(complaint(arguments.utc_date_or_null("date")).starts_with("date wants"));
  EXPECT_TRUE(complaint(arguments.object_or_null("object")).starts_with("object wants"));
}

TEST(JmapArguments, Section1_3IntegersAreThoseOfADouble) {
  const auto read = [](const char* text) { return integer_in(*parse_i_json(text)); };
  EXPECT_EQ(read("9007199254740991"), kMaxInt);
  EXPECT_EQ(read("-9007199254740991"), -kMaxInt);
  EXPECT_EQ(read("5.0"), 5);
  EXPECT_EQ(read("5e2"), 500);
  for (const char* const text : {"9007199254740992", "-9007199254740992", "18446744073709551615", "1.5", "1e300", "\"1\"", "true", "null"}) EXPECT_FALSE(read(text)) << text;
}

TEST(JmapArguments, Section3_8RefuseWhatNobodyAskedFor) {
  const Json object = {{"a", 1}, {"b", nullptr}};
  Arguments arguments(object);
  (void)arguments.integer_or("a", 0);
  EXPECT_EQ(complaint(arguments.done()), "unknown argument 'b'");
  EXPECT_TRUE(arguments.text_or_null("b").ok());
  EXPECT_TRUE(arguments.done().ok());
}

TEST(JmapArguments, TakeEachIdOnce) {
  const Json object = {{"ids", {"a", "b", "a"}}, {"refs", {"#a", "b"}}, {"none", nullptr}};
  Arguments arguments(object);
  EXPECT_EQ(arguments.ids_or_null("ids").value(), (std::vector<std::string>{"a", "b"}));
  EXPECT_FALSE(arguments.ids_or_null("refs").ok());
  EXPECT_EQ(arguments.ids_or_null("refs", Arguments::References::taken).value(), (std::vector<std::string>{"#a", "b"}));
  EXPECT_EQ(arguments.ids_or_null("none").value(), std::nullopt);
}

TEST(JmapErrors, Section3_6_2EveryFailureIsAnErrorOfAMethod) {
  EXPECT_EQ(to_json(method_error_of({Errc::invalid, "ids wants a list"})), (Json{{"type", "invalidArguments"}, {"description", "ids wants a list"}}));
  EXPECT_EQ(method_error_of({Errc::not_found, ""}).type, "accountNotFound");
  EXPECT_EQ(method_error_of({Errc::too_many, ""}).type, "requestTooLarge");
  EXPECT_EQ(method_error_of({Errc::busy, ""}).type, "serverUnavailable");
  EXPECT_EQ(method_error_of({Errc::corrupt, "key 42"}).type, "serverFail");
  EXPECT_EQ(to_json(method_error_of({Errc::corrupt, "key 42"})).dump().find("42"), std::string::npos);  // nobody else's business
}

TEST(JmapErrors, Section5_3EveryFaultOfAnObjectIsASetError) {
  EXPECT_EQ(to_json(SetError{"invalidProperties", "too long", {"name"}}),
            (Json{{"type", "invalidProperties"}, {"description", "too long"}, {"properties", {"name"}}}));
  EXPECT_EQ(set_error_of({Errc::not_found, ""})->type, "notFound");
  EXPECT_EQ(set_error_of({Errc::too_many, ""})->type, "overQuota");
  EXPECT_FALSE(set_error_of({Errc::io, ""}));  // not the object's fault
}

}  // namespace
}  // namespace telepost::adapters::jmap
