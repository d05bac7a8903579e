// Three years of two hundred accounts: what is left is what a model says that knows nothing of the store. TELEPOST_LONG=1 takes two
// thousand accounts, two million messages and three seeds.
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>

#include "tests/simulation/world.h"

namespace telepost {
namespace {

using simulation::Scale;
using simulation::World;

constexpr Scale kShort{.accounts = 120, .messages = 24'000, .policy_changes = 50, .account_changes = 80, .holds = 40, .crashes = 220, .clock_jumps = 20, .sweeps = 150, .checkpoints = 12};
constexpr Scale kLong{.accounts = 2'000, .messages = 2'600'000, .policy_changes = 60, .account_changes = 1'000, .holds = 100, .crashes = 260, .clock_jumps = 24, .sweeps = 600, .checkpoints = 40};

bool is_long() {
  const char* const wanted = std::getenv("TELEPOST_LONG");
  return wanted != nullptr && std::string_view(wanted) == "1";
}

class Lifecycle : public testing::TestWithParam<std::uint64_t> {};

TEST_P(Lifecycle, ThreeYearsLeaveExactlyTheMessagesThatTheModelSays) {
  World world(GetParam(), is_long() ? kLong : kShort);
  world.run();
  const World::Tally& tally = world.tally();
  std::cout << "messages " << tally.messages << ", refused " << tally.refused << ", policy changes " << tally.policy_changes
            << ", crashes " << tally.crashes << ", clock jumps " << tally.clock_jumps << ", sweeps " << tally.sweeps
            << ", account changes " << tally.account_changes << ", holds " << tally.holds << ", expunged " << tally.expunged
            << ", restored " << tally.restored << " (not " << tally.not_restored << "), in view " << tally.in_view << ", kept " << tally.kept
            << ", parked " << tally.parked << "\n";
}

std::vector<std::uint64_t> seeds() { return is_long() ? std::vector<std::uint64_t>{1, 2, 3} : std::vector<std::uint64_t>{1}; }
INSTANTIATE_TEST_SUITE_P(Seeds, Lifecycle, testing::ValuesIn(seeds()));

}  // namespace
}  // namespace telepost
