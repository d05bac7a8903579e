#include "tests/simulation/world.h"

#include <algorithm>

namespace telepost::simulation {
namespace {
constexpr Millis kYears = 3 * 365 * kDay;
constexpr unsigned kPercentDeliveries = 50;
constexpr std::size_t kRecipients = 3;  // of a delivery, on average
}  // namespace

World::World(std::uint64_t seed, const Scale& scale) : scale_(scale), dice_(seed), live_(seed) {
  time_.steady = live_.clock().steady().time_since_epoch() / std::chrono::milliseconds(1);
  time_.store = time_.kept = to_millis(live_.clock().now());
  end_ = time_.store + kYears;
  model_.classes = random_classes(dice_);
  live_.set_classes(model_.classes);
  make_accounts();
  plan();
}

void World::make_accounts() {
  static const std::map<std::string, std::string> kMailboxes = {{"INBOX", "inbox"}, {"Trash", "trash"}, {"Junk", "junk"}, {"Archive", "archive"}, {"Work", ""}, {"Work/Old", ""}};
  for (std::size_t i = 0; i < scale_.accounts; ++i) {
    Account account;
    account.place = i;
    account.roles = kMailboxes;
    account.range_service = dice_.of(std::vector<std::string>{"gold", "silver", "tin", "office"});
    account.service = dice_.percent(40) ? dice_.of(model_.classes).first : account.range_service;
    const std::string address = account.range_service == "office" ? "tel:+1555" + std::to_string(100'000 + i)
                                                                  : "mailto:s" + std::to_string(i) + "@" + account.range_service + ".test";
    live_.create(address, account);
    model_.accounts.push_back(std::move(account));
  }
}

void World::plan() {
  const auto add = [&](std::size_t times, Event event) {
    for (std::size_t i = 0; i < times; ++i) planned_.emplace(dice_.between(time_.store, end_), event);
  };
  add(scale_.policy_changes, &World::change_policies);
  add(scale_.account_changes, &World::change_account);
  add(scale_.holds, &World::change_holds);
  add(scale_.crashes, &World::crash);
  add(scale_.clock_jumps, &World::jump);
  add(scale_.sweeps, &World::sweep);
  add(scale_.checkpoints, &World::check_some);
}

void World::pass(Millis time) { live_.clock().advance(Duration(time)); }

void World::live_on(Millis time) {
  pass(time);
  const Result<void> kept = live_.keep_time();
  if (live_.engine().crashed()) return recover();
  EXPECT_TRUE(kept.ok());
  time_.leap_kept = time_.leapt;
}

// By the rule of the clock: it follows the wall clock, goes on by the monotonic one where the wall clock leaps ahead, and never back.
Millis World::now() {
  const auto clock = live_.store().clock();
  EXPECT_TRUE(clock.ok());
  if (!clock.ok()) return time_.store;
  const Millis steady = live_.clock().steady().time_since_epoch() / std::chrono::milliseconds(1);
  const Millis wall = to_millis(live_.clock().now()), is = to_millis(clock->store);
  const Millis even = time_.store + steady - time_.steady;
  EXPECT_EQ(clock->leap.has_value(), time_.leapt);
  EXPECT_GE(is, time_.store);
  if (time_.leapt) EXPECT_NEAR(static_cast<double>(is), static_cast<double>(even), 2);
  else if (wall >= even) EXPECT_EQ(is, wall);
  else EXPECT_LE(is, even);
  time_.store = is;
  time_.kept = to_millis(clock->kept);
  time_.steady = steady;
  return is;
}

Millis World::stamp() { return std::max(now(), to_millis(live_.clock().now())); }

void World::happen() {
  if (dice_.percent(kPercentDeliveries)) deliver();
  else touch();
}

void World::run() {
  const std::size_t things = scale_.messages * 100 / kPercentDeliveries / kRecipients;
  const Millis pause = std::max<Millis>(1, kYears / static_cast<Millis>(things));
  while (time_.store < end_ && !testing::Test::HasFailure()) {
    live_on(dice_.between(1, 2 * pause));
    while (!planned_.empty() && planned_.begin()->first <= now() && !testing::Test::HasFailure()) {
      const Event event = planned_.begin()->second;
      planned_.erase(planned_.begin());
      (this->*event)();
    }
    happen();
  }
  if (testing::Test::HasFailure()) return;
  sweep();
  check_all();
  EXPECT_TRUE(live_.fixture().verify_clean());
  count_rest();
}

}  // namespace telepost::simulation
