// RFC 8620 section 3.7: references to previous results, with RFC 6901.
#include "adapters/jmap/reference_codec.h"

#include <gtest/gtest.h>

namespace telepost::adapters::jmap {
namespace {

Json reference(const char* result_of, const char* name, const char* path) { return {{"resultOf", result_of}, {"name", name}, {"path", path}}; }

std::string_view error_of(Json arguments, const std::vector<Invocation>& responses) {
  ReferenceBudget budget;
  const auto error = resolve_references(arguments, responses, budget);
  return error ? error->type : std::string_view();
}

Json resolved(Json arguments, const std::vector<Invocation>& responses) {
  ReferenceBudget budget;
  const auto error = resolve_references(arguments, responses, budget);
  EXPECT_FALSE(error) << error->description;
  return arguments;
}

const std::vector<Invocation>& changes() {
  static const std::vector<Invocation> responses = {
      {"Foo/changes", {{"accountId", "A1"}, {"oldState", "abcdef"}, {"newState", "123456"}, {"hasMoreChanges", false}, {"created", {"f1", "f4"}}, {"updated", Json::array()}, {"destroyed", Json::array()}}, "t0"},
      {"Other/set", Json::object(), "t0"},
      {"error", {{"type", "serverFail"}}, "t1"}};
  return responses;
}

TEST(JmapReference, Section3_7FirstExample) {
  EXPECT_EQ(resolved({{"accountId", "A1"}, {"#ids", reference("t0", "Foo/changes", "/created")}}, changes()),
            (Json{{"accountId", "A1"}, {"ids", {"f1", "f4"}}}));
}

TEST(JmapReference, Section3_7SecondExample) {
  const std::vector<Invocation> responses = {
      {"Email/query", {{"ids", {"msg1023", "msg223"}}}, "t0"},
      {"Email/get", {{"list", {{{"id", "msg1023"}, {"threadId", "trd194"}}, {{"id", "msg223"}, {"threadId", "trd114"}}}}}, "t1"},
      {"Thread/get", {{"list", {{{"id", "trd194"}, {"emailIds", {"msg1020", "msg1021", "msg1023"}}}, {{"id", "trd114"}, {"emailIds", {"msg201", "msg223"}}}}}}, "t2"}};
  EXPECT_EQ(resolved({{"#ids", reference("t0", "Email/query", "/ids")}}, responses)["ids"], (Json{"msg1023", "msg223"}));
  EXPECT_EQ(resolved({{"#ids", reference("t1", "Email/get", "/list/*/threadId")}}, responses)["ids"], (Json{"trd194", "trd114"}));
  EXPECT_EQ(resolved({{"#ids", reference("t2", "Thread/get", "/list/*/emailIds")}}, responses)["ids"],
            (Json{"msg1020", "msg1021", "msg1023", "msg201", "msg223"}));
}

TEST(JmapReference, Section3_7FailsAsAWhole) {
  EXPECT_EQ(error_of({{"#ids", reference("t9", "Foo/changes", "/created")}}, changes()), "invalidResultReference");    // no such call
  EXPECT_EQ(error_of({{"#ids", reference("t0", "Foo/get", "/created")}}, changes()), "invalidResultReference");        // another response
  EXPECT_EQ(error_of({{"#ids", reference("t0", "Other/set", "")}}, changes()), "invalidResultReference");              // the first counts
  EXPECT_EQ(error_of({{"#ids", reference("t1", "Foo/get", "/list")}}, changes()), "invalidResultReference");           // it failed
  EXPECT_EQ(error_of({{"#ids", reference("t0", "Foo/changes", "/nothing")}}, changes()), "invalidResultReference");
  EXPECT_EQ(error_of({{"#ids", reference("t0", "Foo/changes", "created")}}, changes()), "invalidResultReference");
  EXPECT_EQ(error_of({{"#ids", "t0"}}, changes()), "invalidResultReference");
  EXPECT_EQ(error_of({{"#ids", {{"resultOf", "t0"}, {"name", "Foo/changes"}}}}, changes()), "invalidResultReference");
}

TEST(JmapReference, Section3_7RefusesAnArgumentInBothForms) {
  EXPECT_EQ(error_of({{"ids", {"f1"}}, {"#ids", reference("t0", "Foo/changes", "/created")}}, changes()), "invalidArguments");
}

std::optional<Json> evaluate(const char* value, const char* pointer) {
  ReferenceBudget budget;
  const Result<Json> result = evaluate_pointer(*parse_i_json(value), pointer, budget);
  return result.ok() ? std::optional(*result) : std::nullopt;
}

TEST(JmapReference, Rfc6901Section5) {
  const char* const document = R"({"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"e^f":3,"g|h":4,"i\\j":5,"k\"l":6," ":7,"m~n":8})";
  EXPECT_EQ(evaluate(document, ""), parse_i_json(document).value());
  EXPECT_EQ(evaluate(document, "/foo"), (Json{"bar", "baz"}));
  EXPECT_EQ(evaluate(document, "/foo/0"), "bar");
  const std::pair<const char*, int> values[] = {{"/", 0}, {"/a~1b", 1}, {"/c%d", 2}, {"/e^f", 3}, {"/g|h", 4}, {"/i\\j", 5}, {"/k\"l", 6}, {"/ ", 7}, {"/m~0n", 8}};
  for (const auto& [pointer, value] : values) EXPECT_EQ(evaluate(document, pointer), value) << pointer;
  for (const char* const pointer : {"/foo/2", "/foo/-", "/foo/00", "/foo/+1", "/foo/x", "/m~2n", "/m~", "foo", "/foo/0/x", "/bar"}) EXPECT_EQ(evaluate(document, pointer), std::nullopt) << pointer;
}

TEST(JmapReference, Section3_7MapsThroughArraysAlone) {
  EXPECT_EQ(evaluate("{\"*\":1}", "/*"), 1);  // an object's member may be called so
  EXPECT_EQ(evaluate("[]", "/*/x"), Json::array());
  EXPECT_EQ(evaluate("[{\"x\":1},{}]", "/*/x"), std::nullopt);
  EXPECT_EQ(evaluate("[[[1],[2]],[[3]]]", "/*"), (Json{Json{1}, Json{2}, Json{3}}));  // flattened by one level
  EXPECT_EQ(evaluate("[[[1],[2]],[[3]]]", "/*/*"), (Json{1, 2, 3}));
}

TEST(JmapReference, CannotDoubleWithoutEnd) {
  std::vector<Invocation> responses = {{"Core/echo", {{"x", std::string(1024, 'x')}}, "0"}};
  ReferenceBudget budget{1u << 20};
  std::optional<MethodError> error;
  for (int call = 1; call < 64 && !error; ++call) {
    const std::string last = std::to_string(call - 1);
    Json arguments = {{"#a", reference(last.c_str(), "Core/echo", "")}, {"#b", reference(last.c_str(), "Core/echo", "")}};
    error = resolve_references(arguments, responses, budget);
    if (!error) responses.push_back({"Core/echo", std::move(arguments), std::to_string(call)});
  }
  ASSERT_TRUE(error);
  EXPECT_EQ(error->type, "invalidResultReference");
  EXPECT_LT(responses.size(), 12u);
}

}  // namespace
}  // namespace telepost::adapters::jmap
