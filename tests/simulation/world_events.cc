// What operators, time and accidents do.
#include <algorithm>

#include "tests/simulation/world.h"

namespace telepost::simulation {
namespace {
constexpr Millis kMaxJump = kDay;       // clock.max_jump
constexpr Millis kMaxStop = 30 * kDay;  // clock.max_stop
constexpr Millis kBetweenRounds = 5;
constexpr int kRounds = 12, kIdleRounds = 2;
constexpr std::uint64_t kBatches = 40;  // within which the engine stops
}  // namespace

void World::change_policies() {
  const std::map<std::string, ClassText> classes = random_classes(dice_);
  const std::string name = dice_.of(classes).first;
  if (dice_.percent(20)) model_.classes = classes;
  else model_.classes[name] = classes.at(name);
  model_.forget_dates();
  live_.set_classes(model_.classes);
  if (live_.engine().crashed()) recover();
  ++tally_.policy_changes;
}

void World::change_account() {
  const std::size_t who = dice_.below(model_.accounts.size());
  ++tally_.account_changes;
  if (dice_.percent(40)) {
    const std::string service = dice_.of(model_.classes).first;
    insist([&] { return live_.set_class(who, service); });
    model_.accounts[who].service = service;
  } else {
    const ClassText own = dice_.percent(30) ? ClassText{} : random_settings(dice_);
    insist([&] { return live_.set_own(who, own); });
    model_.accounts[who].own = own;
  }
  model_.forget_dates();
}

// Until it is done: whether a change without a trace happened before the engine stopped, no reader can tell.
void World::insist(const std::function<Result<void>()>& change) {
  Result<void> done = change();
  if (live_.engine().crashed()) {
    recover();
    done = change();
  }
  ASSERT_TRUE(done.ok()) << to_string(done.error());
}

// Placed or released; where the engine stopped under it, it was or it was not.
void World::change_holds() {
  if (!model_.holds.empty() && dice_.percent(45)) {
    (void)live_.release(dice_.of(model_.holds).reason);
  } else {
    Hold hold{"case " + std::to_string(++serial_), {}, random_when(dice_)};
    if (dice_.percent(50)) hold.account = dice_.below(model_.accounts.size());
    (void)live_.add_hold(hold);
    model_.holds.push_back(std::move(hold));
  }
  if (live_.engine().crashed()) recover();
  const std::set<std::string> in_force = live_.holds();
  std::erase_if(model_.holds, [&](const Hold& hold) { return !in_force.contains(hold.reason); });
  ++tally_.holds;
}

// The next batches, or the one of them at which everything stops, are those of whatever happens next.
void World::crash() {
  live_.engine().crash_before_batch(1 + dice_.below(kBatches));
}

// What time passed since it was kept may be forgotten. A process that starts again believes what a stop explains, unless it wrote before
// that the clock is not to be believed.
void World::recover() {
  live_.reopen();
  ++tally_.crashes;
  auto clock = live_.store().clock();
  ASSERT_TRUE(clock.ok());
  const Millis wall = to_millis(clock->wall);
  const bool is_stop = wall - time_.kept <= kMaxStop;
  EXPECT_GE(to_millis(clock->store), time_.kept);
  if (time_.leapt && !time_.leap_kept && is_stop) time_.leapt = false;
  if (clock->leap && !time_.leapt && !is_stop) clock = live_.store().accept_clock();
  ASSERT_TRUE(clock.ok());
  time_.store = to_millis(clock->store);
  time_.steady = live_.clock().steady().time_since_epoch() / std::chrono::milliseconds(1);
  now();
}

void World::jump() {
  const std::uint64_t how = dice_.below(4);
  const Millis wall = to_millis(live_.clock().now());
  ++tally_.clock_jumps;
  if (how == 0) return live_.clock().jump_to(from_millis(wall - dice_.between(kSecond, 3 * kHour)));
  if (how == 1) return live_.clock().jump_to(from_millis(wall + dice_.between(kSecond, kMaxJump - (wall - now()))));
  leap(how == 2 ? dice_.between(kMaxJump + kHour, 20 * kDay) : dice_.between(2 * kDay, 4000 * kDay), how == 2);
}

// Nothing leaves while the clock is not believed, and nothing has aged by it once it is.
void World::leap(Millis by, bool accepted) {
  live_.clock().jump_to(live_.clock().now() + Duration(by));
  time_.leapt = true;
  time_.leap_kept = false;
  for (int i = 0; i < 12 && !testing::Test::HasFailure(); ++i) {
    live_on(dice_.between(1, kHour));
    happen();
    if (dice_.percent(10)) recover();
    if (time_.leapt && dice_.percent(20)) sweep_halted();
  }
  time_.leapt = false;
  if (!accepted) return live_.clock().jump_to(live_.clock().now() - Duration(by));
  const auto believed = live_.store().accept_clock();
  if (!believed.ok()) {
    ASSERT_TRUE(live_.engine().crashed()) << to_string(believed.error());
    live_.reopen();
    ASSERT_TRUE(live_.store().accept_clock().ok());
  }
  now();
}

void World::sweep_halted() {
  const auto swept = live_.store().sweep().run({});
  if (live_.engine().crashed()) return recover();
  ASSERT_TRUE(swept.ok()) << to_string(swept.error());
  EXPECT_TRUE(swept->halted);
}

// Gives whether something was done, or may have been.
bool World::sweep_once() {
  pass(kBetweenRounds);
  const auto swept = live_.store().sweep().run({});
  const bool crashed = live_.engine().crashed();
  if (crashed) recover();
  settle();
  if (crashed) return true;
  EXPECT_TRUE(swept.ok()) << to_string(swept.error());
  if (!swept.ok()) return false;
  EXPECT_EQ(swept->total().failed, 0u);
  EXPECT_FALSE(swept->halted);
  return swept->total().done > 0;
}

// Until nothing is left that a round before made due: then nothing may be due by the model either.
void World::sweep() {
  ++tally_.sweeps;
  const std::size_t crashes = tally_.crashes;
  int idle = 0;
  for (int round = 0; round < kRounds && idle < kIdleRounds && !testing::Test::HasFailure(); ++round) {
    idle = sweep_once() ? 0 : idle + 1;
    if (tally_.crashes > crashes && dice_.percent(50)) return;  // the rest is found by the next one
  }
  EXPECT_EQ(idle, kIdleRounds) << "a sweep finds no end";
  const Millis at = now();
  for (Account& account : model_.accounts) model_.sweep(account, at - 1, at, [] { return nullptr; });
}

// In the model: what this round may have done, as far as the store did it, for what leaves in one round is dated by it.
void World::settle() {
  const Millis at = now();
  for (std::size_t who = 0; who < model_.accounts.size() && !testing::Test::HasFailure(); ++who) {
    std::optional<Account> found;
    model_.sweep(model_.accounts[who], at - 1, at, [&] {
      if (!found) found = read(who);
      return &*found;
    });
  }
}

Account World::read(std::size_t who) {
  Result<Account> found = live_.read(who);
  EXPECT_TRUE(found.ok()) << "account " << who << ": " << to_string(found.error());
  return found.ok() ? std::move(*found) : Account();
}

void World::check(std::size_t who) {
  ASSERT_EQ(difference(model_.accounts[who], read(who)), "") << "account " << who << " at " << time_.store;
  check_source(who);
}

// Of one message, what arrived is still what is read.
void World::check_source(std::size_t who) {
  const auto& messages = model_.accounts[who].messages;
  if (messages.empty()) return;
  const auto& [number, message] = dice_.of(messages);
  const auto source = live_.source(who, number);
  ASSERT_TRUE(source.ok()) << to_string(source.error());
  EXPECT_EQ(*source, source_of(message));
}

void World::check_some() {
  sweep();
  for (int i = 0; i < 20 && !testing::Test::HasFailure(); ++i) check(dice_.below(model_.accounts.size()));
}

void World::check_all() {
  for (std::size_t who = 0; who < model_.accounts.size() && !testing::Test::HasFailure(); ++who) check(who);
}

void World::count_rest() {
  for (const Account& account : model_.accounts) {
    tally_.in_view += account.messages.size();
    tally_.kept += account.kept.size();
    for (const auto& [number, message] : account.kept) tally_.parked += message.parked ? 1 : 0;
  }
}

}  // namespace telepost::simulation
