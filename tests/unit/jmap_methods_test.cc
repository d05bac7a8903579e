// RFC 8620 sections 3 and 4: a whole request, call by call; and 5.3 for a type that keeps its objects in a map.
#include "adapters/jmap/methods.h"

#include <gtest/gtest.h>

#include "adapters/jmap/set.h"
#include "adapters/jmap/types.h"
#include "tests/support/store_fixture.h"
#include "tests/support/jmap_json.h"

namespace telepost::adapters::jmap {
namespace {

class JmapMethods : public testing::Test {
 protected:
  JmapMethods() {
    add_core(methods_);
    methods_.offer({"urn:example:foo", [](const Context&) { return Json::object(); }});
    methods_.add("Foo/account", "urn:example:foo", [](Call& call) -> MethodResult {
      TELEPOST_ASSIGN(const schema::AccountId account, call.account());
      TELEPOST_TRY(call.arguments.done());
      return Json{{"accountId", to_id(account)}};
    });
    methods_.add("Foo/copy", "urn:example:foo", [](Call& call) -> MethodResult {
      call.created_ids.add("k1", "f1");
      call.respond_also("Foo/set", Json{{"destroyed", {"f0"}}});
      return Json{{"copied", true}};
    });
    methods_.add("Foo/throw", "urn:example:foo", [](Call&) -> MethodResult { return Json(1).at("x"); });
    methods_.add("Bar/get", "urn:example:bar", [](Call&) -> MethodResult { return Json::object(); });
  }

  Json respond(const std::string& text) {
    auto read = read_request(text, 64);
    if (read.index() == 1) return to_json(std::get<1>(read));
    auto answer = run(context_, methods_, {account_, "ann@example.test"}, std::get<0>(std::move(read)), "s1");
    if (answer.index() == 1) return to_json(std::get<1>(answer));
    return parse_i_json(to_text(std::get<0>(answer))).value();
  }
  Json responses(const std::string& calls, const std::string& more = "") {
    return respond(R"({"using":["urn:ietf:params:jmap:core","urn:example:foo"],"methodCalls":)" + calls + more + "}").at("methodResponses");
  }

  test::StoreFixture fixture_;
  const schema::AccountId account_ = fixture_.create("mailto:ann@example.test");
  const Context context_{fixture_.store()};
  Methods methods_;
};

TEST_F(JmapMethods, Section4EchoReturnsItsArguments) {
  EXPECT_EQ(responses(R"([["Core/echo",{"hello":true,"high":5},"b3ff"]])"), json_of(R"([["Core/echo",{"hello":true,"high":5},"b3ff"]])"));
}

TEST_F(JmapMethods, Section3_4EachCallIsAnsweredInItsOrderUnderItsId) {
  const Json all = responses(R"([["Core/echo",{"a":1},"x"],["No/such",{},"y"],["Core/echo",{"a":2},"x"]])");
  EXPECT_EQ(all, json_of(R"([["Core/echo",{"a":1},"x"],["error",{"type":"unknownMethod"},"y"],["Core/echo",{"a":2},"x"]])"));
}

TEST_F(JmapMethods, Section3_6_1UnknownCapability) {
  const Json problem = respond(R"({"using":["urn:ietf:params:jmap:core","https://example.com/apis/foobar"],"methodCalls":[]})");
  EXPECT_EQ(problem["type"], "urn:ietf:params:jmap:error:unknownCapability");
  EXPECT_EQ(problem["status"], 400);
  EXPECT_NE(problem["detail"].get<std::string>().find("https://example.com/apis/foobar"), std::string::npos);
}

TEST_F(JmapMethods, Section1_8AMethodOfWhatIsNotInUseIsUnknown) {
  const Json all = respond(R"({"using":["urn:example:foo"],"methodCalls":[["Core/echo",{},"0"]]})")["methodResponses"];
  EXPECT_EQ(all[0][1]["type"], "unknownMethod");
}

TEST_F(JmapMethods, NothingIsOfferedThatDoesNotWork) {
  const Json problem = respond(R"({"using":["urn:example:bar"],"methodCalls":[["Bar/get",{},"0"]]})");
  EXPECT_EQ(problem["type"], "urn:ietf:params:jmap:error:unknownCapability");
}

TEST_F(JmapMethods, Section3_6_2WrongAccountsAndArguments) {
  const std::string own = to_id(account_), other = to_id(schema::AccountId{account_.value + 1});
  const auto error = [&](const std::string& arguments) { return responses(R"([["Foo/account",)" + arguments + R"(,"0"]])")[0][1].value("type", ""); };
  EXPECT_EQ(error(R"({"accountId":")" + own + "\"}"), "");
  EXPECT_EQ(error(R"({"accountId":")" + other + "\"}"), "accountNotFound");
  EXPECT_EQ(error(R"({"accountId":"nobody"})"), "accountNotFound");
  for (const char* const wrong : {"{}", R"({"accountId":null})", R"({"accountId":1})", R"({"accountId":""})"}) EXPECT_EQ(error(wrong), "invalidArguments") << wrong;
  EXPECT_EQ(error(R"({"accountId":")" + own + R"(","x":1})"), "invalidArguments");
}

TEST_F(JmapMethods, Section3_7ReferencesReachAcrossCalls) {
  const Json all = responses(R"([["Core/echo",{"list":[{"id":"a"},{"id":"b"}]},"0"],
                                 ["Core/echo",{"#ids":{"resultOf":"0","name":"Core/echo","path":"/list/*/id"}},"1"],
                                 ["Core/echo",{"#ids":{"resultOf":"2","name":"Core/echo","path":""}},"2"],
                                 ["Core/echo",{"after":true},"3"]])");
  EXPECT_EQ(all[1][1], json_of(R"({"ids":["a","b"]})"));
  EXPECT_EQ(all[2][1]["type"], "invalidResultReference");
  EXPECT_EQ(all[3][1], json_of(R"({"after":true})"));  // further calls MUST be processed as normal
}

TEST_F(JmapMethods, Section3_3CreatedIdsGoInAndOut) {
  const Json given = respond(R"({"using":["urn:example:foo"],"methodCalls":[["Foo/copy",{},"0"]],"createdIds":{"k9":"f9"}})");
  EXPECT_EQ(given["createdIds"], json_of(R"({"k1":"f1","k9":"f9"})"));
  EXPECT_EQ(given["sessionState"], "s1");
  EXPECT_FALSE(respond(R"({"using":["urn:example:foo"],"methodCalls":[["Foo/copy",{},"0"]]})").contains("createdIds"));
}

TEST_F(JmapMethods, Section5_4ASecondResponseStandsBehindTheFirst) {
  const Json all = responses(R"([["Foo/copy",{},"0"],["Core/echo",{},"1"]])");
  EXPECT_EQ(all, json_of(R"([["Foo/copy",{"copied":true},"0"],["Foo/set",{"destroyed":["f0"]},"0"],["Core/echo",{},"1"]])"));
}

TEST_F(JmapMethods, ADefectEndsOneCall) {
  const Json all = responses(R"([["Foo/throw",{},"0"],["Core/echo",{},"1"]])");
  EXPECT_EQ(all[0][1]["type"], "serverFail");
  EXPECT_EQ(all[1][0], "Core/echo");
}

// ---- /set over objects {id, name, parent}: names are unique, a parent must exist and has no children when it goes.

class Foos final : public SetVerbs {
 public:
  explicit Foos(CreatedIds& created_ids) : created_ids_(created_ids) {}
  std::map<std::string, Json> all;
  bool broken = false, breaks_after_one = false, breaks_after_it_made = false;

  SetOutcome create(const Json& object) override {
    if (broken || (breaks_after_one && next_ > 1)) return Error{Errc::io, "the disk is gone"};
    const std::string id = "f" + std::to_string(next_++);
    Json foo = object;
    if (auto why = settle(id, foo)) return *why;
    all[id] = foo;
    if (breaks_after_it_made) return FailedAfterChange(Error{Errc::io, "the disk is gone"});
    return Json{{"id", id}};
  }
  SetOutcome update(const std::string& id, const Json& patch) override {
    if (!all.contains(id)) return SetError{"notFound"};
    Json foo = all[id];
    if (!apply_patch(foo, patch, Json::object()).ok()) return SetError{"invalidPatch"};
    if (auto why = settle(id, foo)) return *why;
    all[id] = foo;
    return Json(nullptr);
  }
  bool update_together(const std::vector<Update>& updates) override {
    std::map<std::string, Json> then = all;
    for (const auto& [id, patch] : updates) {
      if (!then.contains(id) || !apply_patch(then[id], *patch, Json::object()).ok()) return false;
    }
    std::set<std::string> names;
    for (const auto& [id, foo] : then) {
      if (!names.insert(foo["name"]).second) return false;
    }
    all = then;
    return true;
  }
  SetOutcome destroy(const std::string& id) override {
    if (!all.contains(id)) return SetError{"notFound"};
    for (const auto& [other, foo] : all) {
      if (foo.value("parent", "") == id) return SetError{"fooHasChild"};
    }
    all.erase(id);
    return Json(nullptr);
  }

 private:
  std::optional<SetError> settle(const std::string& id, Json& foo) {
    for (const auto& [other, there] : all) {
      if (other != id && there["name"] == foo["name"]) return SetError{"invalidProperties", {}, {"name"}};
    }
    if (!foo.contains("parent")) return std::nullopt;
    const auto parent = created_ids_.resolve(foo["parent"].get<std::string>());
    if (!parent || !all.contains(*parent)) return SetError{"invalidProperties", {}, {"parent"}};
    foo["parent"] = *parent;
    return std::nullopt;
  }
  CreatedIds& created_ids_;
  int next_ = 1;
};

struct SetTest : testing::Test {
  Json set(const std::string& text) {
    const Json object = json_of(text);
    Arguments arguments(object);
    SetResponse response;
    const auto read = read_set(arguments, 500);
    EXPECT_TRUE(read.ok());
    error = apply_set(*read, foos, created_ids, response);
    return to_json(response, "A1");
  }
  CreatedIds created_ids;
  Foos foos{created_ids};
  std::optional<MethodError> error;
};
using JmapSetOf = SetTest;

TEST_F(JmapSetOf, Section5_3CreatesUpdatesAndDestroys) {
  Json done = set(R"({"create":{"k1":{"name":"a"},"k2":{"name":"b"},"k3":{"name":"a"}}})");
  EXPECT_EQ(done["created"], json_of(R"({"k1":{"id":"f1"},"k2":{"id":"f2"}})"));
  EXPECT_EQ(done["notCreated"]["k3"], json_of(R"({"type":"invalidProperties","properties":["name"]})"));
  done = set(R"({"update":{"f1":{"name":"c"},"f9":{"name":"d"},"f2":{"x/y":1}},"destroy":["f8"]})");
  EXPECT_EQ(done["updated"], json_of(R"({"f1":null})"));
  EXPECT_EQ(done["notUpdated"], json_of(R"({"f2":{"type":"invalidPatch"},"f9":{"type":"notFound"}})"));
  EXPECT_EQ(done["notDestroyed"], json_of(R"({"f8":{"type":"notFound"}})"));
  EXPECT_FALSE(error);
}

TEST_F(JmapSetOf, Section5_3ReferencesToWhatIsCreatedInTheSameCallInAnyOrder) {
  const Json done = set(R"({"create":{"a":{"name":"1","parent":"#b"},"b":{"name":"2","parent":"#c"},"c":{"name":"3"},"d":{"name":"4","parent":"#nobody"}},
                            "update":{"#a":{"name":"one"}}})");
  EXPECT_EQ(done["created"].size(), 3u);
  EXPECT_EQ(done["notCreated"]["d"]["properties"], json_of(R"(["parent"])"));
  EXPECT_EQ(foos.all[created_ids.resolve("#a").value()]["name"], "one");
  EXPECT_EQ(foos.all[created_ids.resolve("#a").value()]["parent"], created_ids.resolve("#b").value());
}

TEST_F(JmapSetOf, Section5_3AReusedCreationIdIsTheLatest) {
  set(R"({"create":{"k":{"name":"a"}}})");
  set(R"({"create":{"k":{"name":"b"}}})");
  EXPECT_EQ(created_ids.resolve("#k"), "f2");
}

TEST_F(JmapSetOf, Section5_3OnlyTheFinalStateMustBeValid) {
  set(R"({"create":{"1":{"name":"a"},"2":{"name":"b"},"3":{"name":"c"}}})");
  Json done = set(R"({"update":{"f1":{"name":"b"},"f2":{"name":"a"}}})");
  EXPECT_EQ(done["updated"], json_of(R"({"f1":null,"f2":null})"));
  EXPECT_TRUE(done["notUpdated"].is_null());
  done = set(R"({"create":{"4":{"name":"c"}},"destroy":["f3"]})");  // the name becomes free
  EXPECT_EQ(done["created"].size(), 1u);
  EXPECT_TRUE(done["notCreated"].is_null());
}

TEST_F(JmapSetOf, Section5_3DestroysChildrenBeforeParentsAndSkipsUpdatesOfWhatGoes) {
  set(R"({"create":{"p":{"name":"p"},"c":{"name":"c","parent":"#p"}}})");
  const std::string parent = *created_ids.resolve("#p"), child = *created_ids.resolve("#c");
  const Json done = set(R"({"update":{")" + child + R"(":{"name":"x"}},"destroy":[")" + parent + R"(",")" + child + R"("]})");
  EXPECT_EQ(done["destroyed"].size(), 2u);
  EXPECT_TRUE(done["notDestroyed"].is_null());
  EXPECT_EQ(done["notUpdated"][child]["type"], "willDestroy");
}

TEST_F(JmapSetOf, Section3_6_2SaysWhetherAnythingHappenedBeforeTheServerFailed) {
  foos.broken = true;
  set(R"({"create":{"k":{"name":"a"}}})");
  EXPECT_EQ(error->type, "serverFail");
  foos.broken = false;
  set(R"({"create":{"k":{"name":"a"}}})");
  EXPECT_FALSE(error);
}

TEST_F(JmapSetOf, Section3_6_2SaysSoWhereTheServerFailedBehindAChange) {
  foos.breaks_after_one = true;
  set(R"({"create":{"k1":{"name":"a"},"k2":{"name":"b"}}})");
  EXPECT_EQ(error->type, "serverPartialFail");
  EXPECT_EQ(foos.all.size(), 1u);
}

TEST_F(JmapSetOf, Section3_6_2SaysSoWhereWhatWasMadeCannotBeTold) {
  foos.breaks_after_it_made = true;
  set(R"({"create":{"k":{"name":"a"}}})");
  EXPECT_EQ(error->type, "serverPartialFail");
  EXPECT_EQ(foos.all.size(), 1u);
}

TEST(JmapErrors, WhatFailedIsForTheLogAndNotForTheClient) {
  for (const Errc kind : {Errc::io, Errc::corrupt, Errc::exists, Errc::unavailable}) {
    const MethodError error = after_change(method_error_of({kind, "block 7 of x"}), true);
    EXPECT_EQ(error.type, "serverPartialFail");
    EXPECT_NE(error.reason.find("block 7 of x"), std::string::npos);
    EXPECT_EQ(to_json(error).dump().find("block 7"), std::string::npos);
  }
  EXPECT_EQ(after_change(method_error_of({Errc::io, "x"}), false).type, "serverFail");
}

}  // namespace
}  // namespace telepost::adapters::jmap
