// Quota (RFC 9425) over the account's class of service.
#include <gtest/gtest.h>

#include "tests/support/classes.h"
#include "tests/support/jmap_json.h"
#include "tests/support/jmap_mail.h"

namespace telepost {
namespace {

using adapters::jmap::json_of;

class JmapQuota : public test::JmapMail {
 protected:
  JmapQuota() {
    allow("<quota bytes='100000' messages='50' soft='80%' grace='P7D'/>");
    EXPECT_TRUE(store().accounts().set_class(account_, "small").ok());
  }
  void allow(const std::string& quota) { store().set_classes(test::classes_of("<class name='small'>" + quota + "</class>")); }
  Json list(Json arguments = Json::object()) { return call("Quota/get", std::move(arguments))["list"]; }
  std::string quota_state() { return call("Quota/get", Json::object())["state"]; }
  std::uint64_t stored_bytes() { return source(deliver(test::mail("one"))).size(); }
};

TEST_F(JmapQuota, Section4_1TellsLimitsAndWhatIsUsed) {
  const std::uint64_t bytes = stored_bytes();
  const Json got = list();
  ASSERT_EQ(got.size(), 2u) << got;
  Json storage = json_of(R"({"id":"q1","resourceType":"octets","hardLimit":100000,"scope":"account","name":"Storage","types":["Email"],
      "warnLimit":null,"softLimit":80000,"description":"All messages of the account"})");
  storage["used"] = bytes;
  EXPECT_EQ(got[0], storage);
  EXPECT_EQ(got[1]["resourceType"], "count");
  EXPECT_EQ(got[1]["used"], 1);
  EXPECT_EQ(got[1]["hardLimit"], 50);
  EXPECT_EQ(got[1]["softLimit"], 40);
}

TEST_F(JmapQuota, ASoftQuotaWithoutGraceOnlyWarns) {
  allow("<quota bytes='1000' soft='80%'/>");
  const Json got = list();
  ASSERT_EQ(got.size(), 1u);
  EXPECT_EQ(got[0]["warnLimit"], 800);
  EXPECT_EQ(got[0]["softLimit"], nullptr);
}

TEST_F(JmapQuota, WhatHasNoLimitIsNoQuota) {
  allow("");
  EXPECT_EQ(list(), Json::array());
  const std::string state = quota_state();
  deliver(test::mail("one"));
  EXPECT_EQ(call("Quota/changes", {{"sinceState", state}})["updated"], Json::array());
}

TEST_F(JmapQuota, GetGivesWhatIsAskedFor) {
  EXPECT_EQ(list({{"ids", {"q2", "q9", "x"}}, {"properties", {"used"}}}), json_of(R"([{"id":"q2","used":0}])"));
  EXPECT_EQ(call("Quota/get", {{"ids", {"q2", "q9", "x"}}})["notFound"], json_of(R"(["q9","x"])"));
  EXPECT_EQ(error_of("Quota/get", {{"properties", {"size"}}}), "invalidArguments");
}

TEST_F(JmapQuota, Section4_3ChangesTellWhatIsUsedMore) {
  const std::string before = quota_state();
  EXPECT_EQ(call("Quota/changes", {{"sinceState", before}}),
            (Json{{"accountId", adapters::jmap::to_id(account_)}, {"oldState", before}, {"newState", before}, {"hasMoreChanges", false},
                  {"created", Json::array()}, {"updated", Json::array()}, {"destroyed", Json::array()}, {"updatedProperties", nullptr}}));
  deliver(test::mail("one"));
  const Json changed = call("Quota/changes", {{"sinceState", before}});
  EXPECT_EQ(changed["updated"], json_of(R"(["q1","q2"])"));
  EXPECT_EQ(changed["updatedProperties"], json_of(R"(["used"])"));
  EXPECT_EQ(changed["newState"], quota_state());
}

TEST_F(JmapQuota, ChangesComeOneByOneWhereTheClientWantsThatAndAllOfThemCome) {
  const std::string before = quota_state();
  deliver(test::mail("one"));
  const Json first = call("Quota/changes", {{"sinceState", before}, {"maxChanges", 1}});
  EXPECT_EQ(first["updated"], json_of(R"(["q1"])"));
  EXPECT_TRUE(first["hasMoreChanges"]);
  const Json second = call("Quota/changes", {{"sinceState", first["newState"]}, {"maxChanges", 1}});
  EXPECT_EQ(second["updated"], json_of(R"(["q2"])"));
  EXPECT_FALSE(second["hasMoreChanges"]);
  EXPECT_EQ(second["newState"], quota_state());
}

TEST_F(JmapQuota, OtherLimitsAreAnotherWorld) {
  const std::string before = quota_state();
  allow("<quota bytes='200000' messages='50' soft='80%' grace='P7D'/>");
  EXPECT_NE(quota_state(), before);
  EXPECT_EQ(error_of("Quota/changes", {{"sinceState", before}}), "cannotCalculateChanges");
  for (const char* state : {"", "-", "1.1", "x-00000000", "1.1.1-00000000"}) {
    EXPECT_EQ(error_of("Quota/changes", {{"sinceState", state}}), "cannotCalculateChanges") << state;
  }
  EXPECT_EQ(error_of("Quota/changes", {{"sinceState", before}, {"maxChanges", 0}}), "invalidArguments");
}

TEST_F(JmapQuota, Section4_4QueriesByNameScopeResourceAndType) {
  const auto ids = [&](const std::string& filter) { return call("Quota/query", {{"filter", json_of(filter)}})["ids"]; };
  EXPECT_EQ(ids("{}"), json_of(R"(["q1","q2"])"));
  EXPECT_EQ(ids(R"({"name":"stor"})"), json_of(R"(["q1"])"));
  EXPECT_EQ(ids(R"({"resourceType":"count"})"), json_of(R"(["q2"])"));
  EXPECT_EQ(ids(R"({"scope":"global"})"), Json::array());
  EXPECT_EQ(ids(R"({"operator":"NOT","conditions":[{"type":"Email"}]})"), Json::array());
  EXPECT_EQ(error_of("Quota/query", {{"filter", {{"used", 5}}}}), "unsupportedFilter");
  EXPECT_EQ(error_of("Quota/query", {{"filter", {{"name", 5}}}}), "invalidArguments");
  EXPECT_EQ(error_of("Quota/query", {{"sort", json_of(R"([{"property":"scope"}])")}}), "unsupportedSort");
  deliver(test::mail("one"));
  EXPECT_EQ(call("Quota/query", {{"sort", json_of(R"([{"property":"used"}])")}})["ids"], json_of(R"(["q2","q1"])"));
  const Json page = call("Quota/query", {{"anchor", "q2"}, {"anchorOffset", -1}, {"limit", 1}, {"calculateTotal", true}});
  EXPECT_EQ(page["ids"], json_of(R"(["q1"])"));
  EXPECT_EQ(page["position"], 0);
  EXPECT_EQ(page["total"], 2);
  EXPECT_EQ(error_of("Quota/query", {{"anchor", "q9"}}), "anchorNotFound");
}

TEST_F(JmapQuota, Section4_5ChangesOfAQueryLeadToItsNewResult) {
  const Json sort = json_of(R"([{"property":"used","isAscending":false}])");
  const std::string before = call("Quota/query", {{"sort", sort}})["queryState"];
  deliver(test::mail("one"));
  const Json changes = call("Quota/queryChanges", {{"sort", sort}, {"sinceQueryState", before}});
  EXPECT_EQ(changes["removed"], json_of(R"(["q1","q2"])"));
  EXPECT_EQ(changes["added"], json_of(R"([{"id":"q1","index":0},{"id":"q2","index":1}])"));
  EXPECT_EQ(changes["newQueryState"], call("Quota/query", Json::object())["queryState"]);
  EXPECT_EQ(call("Quota/queryChanges", {{"sinceQueryState", before}})["removed"], Json::array()) << "by id nothing moves";
  EXPECT_EQ(error_of("Quota/queryChanges", {{"sort", sort}, {"sinceQueryState", before}, {"maxChanges", 1}}), "tooManyChanges");
}

}  // namespace
}  // namespace telepost
