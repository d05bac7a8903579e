// RFC 8621 section 6: Identity.
#include <gtest/gtest.h>

#include "store/identities.h"
#include "tests/support/jmap_json.h"
#include "tests/support/jmap_mail.h"

namespace telepost {
namespace {

using adapters::jmap::json_of;

class JmapIdentity : public test::JmapMail {
 protected:
  JmapIdentity() { EXPECT_TRUE(store().accounts().set_name(account_, "Ann Example").ok()); }
  Json all() { return call("Identity/get", {{"ids", nullptr}}); }
  std::string own() { return all()["list"].at(0)["id"]; }
  Json set(const std::string& arguments) { return call("Identity/set", json_of(arguments)); }
  std::string make(const std::string& properties) {
    const Json done = set(R"({"create":{"k":)" + properties + "}}");
    EXPECT_TRUE(done["notCreated"].is_null()) << done;
    return done["created"]["k"].value("id", "");
  }
  std::string fault_of(const std::string& properties) { return set(R"({"create":{"k":)" + properties + "}}")["notCreated"]["k"].value("type", ""); }
  Json changes(const std::string& since) { return call("Identity/changes", {{"sinceState", since}}); }
};

TEST_F(JmapIdentity, Section6EachAddressIsOneFromTheBeginning) {
  const Json got = all();
  ASSERT_EQ(got["list"].size(), 1u);
  Json expected = json_of(R"({"name":"Ann Example","email":"ann@example.test","replyTo":null,"bcc":null,"textSignature":"","htmlSignature":"","mayDelete":false})");
  expected["id"] = got["list"][0]["id"];
  EXPECT_EQ(got["list"][0], expected);
  EXPECT_TRUE(store().accounts().add_address(account_, "tel:+15550100").ok());
  EXPECT_TRUE(store().accounts().add_address(account_, "mailto:sales@example.test").ok());
  const Json more = all();
  EXPECT_EQ(more["list"].size(), 2u) << "a number is nobody that mail comes from";
  EXPECT_EQ(more["list"][0]["id"], expected["id"]);
  EXPECT_NE(more["state"], got["state"]);
  EXPECT_EQ(call("Identity/changes", {{"sinceState", got["state"]}})["type"], "cannotCalculateChanges");
  ASSERT_TRUE(store().accounts().remove_address(account_, "mailto:sales@example.test").ok());
  EXPECT_EQ(all()["list"].size(), 1u);
}

TEST_F(JmapIdentity, GetGivesWhatIsAskedFor) {
  EXPECT_EQ(call("Identity/get", {{"ids", {own(), "i5", "x"}}, {"properties", {"email"}}})["list"], (Json::array({{{"id", own()}, {"email", "ann@example.test"}}})));
  EXPECT_EQ(call("Identity/get", {{"ids", {own(), "i5", "x"}}})["notFound"], json_of(R"(["i5","x"])"));
  EXPECT_EQ(error_of("Identity/get", {{"properties", {"size"}}}), "invalidArguments");
}

TEST_F(JmapIdentity, Section6_3MakesChangesAndDestroysOnes) {
  const std::string id = make(R"({"name":"Sales","email":"ann+sales@example.test","replyTo":[{"name":null,"email":"desk@example.test"}],
      "bcc":[{"email":"log@example.test"}],"textSignature":"-- \nAnn","htmlSignature":"<b>Ann</b>"})");
  Json got = call("Identity/get", {{"ids", {id}}})["list"][0];
  EXPECT_EQ(got, (Json{{"id", id}, {"name", "Sales"}, {"email", "ann+sales@example.test"}, {"replyTo", json_of(R"([{"name":null,"email":"desk@example.test"}])")},
                       {"bcc", json_of(R"([{"name":null,"email":"log@example.test"}])")}, {"textSignature", "-- \nAnn"}, {"htmlSignature", "<b>Ann</b>"}, {"mayDelete", true}}));
  Json done = set(R"({"update":{")" + id + R"(":{"name":null,"replyTo":null,"textSignature":"x"}}})");
  EXPECT_TRUE(done["updated"].contains(id)) << done;
  got = call("Identity/get", {{"ids", {id}}})["list"][0];
  EXPECT_EQ(got["name"], "");
  EXPECT_EQ(got["replyTo"], nullptr);
  EXPECT_EQ(got["textSignature"], "x");
  EXPECT_EQ(set(R"({"destroy":[")" + id + R"("]})")["destroyed"], Json::array({id}));
  EXPECT_EQ(set(R"({"destroy":[")" + id + R"("]})")["notDestroyed"][id]["type"], "notFound");
  EXPECT_EQ(all()["list"].size(), 1u);
}

TEST_F(JmapIdentity, ThatOfAnAddressCanBeChangedAndNotDestroyed) {
  const std::string id = own();
  EXPECT_TRUE(set(R"({"update":{")" + id + R"(":{"name":"Ann of Example","htmlSignature":"<i>A</i>"}}})")["updated"].contains(id));
  EXPECT_EQ(set(R"({"destroy":[")" + id + R"("]})")["notDestroyed"][id]["type"], "forbidden");
  fixture_.reopen();
  const auto list = store::identities_of(store(), account_);
  ASSERT_EQ(list->identities.size(), 1u);
  EXPECT_EQ(list->identities[0].name, "Ann of Example");
  EXPECT_EQ(list->identities[0].html_signature, "<i>A</i>");
}

TEST_F(JmapIdentity, ThoseOfAnAddressThatIsGoneTakeNobodysPlace) {
  ASSERT_TRUE(store().accounts().add_address(account_, "mailto:sales@example.test").ok());
  schema::IdentityRecord sales, mine;
  sales.email = "sales@example.test";
  mine.email = "ann@example.test";
  for (std::size_t i = 0; i < store::kMostIdentities; ++i) ASSERT_TRUE(store::put_identity(store(), account_, sales).ok()) << i;
  EXPECT_EQ(store::put_identity(store(), account_, mine).error().kind, Errc::too_many);
  ASSERT_TRUE(store().accounts().remove_address(account_, "mailto:sales@example.test").ok());
  EXPECT_TRUE(store::put_identity(store(), account_, mine).ok());
  EXPECT_EQ(store::identities_of(store(), account_)->identities.size(), 2u) << "the address's own, and the one just made";
}

TEST_F(JmapIdentity, NobodyWritesInTheNameOfOthers) {
  for (const char* email : {"bob@example.test", "ann@example.net", "*@example.test", "ann", "", "ann@example.test@example.test"}) {
    EXPECT_EQ(fault_of(Json{{"email", email}}.dump()), "forbiddenFrom") << email;
  }
  for (const char* wrong : {R"({})", R"({"email":5})", R"({"email":"ann@example.test","name":5})", R"({"email":"ann@example.test","replyTo":"x"})",
                            R"({"email":"ann@example.test","bcc":[{"name":"x"}]})", R"({"email":"ann@example.test","mayDelete":false})", R"({"email":"ann@example.test","id":"i5"})"}) {
    EXPECT_EQ(fault_of(wrong), "invalidProperties") << wrong;
  }
  const std::string id = own();
  EXPECT_EQ(set(R"({"update":{")" + id + R"(":{"email":"ann+x@example.test"}}})")["notUpdated"][id]["type"], "invalidProperties") << "immutable";
  EXPECT_EQ(set(R"({"update":{")" + id + R"(":{"name/x":"y"}}})")["notUpdated"][id]["type"], "invalidPatch");
  EXPECT_EQ(set(R"({"update":{"i5":{"name":"y"}}})")["notUpdated"]["i5"]["type"], "notFound");
}

TEST_F(JmapIdentity, Section6_2ChangesLeadFromStateToState) {
  const std::string first = all()["state"];
  const std::string own_id = own();
  const std::string id = make(R"({"email":"ann@example.test"})");
  const Json set_own = set(R"({"update":{")" + own_id + R"(":{"name":"A"}}})");
  EXPECT_EQ(set_own["newState"], all()["state"]);
  EXPECT_TRUE(set_own["oldState"].is_string());
  Json got = changes(first);
  EXPECT_EQ(got["created"], Json::array({id}));
  EXPECT_EQ(got["updated"], Json::array({own_id}));
  const Json one = call("Identity/changes", {{"sinceState", first}, {"maxChanges", 1}});
  EXPECT_TRUE(one["hasMoreChanges"]);
  EXPECT_EQ(one["created"], Json::array({id}));
  EXPECT_EQ(changes(one["newState"])["updated"], Json::array({own_id}));
  const std::string second = all()["state"];
  set(R"({"destroy":[")" + id + R"("]})");
  EXPECT_EQ(changes(second)["destroyed"], Json::array({id}));
  EXPECT_EQ(changes(first)["created"], Json::array()) << "it came and went";
  EXPECT_EQ(changes(first)["destroyed"], Json::array());
  deliver(test::mail("another type's change"));
  EXPECT_EQ(changes(all()["state"])["updated"], Json::array());
  for (const char* state : {"", "0", "x-y", "999999-00000000"}) EXPECT_EQ(changes(state)["type"], "cannotCalculateChanges") << state;
  EXPECT_EQ(call("Identity/set", {{"ifInState", first}})["type"], "stateMismatch");
}

TEST_F(JmapIdentity, ThereAreBounds) {
  EXPECT_EQ(fault_of(Json{{"email", "ann@example.test"}, {"htmlSignature", std::string(1u << 20, 'x')}}.dump()), "tooLarge");
  for (std::size_t i = 0; i < store::kMostIdentities; ++i) make(R"({"email":"ann@example.test"})");
  EXPECT_EQ(fault_of(R"({"email":"ann@example.test"})"), "overQuota");
  const std::string first = all()["state"];
  Json ids = Json::array();
  const Json list = all()["list"];
  for (const Json& identity : list) {
    if (identity["mayDelete"]) ids.push_back(identity["id"]);
  }
  set(Json{{"destroy", ids}}.dump());
  EXPECT_EQ(changes(first)["destroyed"].size(), store::kMostIdentities);
}

}  // namespace
}  // namespace telepost
