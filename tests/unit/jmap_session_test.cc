// Who asks, and what the session object tells them (RFC 8620 section 2, RFC 7617).
#include <gtest/gtest.h>

#include "adapters/jmap/basic_codec.h"
#include "adapters/jmap/derived_keys.h"
#include "adapters/jmap/service.h"
#include "adapters/jmap/session_object.h"
#include "adapters/jmap/types.h"
#include "tests/support/store_fixture.h"

namespace telepost::adapters::jmap {
namespace {

TEST(JmapBasic, Rfc7617Examples) {
  const auto aladdin = basic_credentials_from("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");  // section 2
  ASSERT_TRUE(aladdin);
  EXPECT_EQ(aladdin->name, "Aladdin");
  EXPECT_EQ(aladdin->password, "open sesame");
  const auto pound = basic_credentials_from("basic dGVzdDoxMjPCow==");  // section 2.1; schemes have no case
  ASSERT_TRUE(pound);
  EXPECT_EQ(pound->password, "123\xc2\xa3");
}

TEST(JmapBasic, RefusesWhatIsNone) {
  for (const std::string_view field : {"", "Basic", "Basic ", "Bearer QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Basic !!!!", "Basic QWxhZGRpbg==" /* no colon */,
                                       "Basic OnB3" /* no name */, "Basic YTo=" /* no password */, "Basic YTpiCg==" /* a control letter */, "Basic YTr/" /* no UTF-8 */}) {
    EXPECT_FALSE(basic_credentials_from(field)) << field;
  }
  EXPECT_FALSE(basic_credentials_from("Basic " + std::string(4'000, 'Q')));
}

TEST(JmapLogin, PasswordsAreTakenInTlsAloneButForThisMachineAndTrustedFronts) {
  const net::Peer stranger{.address = "192.0.2.7", .uid = {}};
  EXPECT_FALSE(may_take_passwords(stranger, false));
  EXPECT_TRUE(may_take_passwords(stranger, true));
  EXPECT_TRUE(may_take_passwords({.address = "127.0.0.1", .uid = {}, .is_loopback = true}, false));
  EXPECT_TRUE(may_take_passwords({.address = "192.0.2.7", .uid = {}, .front = "198.51.100.1"}, false));
}

class JmapDerivedKeys : public testing::Test {
 protected:
  static ScramKeys keys(char of) { return {digest_from_bytes(std::string(32, of)), digest_from_bytes(std::string(32, of))}; }
  test::ManualClock clock_;
  test::SeededRandom random_{1};
  DerivedKeys derived_{clock_, random_, 2};
};

TEST_F(JmapDerivedKeys, AreKnownForAWhileByNameAndPasswordTogether) {
  derived_.add("ann", "secret", keys('a'));
  EXPECT_EQ(derived_.find("ann", "secret"), keys('a'));
  EXPECT_FALSE(derived_.find("ann", "secreT"));
  EXPECT_FALSE(derived_.find("anns", "ecret"));  // the border between them counts
  derived_.add("ann", "secret", keys('b'));
  EXPECT_EQ(derived_.find("ann", "secret"), keys('b'));
  clock_.advance(kKeepDerived);
  EXPECT_FALSE(derived_.find("ann", "secret"));
}

TEST_F(JmapDerivedKeys, AreBounded) {
  for (const char* const name : {"a", "b", "c"}) derived_.add(name, "x", keys(*name));
  EXPECT_FALSE(derived_.find("a", "x"));
  EXPECT_TRUE(derived_.find("b", "x"));
  EXPECT_TRUE(derived_.find("c", "x"));
}

class JmapSession : public testing::Test {
 protected:
  Json session(const Methods& methods) { return session_object(context_, methods, {account_, "ann@example.test"}, "https://mail.example.test"); }
  test::StoreFixture fixture_;
  const schema::AccountId account_ = fixture_.create("mailto:ann@example.test");
  Context context_{fixture_.store()};
};

TEST_F(JmapSession, Section2HasWhatItMustHave) {
  const Json object = session(all_methods());
  for (const char* const name : {"maxSizeUpload", "maxConcurrentUpload", "maxSizeRequest", "maxConcurrentRequests", "maxCallsInRequest", "maxObjectsInGet",
                                 "maxObjectsInSet"}) {
    EXPECT_TRUE(object["capabilities"][std::string(kCore)][name].is_number_unsigned()) << name;
  }
  EXPECT_TRUE(object["capabilities"][std::string(kCore)]["collationAlgorithms"].is_array());
  const Json account = object["accounts"][to_id(account_)];
  EXPECT_EQ(account["name"], "ann@example.test");
  EXPECT_EQ(account["isPersonal"], true);
  EXPECT_EQ(account["isReadOnly"], false);
  EXPECT_EQ(object["username"], "ann@example.test");
  EXPECT_EQ(object["apiUrl"], "https://mail.example.test/jmap/api");
  const std::string download = object["downloadUrl"], upload = object["uploadUrl"], events = object["eventSourceUrl"];
  for (const char* const variable : {"{accountId}", "{blobId}", "{type}", "{name}"}) EXPECT_NE(download.find(variable), std::string::npos) << variable;
  EXPECT_NE(upload.find("{accountId}"), std::string::npos);
  for (const char* const variable : {"{types}", "{closeafter}", "{ping}"}) EXPECT_NE(events.find(variable), std::string::npos) << variable;
}

TEST_F(JmapSession, Rfc8621Section1_3_1TellsOfMailOnceItIsOffered) {
  Methods without;
  add_core(without);
  add_emails(without);
  EXPECT_FALSE(session(without)["capabilities"].contains(std::string(kMail)));  // nothing is offered that does not work
  const Json object = session(all_methods());
  EXPECT_EQ(object["capabilities"][std::string(kMail)], Json::object());
  EXPECT_EQ(object["primaryAccounts"][std::string(kMail)], to_id(account_));
  const Json mail = object["accounts"][to_id(account_)]["accountCapabilities"][std::string(kMail)];
  EXPECT_EQ(mail["maxMailboxesPerEmail"], 64);
  EXPECT_EQ(mail["maxMailboxDepth"], 16);
  EXPECT_GE(mail["maxSizeMailboxName"], 100);  // MUST
  EXPECT_TRUE(mail["maxSizeAttachmentsPerEmail"].is_number_unsigned());
  EXPECT_TRUE(mail["emailQuerySortOptions"].is_array());
  EXPECT_EQ(mail["mayCreateTopLevelMailbox"], true);
}

TEST_F(JmapSession, Section2ItsStateChangesWithIt) {
  const std::string state = session_state(session(all_methods()));
  EXPECT_EQ(session_state(session(all_methods())), state);
  context_.settings.max_calls_in_request = 7;
  EXPECT_NE(session_state(session(all_methods())), state);
}

TEST_F(JmapSession, Section3_4ItsStateIsMadeOnceAndIsTheObjects) {
  const Methods methods = all_methods();
  const Login ann{account_, "ann@example.test"};
  SessionStates states;
  const auto state_at = [&](const Login& login, const std::string& url) { return states.of(context_, methods, login, url); };
  const std::string url = "https://mail.example.test";
  for (int i = 0; i < 2; ++i) EXPECT_EQ(state_at(ann, url), session_state(session(methods)));
  const Login alias{account_, "annie@example.test"};
  EXPECT_EQ(state_at(alias, url), session_state(session_object(context_, methods, alias, url)));
  EXPECT_NE(state_at(alias, url), state_at(ann, url));
  EXPECT_NE(state_at(ann, "https://other.example.test"), state_at(ann, url));
  for (std::size_t i = 0; i <= kMostSessionStates; ++i) states.of(context_, methods, ann, "https://" + std::to_string(i) + ".test");
  EXPECT_EQ(state_at(ann, url), session_state(session(methods)));
}

}  // namespace
}  // namespace telepost::adapters::jmap
