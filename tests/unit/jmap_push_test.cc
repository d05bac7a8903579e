// What push says and to whom: RFC 8620 section 7, RFC 8887 section 4.3, RFC 8621 section 1.5.
#include <gtest/gtest.h>

#include "adapters/jmap/push_stream.h"
#include "adapters/jmap/session_object.h"
#include "adapters/jmap/socket_codec.h"
#include "adapters/net/io_threads.h"
#include "store/app_passwords.h"
#include "store/tokens.h"
#include "store/message_changer.h"
#include "tests/support/jmap_mail.h"
#include "tests/support/on_loop.h"
#include "tests/support/temp_folder.h"
#include "tests/support/jmap_json.h"

namespace telepost::adapters::jmap {
namespace {

Result<EventSourceArguments> arguments_of(std::vector<std::pair<std::string, std::string>> query, const std::string& last = "") {
  net::HttpRequest request;
  request.query = std::move(query);
  if (!last.empty()) request.fields = {{"last-event-id", last}};
  return read_event_source(request);
}

TEST(JmapEventSource, Rfc8620Section7_3Arguments) {
  using CloseAfter = EventSourceArguments::CloseAfter;
  const auto all = arguments_of({{"types", "*"}, {"closeafter", "no"}, {"ping", "0"}}, "42").value();
  EXPECT_TRUE(all.types.wants("Email"));
  EXPECT_EQ(all.close_after, CloseAfter::no);
  EXPECT_FALSE(all.pings);
  EXPECT_EQ(all.last_event_id, "42");
  const auto some = arguments_of({{"types", "Email,CalendarEvent"}, {"closeafter", "state"}, {"ping", "60"}}).value();
  EXPECT_TRUE(some.types.wants("Email") && some.types.wants("CalendarEvent"));
  EXPECT_FALSE(some.types.wants("Mailbox"));
  EXPECT_EQ(some.close_after, CloseAfter::state);
  EXPECT_TRUE(some.pings);
  EXPECT_EQ(some.interval, std::chrono::seconds(60));
  // No least over 30 s, no most under 300 s.
  EXPECT_LE(arguments_of({{"types", "*"}, {"closeafter", "no"}, {"ping", "1"}})->interval, std::chrono::seconds(30));
  EXPECT_GE(arguments_of({{"types", "*"}, {"closeafter", "no"}, {"ping", "86400"}})->interval, std::chrono::seconds(300));
}

TEST(JmapEventSource, RefusesWhatIsNone) {
  const std::vector<std::vector<std::pair<std::string, std::string>>> cases = {
      {}, {{"types", ""}, {"closeafter", "no"}, {"ping", "0"}}, {{"types", "Email,,Mailbox"}, {"closeafter", "no"}, {"ping", "0"}},
      {{"types", "Email,"}, {"closeafter", "no"}, {"ping", "0"}}, {{"types", "*"}, {"closeafter", "yes"}, {"ping", "0"}},
      {{"types", "*"}, {"closeafter", "no"}}, {{"types", "*"}, {"closeafter", "no"}, {"ping", "-1"}},
      {{"types", "*"}, {"closeafter", "no"}, {"ping", "1.5"}}, {{"types", "*"}, {"closeafter", "no"}, {"ping", "99999999999999999999"}}};
  for (const auto& query : cases) EXPECT_EQ(arguments_of(query).error().kind, Errc::invalid);
}

TEST(JmapEventSource, EventsAreThoseOfTheStandard) {
  const StateChange change{schema::AccountId{1}, {{"Email", "7"}}, "7"};
  EXPECT_EQ(state_event(change), "event: state\nid: 7\ndata: {\"@type\":\"StateChange\",\"changed\":{\"" + to_id(change.account) + "\":{\"Email\":\"7\"}}}\n\n");
  EXPECT_EQ(ping_event(std::chrono::seconds(300)), "event: ping\ndata: {\"interval\":300}\n\n");
}

// ---- RFC 8887.

TEST(JmapSocket, Rfc8887Section4_3_2Request) {
  const auto read = read_socket_message(R"({"@type":"Request","id":"R1","using":["urn:ietf:params:jmap:core"],"methodCalls":[["Core/echo",{"a":1},"b"]]})", 4);
  const auto& message = std::get<SocketRequest>(read);
  EXPECT_EQ(message.id, "R1");
  ASSERT_EQ(message.request.calls.size(), 1u);
  EXPECT_EQ(message.request.calls[0].name, "Core/echo");
  Response response{{{"Core/echo", {{"a", 1}}, "b"}}, {}, "s1"};
  EXPECT_EQ(json_of(to_socket_text(response, message.id)),
            json_of(R"({"@type":"Response","requestId":"R1","methodResponses":[["Core/echo",{"a":1},"b"]],"sessionState":"s1"})"));
  EXPECT_FALSE(json_of(to_socket_text(response, std::nullopt)).contains("requestId"));
}

TEST(JmapSocket, Rfc8887Section4_3_4Errors) {
  const auto error_of = [](std::string_view text) { return json_of(to_socket_text(std::get<SocketError>(read_socket_message(text, 1)))); };
  const Json fox = error_of("The quick brown fox jumps over the lazy dog.");  // the example of section 4.4
  EXPECT_EQ(fox["@type"], "RequestError");
  EXPECT_TRUE(fox["requestId"].is_null());
  EXPECT_EQ(fox["type"], "urn:ietf:params:jmap:error:notJSON");
  EXPECT_EQ(fox["status"], 400);
  for (const std::string_view text : {"[]", "{}", R"({"@type":"Response"})", R"({"@type":7})", R"({"using":[],"methodCalls":[]})"}) {
    EXPECT_EQ(error_of(text)["type"], "urn:ietf:params:jmap:error:notRequest") << text;
  }
  EXPECT_EQ(error_of(R"({"@type":"Request","id":7,"using":[],"methodCalls":[]})")["type"], "urn:ietf:params:jmap:error:notRequest");
  const Json named = error_of(R"({"@type":"Request","id":"R2","using":[]})");
  EXPECT_EQ(named["requestId"], "R2");
  const Json many = error_of(R"({"@type":"Request","id":"R3","using":[],"methodCalls":[["a",{},"0"],["a",{},"1"]]})");
  EXPECT_EQ(many["type"], "urn:ietf:params:jmap:error:limit");
  EXPECT_EQ(many["limit"], "maxCallsInRequest");
  EXPECT_EQ(many["requestId"], "R3");
}

TEST(JmapSocket, Rfc8887Section4_3_5Push) {
  const auto enable = std::get<PushEnable>(read_socket_message(R"({"@type":"WebSocketPushEnable","dataTypes":["Mailbox","Email"],"pushState":"aaa"})", 1));
  EXPECT_TRUE(enable.types.wants("Mailbox") && enable.types.wants("Email"));
  EXPECT_FALSE(enable.types.wants("Thread"));
  EXPECT_EQ(enable.push_state, "aaa");
  for (const std::string_view text : {R"({"@type":"WebSocketPushEnable","dataTypes":null})", R"({"@type":"WebSocketPushEnable"})"}) {
    const auto all = std::get<PushEnable>(read_socket_message(text, 1));
    EXPECT_TRUE(all.types.wants("Thread"));
    EXPECT_EQ(all.push_state, "");
  }
  EXPECT_TRUE(std::holds_alternative<PushDisable>(read_socket_message(R"({"@type":"WebSocketPushDisable"})", 1)));
  for (const std::string_view text : {R"({"@type":"WebSocketPushEnable","dataTypes":"Email"})", R"({"@type":"WebSocketPushEnable","pushState":1})"}) {
    EXPECT_EQ(std::get<SocketError>(read_socket_message(text, 1)).error.kind, RequestError::Kind::not_request) << text;
  }
  EXPECT_EQ(json_of(to_socket_text(StateChange{schema::AccountId{1}, {{"Email", "7"}}, "7"})),
            (Json{{"@type", "StateChange"}, {"changed", {{to_id(schema::AccountId{1}), {{"Email", "7"}}}}}, {"pushState", "7"}}));
}

// ---- The stream behind both.

// Where the key of the app passwords lies.
struct KeyFolder {
  schema::Configuration settings() const {
    schema::Configuration configuration = test::StoreFixture::configuration();
    configuration.store.path = folder.path();
    return configuration;
  }
  const test::TempFolder folder;
};

class JmapPush : private KeyFolder, public test::JmapMail {
 protected:
  JmapPush() : JmapMail(settings()) {
    const std::string password = store().app_passwords().add(account_, "laptop").value();
    const auto there = store().app_passwords().keys_of("ann@example.test").value();
    login_ = {account_, "ann@example.test", scram_keys(password, there.salt, there.iterations)};
  }
  std::unique_ptr<PushStream> open(std::string_view types = "*", const std::string& token = "") {
    net::HttpRequest request;
    request.query = {{"types", std::string(types)}, {"closeafter", "no"}, {"ping", "0"}};
    return PushStream::open(service_, login_, read_event_source(request)->types, token, [this] { ++wakes_; });
  }
  std::optional<StateChange> take(PushStream& stream) { return test::run_on(threads_.first(), stream.take()).value(); }
  Json states(PushStream& stream) {
    const auto change = take(stream);
    return change ? Json(change->states) : Json();
  }
  static constexpr std::string_view kText = "From: ben@example.test\r\nTo: ann@example.test\r\nSubject: hello\r\n\r\nhello\r\n";

  net::IoThreads threads_{1, fixture_.clock()};
  Service service_{{fixture_.store()}, all_methods(), fixture_.clock(), nullptr, DerivedKeys(fixture_.clock(), fixture_.random()), {}};
  Login login_;
  std::atomic<int> wakes_{0};
};

TEST_F(JmapPush, ACommitWakesItAndItsStatesAreThoseOfGet) {
  const auto stream = open();
  EXPECT_EQ(take(*stream), std::nullopt) << "it begins with what is";
  EXPECT_FALSE(stream->has_news());
  deliver(std::string(kText));
  EXPECT_TRUE(stream->has_news());
  EXPECT_EQ(wakes_, 1);
  const auto change = take(*stream);
  ASSERT_TRUE(change);
  EXPECT_EQ(change->account, account_);
  for (const char* const type : {"Email", "Mailbox", "Thread"}) {
    EXPECT_EQ(change->states.at(type), call(std::string(type) + "/get", {{"ids", Json::array()}})["state"]) << type;
  }
  EXPECT_EQ(take(*stream), std::nullopt) << "nothing is told twice";
}

TEST_F(JmapPush, Rfc8621Section1_5EmailDeliveryChangesWithNewEmailAlone) {
  const schema::MessageId first = deliver(std::string(kText));
  const auto stream = open(), only = open("EmailDelivery");
  take(*stream);
  take(*only);
  deliver(std::string(kText));
  const Json arrived = states(*stream);
  EXPECT_TRUE(arrived.contains("EmailDelivery")) << arrived;
  EXPECT_EQ(states(*only), (Json{{"EmailDelivery", arrived["EmailDelivery"]}}));
  call("Email/set", {{"update", {{id_of(first), {{"keywords/$seen", true}}}}}});
  const Json changed = states(*stream);
  EXPECT_TRUE(changed.contains("Email"));
  EXPECT_FALSE(changed.contains("EmailDelivery")) << changed;
  EXPECT_EQ(states(*only), Json());
}

TEST_F(JmapPush, WhoComesBackHearsWhatWasMissed) {
  const auto stream = open();
  take(*stream);
  deliver(std::string(kText));
  const std::string token = take(*stream)->token;
  EXPECT_EQ(take(*open("*", token)), std::nullopt);
  const schema::MessageId second = deliver(std::string(kText));
  call("Email/set", {{"update", {{id_of(second), {{"keywords/$seen", true}}}}}});
  const Json missed = states(*open("*", token));
  EXPECT_EQ(missed["Email"], state());
  EXPECT_TRUE(missed.contains("EmailDelivery"));
  for (const char* const unknown : {"nonsense", "-1", "0", "99999999"}) EXPECT_EQ(states(*open("Email", unknown)), (Json{{"Email", state()}})) << unknown;
}

TEST_F(JmapPush, AReaderThatIsSlowHearsTheNewestStateOnce) {
  const auto stream = open("Email,Unheard");
  take(*stream);
  for (int i = 0; i < 300; ++i) deliver(std::string(kText));
  EXPECT_EQ(wakes_, 1) << "until it looks";
  EXPECT_EQ(states(*stream), (Json{{"Email", state()}}));
  EXPECT_EQ(take(*stream), std::nullopt);
}

TEST_F(JmapPush, OnlyTheAccountsOwnChangesAreHeard) {
  const schema::AccountId other = fixture_.create("mailto:bob@example.test");
  const auto stream = open();
  take(*stream);
  ASSERT_TRUE(fixture_.deliver_to(other, kText).ok());
  EXPECT_FALSE(stream->has_news());
  EXPECT_EQ(wakes_, 0);
}

TEST_F(JmapPush, EndsWithTheAppPassword) {
  const auto stream = open();
  take(*stream);
  ASSERT_TRUE(store().app_passwords().revoke(account_, "laptop").ok());
  deliver(std::string(kText));
  EXPECT_EQ(test::run_on(threads_.first(), stream->take()).error().kind, Errc::denied);
}

TEST_F(JmapPush, EndsWithItsAccessTokenThoughTheGrantGoesOn) {
  store::NewToken wanted;
  wanted.kind = store::TokenKind::refresh;
  wanted.client = "mail.client";
  wanted.scopes = schema::Scopes::of_app_password();
  wanted.lifetime = store::kRefreshKept;
  const store::Token grant = store().tokens().issue(account_, wanted).value().token;
  login_ = {account_, "ann@example.test", {}, grant.family, grant.scopes, store().now() + store::kAccessKept};
  const auto stream = open();
  take(*stream);
  fixture_.clock().advance(store::kAccessKept - std::chrono::milliseconds(1));
  EXPECT_TRUE(still_allowed(store(), login_).ok());
  fixture_.clock().advance(std::chrono::milliseconds(1));
  deliver(std::string(kText));
  EXPECT_EQ(test::run_on(threads_.first(), stream->take()).error().kind, Errc::denied);
  login_.until.reset();  // of what ends with the grant alone
  login_.scopes = {schema::Scope::contacts, schema::Scope::settings};
  EXPECT_EQ(still_allowed(store(), login_).value(), schema::Scopes{schema::Scope::contacts}) << "what both open";
}

// A type whose states are its own, and whose objects change with no commit of the account's log.
std::string weather_state = "fair";
MethodResult get_weather(Call& call) {
  (void)call.account();
  return Json{{"accountId", "a"}, {"state", weather_state}, {"list", Json::array()}, {"notFound", Json::array()}};
}

TEST_F(JmapPush, StatesAreThoseOfGetWhateverTheyAre) {
  service_.methods.add("Weather/get", kCore, get_weather);
  service_.methods.add("Weather/changes", kCore, get_weather);
  const auto stream = open("Weather,Email");
  take(*stream);
  weather_state = "foul";
  stream->look_again();
  const auto changed = take(*stream);
  ASSERT_TRUE(changed);
  EXPECT_EQ(Json(changed->states), (Json{{"Weather", "foul"}}));
  EXPECT_EQ(take(*open("Weather,Email", changed->token)), std::nullopt);
  deliver(std::string(kText));
  EXPECT_EQ(states(*stream), (Json{{"Email", state()}})) << "Weather did not change";
  weather_state = "fair";
  EXPECT_EQ(states(*open("Weather", changed->token)), (Json{{"Weather", "fair"}}));
}

TEST_F(JmapPush, AnAccountHasSoManyStreams) {
  std::vector<std::unique_ptr<PushStream>> streams;
  for (std::size_t i = 0; i < kMostStreams; ++i) streams.push_back(open());
  EXPECT_EQ(open(), nullptr);
  streams.pop_back();
  EXPECT_NE(open(), nullptr);
  for (const auto& stream : streams) EXPECT_NE(stream, nullptr);
}

TEST_F(JmapPush, Rfc8620Section3_4TheStateOfTheSessionIsThatOfItsObject) {
  const std::string url = "https://mail.example.test";
  const Json object = session_object(service_.context, service_.methods, login_, url);
  for (int i = 0; i < 2; ++i) {
    Request request;
    request.capabilities.insert(std::string(kCore));
    request.calls.push_back({"Core/echo", {{"a", 1}}, "0"});
    const auto answer = run_in_session(service_, login_, url, std::move(request));
    EXPECT_EQ(std::get<Response>(answer).session_state, object["state"]);
  }
}

TEST_F(JmapPush, Rfc8887Section3TheSessionObjectTellsWhere) {
  const auto told = [&](std::string_view url) {
    return session_object(service_.context, service_.methods, login_, url)["capabilities"]["urn:ietf:params:jmap:websocket"];
  };
  EXPECT_EQ(told("https://mail.example.test"), Json({{"url", "wss://mail.example.test/jmap/ws"}, {"supportsPush", true}}));
  EXPECT_EQ(told("http://127.0.0.1:8080")["url"], "ws://127.0.0.1:8080/jmap/ws");
}

}  // namespace
}  // namespace telepost::adapters::jmap
