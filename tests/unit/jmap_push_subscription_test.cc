// PushSubscription and what is pushed to one: RFC 8620 section 7.2, RFC 9749.
#include <gtest/gtest.h>

#include <set>
#include <utility>

#include "adapters/jmap/date_codec.h"
#include "adapters/jmap/push_desk.h"
#include "adapters/jmap/session_object.h"
#include "base/radix64url.h"
#include "store/app_passwords.h"
#include "store/tokens.h"
#include "tests/support/jmap_mail.h"
#include "tests/support/temp_folder.h"
#include "tests/support/jmap_json.h"

namespace telepost::adapters::jmap {
namespace {

using namespace std::chrono_literals;

struct PushKeyFolder {
  schema::Configuration settings() const {
    schema::Configuration configuration = test::StoreFixture::configuration();
    configuration.store.path = folder.path();
    return configuration;
  }
  const test::TempFolder folder;
};

class JmapPushSubscription : private PushKeyFolder, public test::JmapMail {
 protected:
  JmapPushSubscription() : JmapMail(settings()) {
    add_push_subscriptions(methods_);
    in_use_ = all_but_message_properties();
    context_.push = desk_.get();
    login_ = log_in("laptop");
  }
  Login log_in(const std::string& device) {
    const std::string password = store().app_passwords().add(account_, device).value();
    const auto there = store().app_passwords().keys_of("ann@example.test").value();
    return {account_, "ann@example.test", scram_keys(password, there.salt, there.iterations)};
  }
  // Without accountId, by a log-in that is one.
  Json ask(const std::string& method, Json arguments, const Login& login) {
    Request request;
    request.capabilities = in_use_;
    request.calls.push_back({"PushSubscription/" + method, std::move(arguments), "0"});
    auto answer = run(context_, methods_, login, std::move(request), "s");
    return std::get<Response>(answer).responses.at(0).arguments;
  }
  Json ask(const std::string& method, Json arguments) { return ask(method, std::move(arguments), login_); }
  Json create(Json more = Json::object()) {
    Json wanted = {{"deviceClientId", "a889-ffea-910"}, {"url", "https://example.com/push/?device=X8980fc&client=12c6d086"}};
    wanted.update(more);
    const Json answer = ask("set", {{"create", {{"4f29", wanted}}}});
    return answer["created"].is_null() ? answer["notCreated"]["4f29"] : answer["created"]["4f29"];
  }
  Json update(const std::string& id, const Json& patch) {
    const Json answer = ask("set", {{"update", {{id, patch}}}});
    return answer["updated"].is_null() ? answer["notUpdated"][id] : answer["updated"][id];
  }
  std::vector<PushMessage> messages() { return desk_->round(account_, {}).value().messages; }
  std::string verified(const Json& more = Json::object()) {
    const std::string id = create(more)["id"];
    for (const PushMessage& message : messages()) {
      if (!message.post.body.starts_with('{')) continue;  // for another's eyes
      const Json asked = json_of(message.post.body);
      if (asked.value("pushSubscriptionId", "") != id) continue;
      EXPECT_TRUE(desk_->taken(account_, message).ok());
      EXPECT_EQ(update(id, {{"verificationCode", asked["verificationCode"]}}), Json());
    }
    return id;
  }
  Json pushed() {
    const auto all = messages();
    return all.empty() ? Json() : json_of(all.at(0).post.body);
  }
  static constexpr std::string_view kText = "From: ben@example.test\r\nTo: ann@example.test\r\nSubject: hello\r\n\r\nhello\r\n";

  std::unique_ptr<PushDesk> desk_ = PushDesk::open(context_, methods_, fixture_.clock(), fixture_.random()).value();
  Login login_;
};

TEST_F(JmapPushSubscription, Rfc8620Section7_2_3Example) {
  EXPECT_EQ(ask("get", {{"ids", nullptr}}), (Json{{"list", Json::array()}, {"notFound", Json::array()}}));
  const Json made = create({{"types", nullptr}});
  const std::string id = made["id"];
  const Time latest = store().now() + store::kPushKept;
  EXPECT_EQ(made, (Json{{"id", id}, {"keys", nullptr}, {"verificationCode", nullptr}, {"expires", to_utc_date(latest)}}));
  const auto asked = messages();
  ASSERT_EQ(asked.size(), 1u);
  EXPECT_EQ(asked[0].post.host, "example.com");
  EXPECT_EQ(asked[0].post.target, "/push/?device=X8980fc&client=12c6d086");
  const Json verification = json_of(asked[0].post.body);
  EXPECT_EQ(verification, (Json{{"@type", "PushVerification"}, {"pushSubscriptionId", id}, {"verificationCode", verification["verificationCode"]}}));
  EXPECT_EQ(update(id, {{"verificationCode", verification["verificationCode"]}}), Json());
  EXPECT_EQ(ask("get", {{"ids", {id, "n0", "x"}}}),
            (Json{{"list", {{{"id", id}, {"deviceClientId", "a889-ffea-910"}, {"verificationCode", verification["verificationCode"]},
                             {"expires", to_utc_date(latest)}, {"types", nullptr}}}},
                  {"notFound", {"n0", "x"}}}));
  // To extend its life, and further than it may be.
  fixture_.clock().advance(48h);
  EXPECT_EQ(update(id, {{"expires", "2199-08-13T00:00:00Z"}}), (Json{{"expires", to_utc_date(store().now() + store::kPushKept)}}));
  const std::string sooner = to_utc_date(std::chrono::floor<std::chrono::seconds>(store().now()) + 72h);
  EXPECT_EQ(update(id, {{"expires", sooner}, {"types", {"Email"}}}), Json());
  EXPECT_EQ(ask("get", {{"ids", {id}}, {"properties", {"expires", "types"}}})["list"][0], (Json{{"id", id}, {"expires", sooner}, {"types", {"Email"}}}));
  EXPECT_EQ(ask("set", {{"destroy", {id, "n999"}}}),
            (Json{{"created", nullptr}, {"updated", nullptr}, {"destroyed", {id}}, {"notCreated", nullptr}, {"notUpdated", nullptr},
                  {"notDestroyed", {{"n999", {{"type", "notFound"}}}}}}));
}

TEST_F(JmapPushSubscription, NothingButItsCodeIsPushedBeforeThatCameBack) {
  const std::string id = create()["id"];
  deliver(std::string(kText));
  const auto asked = messages();
  ASSERT_EQ(asked.size(), 1u);
  EXPECT_EQ(json_of(asked[0].post.body)["@type"], "PushVerification");
  EXPECT_EQ(messages().size(), 1u) << "until the service has taken it";
  ASSERT_TRUE(desk_->taken(account_, asked[0]).ok());
  EXPECT_TRUE(messages().empty());
  for (const Json& wrong : {Json("x"), Json(""), Json(nullptr), Json(7)}) {
    EXPECT_EQ(update(id, {{"verificationCode", wrong}})["type"], wrong.is_null() ? Json() : Json("invalidProperties")) << wrong;
  }
  EXPECT_TRUE(messages().empty());
  const std::string code = json_of(asked[0].post.body)["verificationCode"];
  EXPECT_EQ(update(id, {{"verificationCode", code}}), Json());
  EXPECT_TRUE(messages().empty()) << "it begins with what is";
  deliver(std::string(kText));
  EXPECT_EQ(pushed()["changed"][to_id(account_)]["Email"], state());
}

TEST_F(JmapPushSubscription, WhatWasNotTakenIsPushedWithTheNewestStateAlsoAfterARestart) {
  verified({{"types", {"Email", "Quota"}}});
  deliver(std::string(kText));
  const auto first = messages();
  ASSERT_EQ(first.size(), 1u);
  deliver(std::string(kText));
  desk_ = PushDesk::open(context_, methods_, fixture_.clock(), fixture_.random()).value();  // nothing is kept in memory
  context_.push = desk_.get();
  const auto second = messages();
  ASSERT_EQ(second.size(), 1u);
  EXPECT_EQ(json_of(second[0].post.body)["changed"][to_id(account_)], (Json{{"Email", state()}})) << "of its quotas nothing changed";
  ASSERT_TRUE(desk_->taken(account_, second[0]).ok());
  EXPECT_TRUE(messages().empty());
  call("Email/set", {{"update", {{id_of(deliver(std::string(kText))), {{"keywords/$seen", true}}}}}});
  EXPECT_EQ(pushed()["changed"][to_id(account_)]["Email"], state());
}

TEST_F(JmapPushSubscription, OfTheWantedTypesAlone) {
  verified({{"types", {"Mailbox", "Weather"}}});
  deliver(std::string(kText));
  EXPECT_EQ(pushed()["changed"][to_id(account_)], (Json{{"Mailbox", call("Mailbox/get", {{"ids", Json::array()}})["state"]}}));
}

TEST_F(JmapPushSubscription, IsOfItsCredentialsAndEndsWithThem) {
  const std::string id = verified();
  const Login phone = log_in("phone");
  EXPECT_EQ(ask("get", {{"ids", nullptr}}, phone)["list"], Json::array());
  EXPECT_EQ(ask("set", {{"update", {{id, {{"types", nullptr}}}}}}, phone)["notUpdated"][id]["type"], "notFound");
  ASSERT_TRUE(store().app_passwords().revoke(account_, "laptop").ok());
  deliver(std::string(kText));
  EXPECT_TRUE(messages().empty());
  EXPECT_TRUE(desk_->subscriptions().list(account_)->empty());
  EXPECT_TRUE(desk_->subscriptions().accounts({}, 9)->empty());
}

// An access token may open less than its grant (RFC 6749 section 6).
TEST_F(JmapPushSubscription, TellsOfNothingThatItsMakerCouldNotOpen) {
  store::NewToken wanted;
  wanted.kind = store::TokenKind::refresh;
  wanted.client = "mail.client";
  wanted.scopes = schema::Scopes::of_app_password();
  wanted.lifetime = store::kRefreshKept;
  Login login{account_, "ann@example.test", {}, store().tokens().issue(account_, wanted).value().token.family, {schema::Scope::contacts}};
  const auto add = [&] {
    schema::PushSubscriptionRecord record;
    record.device = "d";
    record.is_asked = record.is_verified = true;
    record.types = {"Email"};
    schema::PushSecrets secrets;
    secrets.url = "https://push.example.test/x";
    put_login(login, secrets);
    return desk_->subscriptions().add(account_, record, secrets).value().number;
  };
  const std::uint64_t narrow = add();
  deliver(std::string(kText));
  EXPECT_TRUE(messages().empty());
  EXPECT_TRUE(desk_->round(account_, {})->subscriptions.contains(narrow));
  login.scopes = schema::Scopes::of_app_password();
  const std::uint64_t wide = add();
  const auto all = messages();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].subscription, wide);
}

TEST_F(JmapPushSubscription, OneWhoseLogInIsNoneAnyMoreKeepsNoOtherWaiting) {
  verified();
  const Login laptop = std::exchange(login_, log_in("phone"));
  verified();
  login_ = laptop;
  ASSERT_TRUE(store().app_passwords().revoke(account_, "phone").ok());
  deliver(std::string(kText));
  const PushRound round = desk_->round(account_, {}).value();
  ASSERT_EQ(round.messages.size(), 1u);
  EXPECT_EQ(round.subscriptions, (std::set<std::uint64_t>{round.messages[0].subscription}));
  EXPECT_EQ(desk_->subscriptions().list(account_)->size(), 1u);
}

TEST_F(JmapPushSubscription, OneThatIsDamagedKeepsNoOtherWaiting) {
  verified();
  schema::PushSubscriptionRecord record;
  record.device = "d";
  const auto damaged = desk_->subscriptions().add(account_, record, {"no address", "", "", "code", login_.name, login_.keys}).value();
  deliver(std::string(kText));
  const PushRound round = desk_->round(account_, {}).value();
  EXPECT_FALSE(round.is_whole);
  EXPECT_TRUE(round.subscriptions.contains(damaged.number));
  ASSERT_EQ(round.messages.size(), 1u);
  EXPECT_NE(round.messages[0].subscription, damaged.number);
  ASSERT_TRUE(desk_->subscriptions().remove(account_, damaged.number).ok());
  EXPECT_TRUE(desk_->round(account_, {})->is_whole);
}

int forecasts = 0;
MethodResult get_forecast(Call& call) {
  (void)call.account();
  return Json{{"accountId", "a"}, {"state", std::to_string(++forecasts)}, {"list", Json::array()}, {"notFound", Json::array()}};
}

TEST_F(JmapPushSubscription, ARoundReadsAStateOnceForAll) {
  methods_.add("Forecast/get", kCore, get_forecast);
  methods_.add("Forecast/changes", kCore, get_forecast);
  for (int i = 0; i < 3; ++i) verified({{"types", {"Forecast", "Email"}}});
  const int before = forecasts;
  const auto all = messages();
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(forecasts, before + 1);
  for (const PushMessage& one : all) EXPECT_EQ(json_of(one.post.body)["changed"][to_id(account_)]["Forecast"], std::to_string(forecasts));
}

TEST_F(JmapPushSubscription, EndsWithItsTime) {
  const std::string expires = to_utc_date(std::chrono::floor<std::chrono::seconds>(store().now()) + 49h);
  verified({{"expires", expires}});
  deliver(std::string(kText));
  EXPECT_EQ(messages().size(), 1u);
  fixture_.clock().advance(49h);
  EXPECT_TRUE(messages().empty());
  EXPECT_EQ(ask("get", {{"ids", nullptr}})["list"], Json::array());
  EXPECT_FALSE(create({{"expires", "1969-01-01T00:00:00Z"}}).contains("type"));
  EXPECT_TRUE(messages().empty()) << "its time was over before";
}

TEST_F(JmapPushSubscription, RefusesWhatIsNone) {
  const std::string key = to_base64url(desk_->server_key().public_key()), auth = to_base64url(std::string(16, 'a'));
  EXPECT_FALSE(create({{"keys", {{"p256dh", key}, {"auth", auth}}}}).contains("type"));
  const std::vector<std::pair<Json, std::string>> cases = {
      {{{"url", 7}}, "url"},
      {{{"url", "http://example.com/"}}, "url"},
      {{{"deviceClientId", ""}}, "deviceClientId"},
      {{{"deviceClientId", std::string(256, 'x')}}, "deviceClientId"},
      {{{"keys", {{"p256dh", key}}}}, "keys"},
      {{{"keys", {{"p256dh", key}, {"auth", auth + "AA"}}}}, "keys"},
      {{{"keys", {{"p256dh", auth}, {"auth", auth}}}}, "keys"},
      {{{"keys", "x"}}, "keys"},
      {{{"types", {7}}}, "types"},
      {{{"types", Json(std::vector<std::string>(101, "Email"))}}, "types"},
      {{{"expires", "2199-01-01"}}, "expires"},
      {{{"verificationCode", "x"}}, "verificationCode"},
      {{{"id", "n5"}}, "id"}};
  for (const auto& [more, wrong] : cases) EXPECT_EQ(create(more), (Json{{"type", "invalidProperties"}, {"properties", {wrong}}})) << more;
  const std::string id = verified();
  for (const char* const fixed : {"url", "keys", "deviceClientId", "id"}) {
    EXPECT_EQ(update(id, {{fixed, "https://other.test/"}}), (Json{{"type", "invalidProperties"}, {"properties", {fixed}}}));
  }
  EXPECT_EQ(update(id, {{"types/0", "Email"}})["type"], "invalidPatch");
  for (const char* const hidden : {"url", "keys"}) EXPECT_EQ(ask("get", {{"ids", nullptr}, {"properties", {hidden}}})["type"], "forbidden");
  EXPECT_EQ(ask("get", {{"ids", nullptr}, {"properties", {"nothing"}}})["type"], "invalidArguments");
  EXPECT_EQ(ask("get", {{"ids", nullptr}, {"accountId", to_id(account_)}})["type"], "invalidArguments");
  EXPECT_EQ(ask("set", {{"ifInState", "5"}})["type"], "invalidArguments");
}

TEST_F(JmapPushSubscription, SoManyAreMadeInAnHour) {
  for (std::size_t i = 0; i < kMostPushVerifications; ++i) {
    const Json made = create();
    ASSERT_TRUE(made.contains("id")) << made;
    ask("set", {{"destroy", {made["id"]}}});
  }
  EXPECT_EQ(create()["type"], "rateLimit");
  fixture_.clock().advance(61min);
  EXPECT_TRUE(create().contains("id"));
}

TEST_F(JmapPushSubscription, Rfc9749Section3TheSessionObjectHasTheKeyAndEachPushProvesIt) {
  const Json session = session_object(context_, methods_, login_, "https://mail.example.test");
  const std::string key = session["capabilities"]["urn:ietf:params:jmap:webpush-vapid"]["applicationServerKey"];
  EXPECT_EQ(from_base64url(key)->size(), kP256PublicBytes);
  EXPECT_EQ(PushDesk::open(context_, methods_, fixture_.clock(), fixture_.random()).value()->server_key().public_key(), from_base64url(key).value());
  create();
  const auto asked = messages();
  ASSERT_EQ(asked.size(), 1u);
  const auto& fields = asked[0].post.fields;
  EXPECT_TRUE(std::any_of(fields.begin(), fields.end(), [&](const std::string& field) { return field.starts_with("Authorization: vapid t=") && field.ends_with("k=" + key); }));
  EXPECT_TRUE(std::any_of(fields.begin(), fields.end(), [](const std::string& field) { return field.starts_with("TTL: "); }));
}

}  // namespace
}  // namespace telepost::adapters::jmap
