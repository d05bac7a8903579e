#include "store/second_factor.h"

#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <future>
#include <set>
#include <thread>

#include "base/one_time_password.h"
#include "base/radix32.h"
#include "schema/keys.h"
#include "store/rooms.h"
#include "store/sign_in.h"
#include "store/tokens.h"
#include "store/verify.h"
#include "tests/support/store_fixture.h"
#include "tests/support/temp_folder.h"

namespace telepost {
namespace {

using namespace std::chrono_literals;
using Outcome = store::SignInOutcome::Result;

class SecondFactorTest : public testing::Test {
 protected:
  SecondFactorTest() : fixture_(settings(folder_)) {}
  void TearDown() override { EXPECT_TRUE(fixture_.verify_clean()); }
  static schema::Configuration settings(const test::TempFolder& folder) {
    schema::Configuration configuration = test::StoreFixture::configuration();
    configuration.store.path = folder.path();
    return configuration;
  }
  store::SecondFactor& factor() { return fixture_.store().second_factor(); }
  // As an authenticator that has the secret and the time computes it.
  std::string code(std::chrono::seconds ahead = 0s) { return hotp(secret_, totp_step(fixture_.store().now() + ahead)); }
  std::vector<std::string> turn_on() {
    secret_ = bytes_of_base32(factor().enrol(ann_).value().secret).value();
    return factor().confirm(ann_, code()).value();
  }
  bool takes(const std::string& text) { return factor().take(ann_, text).value(); }
  Outcome sign_in(std::string_view name, std::string_view password, std::string_view given = "") {
    return fixture_.store().sign_in().check(name, password, given).value().result;
  }

  test::TempFolder folder_;
  test::StoreFixture fixture_;
  const schema::AccountId ann_ = fixture_.create("mailto:ann@example.test");
  std::string secret_;
};

TEST_F(SecondFactorTest, AsksForNothingBeforeACodeConfirmsIt) {
  EXPECT_EQ(factor().confirm(ann_, "123456").error().kind, Errc::not_found);
  const store::Enrolment first = factor().enrol(ann_).value();
  const store::Enrolment second = factor().enrol(ann_).value();
  EXPECT_NE(first.secret, second.secret);
  EXPECT_EQ(second.uri, "otpauth://totp/Telepost:ann%40example.test?secret=" + second.secret +
                            "&issuer=Telepost&algorithm=SHA1&digits=6&period=30");
  secret_ = bytes_of_base32(first.secret).value();
  EXPECT_EQ(secret_.size(), 20u);
  EXPECT_EQ(factor().confirm(ann_, code()).error().kind, Errc::denied) << "the one that was replaced";
  EXPECT_TRUE(factor().state(ann_).value().is_pending);
  EXPECT_FALSE(factor().state(ann_).value().is_on);
  EXPECT_EQ(factor().renew_recovery(ann_).error().kind, Errc::not_found);
  secret_ = bytes_of_base32(second.secret).value();
  EXPECT_FALSE(takes(code())) << "it is not on";
  EXPECT_EQ(factor().confirm(ann_, code()).value().size(), store::kRecoveryCodes);
  EXPECT_TRUE(factor().state(ann_).value().is_on);
  EXPECT_EQ(factor().enrol(ann_).error().kind, Errc::exists);
  EXPECT_EQ(factor().confirm(ann_, code()).error().kind, Errc::not_found);
}

TEST_F(SecondFactorTest, TakesACodeOfOneStepBesideAndEachStepOnce) {
  turn_on();
  EXPECT_FALSE(takes(code())) << "the code that confirmed it";
  EXPECT_TRUE(takes(code(30s)));
  EXPECT_FALSE(takes(code(30s)));
  EXPECT_FALSE(takes(code())) << "a step before one that was taken";
  EXPECT_FALSE(takes(code(60s))) << "two steps ahead";
  fixture_.clock().advance(90s);
  EXPECT_FALSE(takes(code(-60s))) << "two steps behind";
  EXPECT_TRUE(takes(code(-30s)));
  const std::string now = code();
  EXPECT_TRUE(takes(now.substr(0, 3) + " " + now.substr(3))) << "as authenticators show it";
  fixture_.reopen();
  EXPECT_FALSE(takes(now)) << "after a restart";
}

// RFC 4226 section 7.3: the validator limits the guesses.
TEST_F(SecondFactorTest, WrongCodesMakeTheAccountWaitWhereverTheyComeFrom) {
  const std::vector<std::string> recovery = turn_on();
  fixture_.clock().advance(60s);
  const auto wrong = [&] {  // no code of this step or of one beside it
    const std::set<std::string> right = {code(-30s), code(), code(30s)};
    for (int guess = 0;; ++guess) {
      const std::string text = "00000" + std::to_string(guess);
      if (!right.contains(text)) return text;
    }
  };
  fixture_.clock().advance(60s);
  for (int i = 0; i < 4; ++i) EXPECT_FALSE(takes(wrong()));
  EXPECT_TRUE(takes(code())) << "the fifth is looked at, and right: they are counted anew";
  fixture_.clock().advance(60s);
  for (const std::chrono::seconds wait : {30s, 60s, 120s, 240s, 480s, 900s, 900s}) {
    for (int i = 0; i < (wait == 30s ? 5 : 1); ++i) EXPECT_FALSE(takes(wrong()));
    EXPECT_FALSE(takes(code())) << "a right one too";
    fixture_.reopen();
    fixture_.clock().advance(wait - 1ms);
    EXPECT_FALSE(takes(code())) << wait.count();
    fixture_.clock().advance(1ms);
  }
  EXPECT_FALSE(takes(wrong()));
  EXPECT_TRUE(takes(recovery[0])) << "nobody is locked out";
  EXPECT_FALSE(takes(code()));
  fixture_.clock().advance(15min);
  EXPECT_TRUE(takes(code()));
  fixture_.clock().advance(60s);
  EXPECT_FALSE(takes(wrong()));
  EXPECT_TRUE(takes(code())) << "the right one has made it begin anew";
}

TEST_F(SecondFactorTest, EndsWhatWasBegunWithoutItButWhatConfirmedIt) {
  store::Tokens& tokens = fixture_.store().tokens();
  const auto begin = [&](store::TokenKind kind) {
    store::NewToken token;
    token.kind = kind;
    token.lifetime = store::kRefreshKept;
    return tokens.issue(ann_, token).value();
  };
  const auto own = begin(store::TokenKind::session), other = begin(store::TokenKind::session), grant = begin(store::TokenKind::refresh);
  secret_ = bytes_of_base32(factor().enrol(ann_).value().secret).value();
  EXPECT_EQ(factor().confirm(ann_, "12345", own.token.family).error().kind, Errc::denied);
  EXPECT_TRUE(tokens.find(other.text).value());
  ASSERT_TRUE(factor().confirm(ann_, code(), own.token.family).ok());
  EXPECT_TRUE(tokens.find(own.text).value());
  EXPECT_FALSE(tokens.find(other.text).value());
  EXPECT_FALSE(tokens.find(grant.text).value());
  ASSERT_TRUE(factor().remove(ann_).ok());
  fixture_.clock().advance(60s);
  turn_on();
  EXPECT_FALSE(tokens.find(own.text).value()) << "where none is given all end";
}

TEST_F(SecondFactorTest, RefusesWhatIsNoCode) {
  turn_on();
  fixture_.clock().advance(60s);
  for (const std::string& bad : {std::string(), std::string("12345"), std::string("1234567"), std::string(6, '\0'), std::string(100'000, '1'), code() + "0"}) {
    EXPECT_FALSE(takes(bad));
  }
  EXPECT_TRUE(takes(code()));
}

TEST_F(SecondFactorTest, ACodeIsTakenOnceHoweverManyAskAtOnce) {
  const std::vector<std::string> recovery = turn_on();
  fixture_.clock().advance(60s);
  for (const std::string& text : {code(), recovery[0]}) {
    std::atomic<int> taken{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&] { taken += factor().take(ann_, text).value() ? 1 : 0; });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(taken.load(), 1);
  }
}

TEST_F(SecondFactorTest, EachRecoveryCodeIsTakenOnce) {
  const std::vector<std::string> codes = turn_on();
  EXPECT_EQ(std::set<std::string>(codes.begin(), codes.end()).size(), 10u);
  EXPECT_EQ(codes[0].size(), 11u);
  EXPECT_TRUE(takes(codes[0]));
  EXPECT_FALSE(takes(codes[0]));
  std::string typed = " " + codes[1].substr(0, 5) + codes[1].substr(6);
  for (char& letter : typed) letter = letter == '0' ? 'O' : letter == '1' ? 'l' : static_cast<char>(std::toupper(static_cast<unsigned char>(letter)));
  EXPECT_TRUE(takes(typed)) << typed;
  EXPECT_EQ(factor().state(ann_).value().recovery_codes, 8u);
  const std::vector<std::string> renewed = factor().renew_recovery(ann_).value();
  EXPECT_FALSE(takes(codes[2])) << "there are new ones";
  fixture_.reopen();
  EXPECT_TRUE(takes(renewed[9]));
  EXPECT_EQ(factor().state(ann_).value().recovery_codes, 9u);
  const auto bob = fixture_.create("mailto:bob@example.test");
  EXPECT_FALSE(factor().take(bob, renewed[0]).value());
}

TEST_F(SecondFactorTest, NeitherTheSecretNorACodeStandsInTheStore) {
  const std::vector<std::string> codes = turn_on();
  const auto stored = *fixture_.engine().reader(schema::Partition::account(ann_))->get(store::Space::point, schema::keys::kSecondFactor);
  ASSERT_TRUE(stored);
  EXPECT_EQ(stored->find(secret_), std::string::npos);
  for (const std::string& each : codes) EXPECT_EQ(stored->find(each.substr(0, 5)), std::string::npos);
  std::ofstream(folder_ / "secrets.key") << std::string(64, 'a') << "\n";
  fixture_.reopen();
  fixture_.clock().advance(60s);
  EXPECT_EQ(factor().take(ann_, code()).error().kind, Errc::corrupt) << "it is not opened by another key";
}

TEST_F(SecondFactorTest, GoesWhenItIsRemovedAndWithItsAccount) {
  EXPECT_EQ(factor().remove(ann_).error().kind, Errc::not_found);
  turn_on();
  ASSERT_TRUE(factor().remove(ann_).ok());
  EXPECT_FALSE(factor().state(ann_).value().is_on);
  fixture_.clock().advance(60s);
  EXPECT_FALSE(takes(code()));
  turn_on();
  ASSERT_TRUE(fixture_.store().accounts().remove(ann_).ok());
  EXPECT_FALSE(*fixture_.engine().reader(schema::Partition::account(ann_))->get(store::Space::point, schema::keys::kSecondFactor));
  EXPECT_EQ(factor().enrol(ann_).error().kind, Errc::not_found);
  EXPECT_TRUE(fixture_.empties_to_nothing());
}

TEST_F(SecondFactorTest, VerifyFindsRecordsThatAreNone) {
  turn_on();
  const schema::Partition partition = schema::Partition::account(ann_);
  const std::string key(schema::keys::kSecondFactor);
  const std::string good = **fixture_.engine().reader(partition)->get(store::Space::point, key);
  const auto damage = [&](const std::string& value) {
    fixture_.engine().damage(partition, store::Space::point, key, value);
    return store::verify(fixture_.store()).value().damage;
  };
  using Damage = std::map<std::string, std::uint64_t>;
  EXPECT_EQ(damage("x"), (Damage{{"record", 1}}));
  schema::SecondFactorRecord record = schema::decode_SecondFactorRecord(good).value();
  record.is_on = false;
  EXPECT_EQ(damage(schema::encode(record)), (Damage{{"sign-in", 1}}));
  EXPECT_EQ(damage(good), Damage());
}

class SignInTest : public SecondFactorTest {
 protected:
  SignInTest() { EXPECT_TRUE(fixture_.store().accounts().set_password(ann_, "right").ok()); }
};

TEST_F(SignInTest, WantsThePasswordAndWhereItIsOnTheSecondFactor) {
  EXPECT_EQ(sign_in("Ann@Example.test", "right"), Outcome::accepted);
  EXPECT_EQ(sign_in("ann@example.test", "wrong"), Outcome::refused);
  EXPECT_EQ(sign_in("ann@example.test", ""), Outcome::refused);
  const std::vector<std::string> recovery = turn_on();
  fixture_.clock().advance(60s);
  EXPECT_EQ(sign_in("ann@example.test", "wrong"), Outcome::refused) << "it does not tell that there is one";
  EXPECT_EQ(sign_in("ann@example.test", "wrong", code()), Outcome::refused);
  EXPECT_EQ(sign_in("ann@example.test", "right"), Outcome::wants_code);
  EXPECT_EQ(sign_in("ann@example.test", "right", "000000"), Outcome::refused);
  EXPECT_EQ(sign_in("ann@example.test", "right", code()), Outcome::accepted) << "a wrong password has not used it up";
  EXPECT_EQ(sign_in("ann@example.test", "right", code()), Outcome::refused) << "played again";
  EXPECT_EQ(sign_in("ann@example.test", "right", recovery[3]), Outcome::accepted);
  EXPECT_EQ(sign_in("ann@example.test", "right", recovery[3]), Outcome::refused);
}

TEST_F(SignInTest, OpensActiveAccountsByTheirAddressesAlone) {
  const auto bob = fixture_.create("mailto:bob@example.test");  // without a password
  for (const char* name : {"bob@example.test", "nobody@example.test", "not an address", ""}) {
    EXPECT_EQ(sign_in(name, "right"), Outcome::refused) << name;
    EXPECT_EQ(sign_in(name, ""), Outcome::refused) << name;
  }
  EXPECT_EQ(sign_in(schema::to_string(ann_), "right"), Outcome::refused) << "an id is no name";
  for (const auto state : {schema::AccountState::disabled, schema::AccountState::closed}) {
    ASSERT_TRUE(fixture_.store().accounts().set_state(ann_, state).ok());
    EXPECT_EQ(sign_in("ann@example.test", "right"), Outcome::refused);
  }
  const auto told = [&](std::string_view name) { return fixture_.store().sign_in().check(name, "wrong", "").value().account; };
  EXPECT_EQ(told("bob@example.test"), bob) << "for logs";
  EXPECT_EQ(told("nobody@example.test"), std::nullopt);
}

TEST_F(SignInTest, ThatWasAcceptedBeginsNothingOnceThePasswordIsChanged) {
  const store::SignInOutcome outcome = fixture_.store().sign_in().check("ann@example.test", "right", "").value();
  EXPECT_EQ(fixture_.store().sign_in().check("ann@example.test", "wrong", "").value().password, "");
  store::NewToken wanted;
  wanted.lifetime = store::kSessionKept;
  wanted.while_password = outcome.password;
  EXPECT_TRUE(fixture_.store().tokens().issue(ann_, wanted).ok());
  const std::string changed = fixture_.store().accounts().set_password(ann_, "newer", outcome.password).value();
  EXPECT_EQ(fixture_.store().tokens().issue(ann_, wanted).error().kind, Errc::denied);
  EXPECT_EQ(fixture_.store().accounts().set_password(ann_, "thief's", outcome.password).error().kind, Errc::denied);
  wanted.while_password = changed;
  EXPECT_TRUE(fixture_.store().tokens().issue(ann_, wanted).ok());
  EXPECT_EQ(sign_in("ann@example.test", "newer"), Outcome::accepted);
}

// Deliveries and look-ups have the other threads: however many passwords wait, they go on.
TEST_F(SignInTest, HasThreadsOfItsOwnAndAnEndOfItsQueue) {
  std::promise<void> opened;
  const std::shared_future<void> gate = opened.get_future().share();
  std::promise<void> two_begun;
  std::atomic<int> taken{0}, begun{0}, done{0};
  Result<void> last;
  for (int i = 0; i < 2 + 64 + 1 && last.ok(); ++i) {
    last = fixture_.store().run_hashing([&, gate] {
      if (++begun == 2) two_begun.set_value();
      gate.wait();
      ++done;
    });
    if (last.ok()) ++taken;
    // Two are at work: what they hold waits no longer.
    if (i == 1) {
      ASSERT_EQ(two_begun.get_future().wait_for(10s), std::future_status::ready);
    }
  }
  EXPECT_EQ(taken.load(), 66);
  EXPECT_EQ(last.error().kind, Errc::busy);
  std::promise<void> other;
  ASSERT_TRUE(fixture_.store().run([&other] { other.set_value(); }).ok());
  EXPECT_EQ(other.get_future().wait_for(10s), std::future_status::ready);
  EXPECT_EQ(done.load(), 0);
  opened.set_value();
  store::rooms_of(fixture_.store()).hashers.wait_until_idle();
  EXPECT_EQ(done.load(), 66);
}

// Enumeration by time: the thread's own time, since argon2 works in the caller's thread. Hashing takes nearly all of it.
TEST_F(SignInTest, CostsTheSameForWhoIsNotThere) {
  fixture_.create("mailto:bob@example.test");
  const auto cost = [&](std::string_view name) {
    const auto spent = [] {
      timespec time{};
      ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
      return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
    };
    double least = 1e9;
    for (int i = 0; i < 3; ++i) {
      const double before = spent();
      EXPECT_EQ(sign_in(name, "wrong"), Outcome::refused);
      least = std::min(least, spent() - before);
    }
    return least;
  };
  const double known = cost("ann@example.test");
  EXPECT_GT(known, 1.0) << "milliseconds";
  for (const char* name : {"bob@example.test", "nobody@example.test", "no address"}) {
    const double other = cost(name);
    EXPECT_GT(other, known / 2) << name;
    EXPECT_LT(other, known * 2) << name;
  }
}

}  // namespace
}  // namespace telepost
