// A removal from all clients and one from the server only are two acts in the change log; clients of RFC 8621 hear of both alike.
#include "store/undelete.h"
#include "tests/support/classes.h"
#include "tests/support/jmap_mail.h"

namespace telepost {
namespace {

using schema::Reach;
using test::JmapMail;

class RemovalReach : public JmapMail {
 protected:
  RemovalReach() { adapters::jmap::offer_message(methods_); }
  void use_own_capability() { in_use_.insert(std::string(adapters::jmap::kMessage)); }
  Json changes(const std::string& since) { return call("Email/changes", {{"sinceState", since}}); }
  Json destroy(const std::vector<schema::MessageId>& ids, Json arguments = Json::object()) {
    for (const auto& id : ids) arguments["destroy"].push_back(id_of(id));
    return call("Email/set", std::move(arguments));
  }
  schema::MessageId mail(const std::string& subject) { return deliver("Subject: " + subject + "\r\n\r\nx\r\n"); }
};

TEST_F(RemovalReach, IsToldToWhoKnowsOfIt) {
  const auto everywhere = mail("a"), here = mail("b");
  const std::string since = state();
  use_own_capability();
  EXPECT_EQ(destroy({everywhere})["destroyed"], Json::array({id_of(everywhere)}));
  EXPECT_EQ(destroy({here}, {{"onServerOnly", true}})["destroyed"], Json::array({id_of(here)}));
  Json told = changes(since);
  EXPECT_EQ(told["destroyed"], Json::array({id_of(everywhere), id_of(here)}));
  EXPECT_EQ(told["destroyedOnServerOnly"], Json::array({id_of(here)}));
  in_use_.erase(std::string(adapters::jmap::kMessage));
  told = changes(since);
  EXPECT_EQ(told["destroyed"], Json::array({id_of(everywhere), id_of(here)}));
  EXPECT_FALSE(told.contains("destroyedOnServerOnly"));
}

TEST_F(RemovalReach, IsAskedForByItsOwnCapabilityAlone) {
  const auto id = mail("a");
  EXPECT_EQ(destroy({id}, {{"onServerOnly", true}}).value("type", ""), "invalidArguments");
  use_own_capability();
  EXPECT_EQ(destroy({id}, {{"onServerOnly", "yes"}}).value("type", ""), "invalidArguments");
  EXPECT_EQ(property(id, "subject"), "a");
}

TEST_F(RemovalReach, IsThatOfEachAnswerOfASequence) {
  std::vector<schema::MessageId> all;
  for (int i = 0; i < 7; ++i) all.push_back(mail(std::to_string(i)));
  std::string since = state();
  use_own_capability();
  for (std::size_t i = 0; i < all.size(); ++i) destroy({all[i]}, {{"onServerOnly", i % 2 == 0}});
  std::vector<std::string> destroyed, kept;
  for (bool more = true; more;) {
    const Json told = call("Email/changes", {{"sinceState", since}, {"maxChanges", 2}});
    for (const auto& id : told["destroyed"]) destroyed.push_back(id);
    for (const auto& id : told["destroyedOnServerOnly"]) kept.push_back(id);
    since = told["newState"];
    more = told["hasMoreChanges"];
  }
  EXPECT_EQ(destroyed.size(), 7u);
  EXPECT_EQ(kept, (std::vector{id_of(all[0]), id_of(all[2]), id_of(all[4]), id_of(all[6])}));
}

TEST_F(RemovalReach, OfWhatExpiresIsItsRules) {
  use_own_capability();
  struct Case {
    const char* rule;
    bool in_trash, on_server_only;
  };
  const auto trash = store().mailboxes().create(account_, "Trash", schema::Role::trash).value();
  for (const Case& one : {Case{"<retention keep='P10D'/>", false, true}, Case{"<retention keep='P10D' since='trash'/>", true, false},
                          Case{"<retention keep='P10D' on-server-only='false'/>", false, false},
                          Case{"<retention keep='P10D' since='trash' on-server-only='true'/>", true, true}}) {
    store().set_classes(test::classes_of(std::string("<class name='standard'>") + one.rule + "</class>"));
    const auto id = mail(one.rule);
    if (one.in_trash) {
      ASSERT_TRUE(store().changer().move(id, store::kInbox, trash).ok());
    }
    const std::string since = state();
    fixture_.clock().advance(std::chrono::days(11));
    ASSERT_TRUE(fixture_.sweep().ok());
    const Json told = changes(since);
    EXPECT_EQ(told["destroyed"], Json::array({id_of(id)})) << one.rule;
    EXPECT_EQ(told["destroyedOnServerOnly"], one.on_server_only ? Json::array({id_of(id)}) : Json::array()) << one.rule;
  }
}

// What came back and went again went as it did last.
TEST_F(RemovalReach, IsThatOfTheLastRemoval) {
  use_own_capability();
  store().set_classes(test::classes_of("<class name='standard'><undelete keep='P30D'/></class>"));
  const auto id = mail("a");
  const std::string since = state();
  destroy({id}, {{"onServerOnly", true}});
  ASSERT_TRUE(store().undelete().restore(id).ok());
  EXPECT_EQ(changes(since)["destroyedOnServerOnly"], Json::array());
  EXPECT_EQ(changes(since)["updated"], Json::array({id_of(id)}));
  destroy({id});
  EXPECT_EQ(changes(since)["destroyed"], Json::array({id_of(id)}));
  EXPECT_EQ(changes(since)["destroyedOnServerOnly"], Json::array());
}

}  // namespace
}  // namespace telepost
