// RFC 8620 sections 5.1 to 5.6: what the standard methods of every type have in common.
#include <gtest/gtest.h>

#include "adapters/jmap/changes_codec.h"
#include "adapters/jmap/get_codec.h"
#include "adapters/jmap/query_codec.h"
#include "adapters/jmap/set_codec.h"
#include "tests/support/jmap_json.h"

namespace telepost::adapters::jmap {
namespace {

using schema::Modseq;
using Kind = ObjectChange::Kind;

Result<GetArguments> get_of(const Json& object, std::size_t most = 3) {
  Arguments arguments(object);
  return read_get(arguments, Names{"id", "name"}, most);
}

TEST(JmapGet, Section5_1) {
  const Json object = json_of(R"({"ids":["a","b","a"],"properties":["name"]})");
  const auto get = get_of(object);
  ASSERT_TRUE(get.ok());
  EXPECT_EQ(*get->ids, (std::vector<std::string>{"a", "b"}));  // an id that stands twice comes once
  EXPECT_TRUE(get->wants("name") && get->wants("id"));         // id always
  EXPECT_FALSE(get->wants("other"));
  const auto all = get_of(json_of(R"({"ids":null})"));
  EXPECT_TRUE(all.ok() && !all->ids && all->wants("name"));
  EXPECT_EQ(get_of(json_of(R"({"properties":["nome"]})")).error().kind, Errc::invalid);
  EXPECT_EQ(get_of(json_of(R"({"ids":["a","b","c","d"]})")).error().kind, Errc::too_many);
  EXPECT_EQ(get_of(json_of(R"({"ids":"a"})")).error().kind, Errc::invalid);
  EXPECT_EQ(to_json({"s", Json::array(), {"b"}}, "A1"), json_of(R"({"accountId":"A1","state":"s","list":[],"notFound":["b"]})"));
}

TEST(JmapChanges, Section5_2Arguments) {
  const auto read = [](const char* text) {
    const Json object = json_of(text);
    Arguments arguments(object);
    return read_changes(arguments).ok();
  };
  EXPECT_TRUE(read(R"({"sinceState":"7","maxChanges":1})"));
  for (const char* const text : {R"({})", R"({"sinceState":7})", R"({"sinceState":"7","maxChanges":0})", R"({"sinceState":"7","maxChanges":-1})"}) EXPECT_FALSE(read(text)) << text;
}

TEST(JmapChanges, Section5_2SortsThemByWhatHappened) {
  const auto changes = changes_between(Modseq{10}, Modseq{20}, {{Modseq{11}, "updated", Modseq{3}}, {Modseq{12}, "created", Modseq{12}}, {Modseq{15}, "both", Modseq{13}},
                                                 {Modseq{16}, "gone", Modseq{4}, Kind::gone}, {Modseq{17}, "flash", Modseq{14}, Kind::gone}, {Modseq{9}, "old", Modseq{1}}}, 100);
  ASSERT_TRUE(changes);
  EXPECT_EQ(to_json(*changes, "A1"), json_of(R"({"accountId":"A1","oldState":"10","newState":"20","hasMoreChanges":false,
                                               "created":["created","both"],"updated":["updated"],"destroyed":["gone"]})"));
}

TEST(JmapChanges, Section5_2GoesToAStateInBetween) {
  std::vector<ObjectChange> list;
  for (std::uint64_t i = 1; i <= 10; ++i) list.push_back({Modseq{10 + i}, "x" + std::to_string(i), Modseq{1}});
  KnownState at = Modseq{10};
  std::size_t seen = 0;
  for (bool more = true; more;) {
    const auto changes = changes_between(at, Modseq{25}, list, 4);
    ASSERT_TRUE(changes);
    ASSERT_LE(changes->updated.size(), 4u);
    seen += changes->updated.size();
    at = changes->new_state;
    more = changes->has_more;
  }
  EXPECT_EQ(seen, 10u);
  EXPECT_EQ(at, KnownState(Modseq{25}));
}

TEST(JmapChanges, Section5_2TellsWhatCameAndChangedAgainInASequence) {
  const KnownState begun = Modseq{10};
  const auto first = changes_between(begun, Modseq{30}, {{Modseq{12}, "a", Modseq{12}}, {Modseq{13}, "b", Modseq{1}}, {Modseq{20}, "c", Modseq{11}}}, 2);
  ASSERT_TRUE(first && first->has_more);
  EXPECT_EQ(to_state(first->new_state), "13-10");
  EXPECT_EQ(known_state_from("13-10"), first->new_state);
  const auto rest = changes_between(first->new_state, Modseq{30}, {{Modseq{20}, "c", Modseq{11}}, {Modseq{21}, "a", Modseq{12}, Kind::gone}}, 2);
  ASSERT_TRUE(rest);
  EXPECT_EQ(to_json(*rest, "A1"), json_of(R"({"accountId":"A1","oldState":"13-10","newState":"30","hasMoreChanges":false,"created":["c"],"updated":[],"destroyed":["a"]})"));
  for (const char* const text : {"", "-", "13-", "-10", "13-13", "10-13", "13-10-1", "013-10", "13-x"}) EXPECT_EQ(known_state_from(text), std::nullopt) << text;
}

TEST(JmapChanges, Section5_2DoesNotSplitAMoment) {
  const std::vector<ObjectChange> list = {{Modseq{11}, "a", Modseq{1}}, {Modseq{12}, "b", Modseq{1}}, {Modseq{12}, "c", Modseq{1}}, {Modseq{13}, "d", Modseq{1}}};
  EXPECT_EQ(changes_between(Modseq{10}, Modseq{13}, list, 2)->updated.size(), 1u);
  EXPECT_FALSE(changes_between(Modseq{11}, Modseq{13}, list, 1));  // cannotCalculateChanges
}

TEST(JmapSet, Section5_3Arguments) {
  const Json object = json_of(R"({"ifInState":"7","create":{"k1":{"a":1}},"update":{"x":{},"#k1":{}},"destroy":["y","#k1","y"]})");
  Arguments arguments(object);
  const auto set = read_set(arguments, 5);
  ASSERT_TRUE(set.ok());
  EXPECT_EQ(set->destroy, (std::vector<std::string>{"y", "#k1"}));
  EXPECT_TRUE(arguments.done().ok());
  Arguments again(object);
  EXPECT_EQ(read_set(again, 4).error().kind, Errc::too_many);
  for (const char* const text : {R"({"create":[]})", R"({"create":{"k":1}})", R"({"create":{"#k":{}}})", R"({"update":{"a b":{}}})", R"({"destroy":"x"})", R"({"ifInState":7})"}) {
    const Json wrong = json_of(text);
    Arguments read(wrong);
    EXPECT_FALSE(read_set(read, 5).ok()) << text;
  }
}

TEST(JmapSet, Section5_3Response) {
  SetResponse response;
  response.new_state = "8";
  EXPECT_EQ(to_json(response, "A1"), json_of(R"({"accountId":"A1","oldState":null,"newState":"8","created":null,"updated":null,"destroyed":null,
                                               "notCreated":null,"notUpdated":null,"notDestroyed":null})"));
  response.old_state = "7";
  response.updated.emplace("x", nullptr);
  response.not_destroyed.emplace("y", SetError{"notFound"});
  EXPECT_EQ(to_json(response, "A1")["updated"], json_of(R"({"x":null})"));
  EXPECT_EQ(to_json(response, "A1")["notDestroyed"], json_of(R"({"y":{"type":"notFound"}})"));
}

std::optional<Json> patched(const char* object, const char* patch, const char* defaults = "{}") {
  Json json = json_of(object);
  return apply_patch(json, json_of(patch), json_of(defaults)).ok() ? std::optional(json) : std::nullopt;
}

TEST(JmapPatch, Section5_3) {
  const char* const alarm = R"({"id":"1","alerts":{"1":{"offset":5},"2":{}},"list":[1,2],"a/b":1})";
  EXPECT_EQ(patched(alarm, R"({"alerts/1/offset":7})")->at("alerts")["1"]["offset"], 7);
  EXPECT_EQ(patched(alarm, R"({"alerts/2":null})")->at("alerts"), json_of(R"({"1":{"offset":5}})"));
  EXPECT_EQ(patched(alarm, R"({"a~1b":2})")->at("a/b"), 2);
  EXPECT_EQ(patched(alarm, R"({"list":[3]})")->at("list"), json_of("[3]"));
  EXPECT_EQ(patched(alarm, R"({"nothing":null})"), json_of(alarm));               // a no-op
  EXPECT_EQ(patched(alarm, R"({"list":null})", R"({"list":[]})")->at("list"), json_of("[]"));  // the default
  const char* const whole = R"({"id":"1","alerts":{"2":{}},"list":[]})";
  EXPECT_EQ(patched(whole, whole), json_of(whole));                               // a whole object is a patch
  for (const char* const patch : {R"({"list/0":1})", R"({"list/-":1})", R"({"alerts/3/offset":1})", R"({"id/x":1})", R"({"alerts":{},"alerts/1/offset":7})",
                                  R"({"alerts/1":null,"alerts/1/offset":7})", R"({"a~2b":1})"}) {
    EXPECT_EQ(patched(alarm, patch), std::nullopt) << patch;  // invalidPatch
  }
}

QueryArguments query_of(const char* text) {
  static std::vector<std::unique_ptr<Json>> kept;  // conditions point into it
  kept.push_back(std::make_unique<Json>(json_of(text)));
  Arguments arguments(*kept.back());
  return read_query(arguments).value();
}

TEST(JmapQuery, Section5_5Window) {
  const auto window = [](const char* text, std::optional<std::uint64_t> anchor = {}) {
    const Window at = window_of(query_of(text), 101, anchor, 50);
    return std::pair(at.position, at.size);
  };
  using At = std::pair<std::uint64_t, std::uint64_t>;
  EXPECT_EQ(window("{}"), At(0, 50));
  EXPECT_EQ(window(R"({"position":10,"limit":5})"), At(10, 5));
  EXPECT_EQ(window(R"({"position":-10})"), At(91, 10));             // from the end
  EXPECT_EQ(window(R"({"position":-1000,"limit":3})"), At(0, 3));   // clamped
  EXPECT_EQ(window(R"({"position":101})").second, 0u);              // no error
  EXPECT_EQ(window(R"({"limit":0})"), At(0, 0));
  EXPECT_EQ(window(R"({"anchor":"x","anchorOffset":-2,"position":70,"limit":4})", 20), At(18, 4));  // position is ignored
  EXPECT_EQ(window(R"({"anchor":"x","anchorOffset":-30})", 20), At(0, 50));
  EXPECT_EQ(window(R"({"anchor":"x","anchorOffset":1000})", 20).second, 0u);
  EXPECT_TRUE(window_of(query_of("{}"), 101, {}, 50).is_cut);
  EXPECT_FALSE(window_of(query_of(R"({"limit":5})"), 101, {}, 50).is_cut);
}

TEST(JmapQuery, Section5_5RefusesWrongArguments) {
  for (const char* const text :
       {R"({"limit":-1})", R"({"position":1.5})", R"({"anchor":""})", R"({"filter":[]})", R"({"filter":{"operator":"XOR","conditions":[]}})", R"({"filter":{"operator":"AND"}})",
        R"({"filter":{"operator":"AND","conditions":[1]}})", R"({"filter":{"operator":"AND","conditions":[],"x":1}})", R"({"sort":{}})", R"({"sort":[{}]})",
        R"({"sort":[{"property":"a","isAscending":1}]})", R"({"calculateTotal":null})"}) {
    const Json object = json_of(text);
    Arguments arguments(object);
    const auto query = read_query(arguments);
    ASSERT_FALSE(query.ok()) << text;
    EXPECT_EQ(query.error().kind, Errc::invalid) << text;
  }
}

TEST(JmapQuery, Section5_5FilterOperators) {
  const auto holds = [](const char* filter) {
    return query_of((std::string(R"({"filter":)") + filter + "}").c_str()).filter.holds([](const Json& condition) { return condition.at("is").get<bool>(); });
  };
  const std::string yes = R"({"is":true})", no = R"({"is":false})";
  const auto operation = [&](const char* name, const std::string& conditions) {
    return holds((std::string(R"({"operator":")") + name + R"(","conditions":[)" + conditions + "]}").c_str());
  };
  EXPECT_TRUE(holds("null"));
  EXPECT_FALSE(holds(no.c_str()));
  EXPECT_TRUE(operation("AND", yes + "," + yes));
  EXPECT_FALSE(operation("AND", yes + "," + no));
  EXPECT_TRUE(operation("OR", no + "," + yes));
  EXPECT_FALSE(operation("OR", no + "," + no));
  EXPECT_TRUE(operation("NOT", no + "," + no));  // all of them must be false
  EXPECT_FALSE(operation("NOT", no + "," + yes));
  EXPECT_TRUE(operation("NOT", R"({"operator":"AND","conditions":[)" + yes + "," + no + "]}"));
}

TEST(JmapQuery, Section5_6Arguments) {
  const Json object = json_of(R"({"sinceQueryState":"7","maxChanges":0})");
  Arguments arguments(object);
  EXPECT_FALSE(read_query_changes(arguments).ok());
  EXPECT_EQ(to_json(QueryChangesResponse{"7", "8", 3, {"a"}, {{"b", 0}}}, "A1"),
            json_of(R"({"accountId":"A1","oldQueryState":"7","newQueryState":"8","total":3,"removed":["a"],"added":[{"id":"b","index":0}]})"));
}

}  // namespace
}  // namespace telepost::adapters::jmap
