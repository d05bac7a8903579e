// The clock rule (store/store_clock.h): how the clocks stand, and that the operator vouches for a leap of the wall clock.
#include "adapters/admin/commands.h"

namespace telepost::adapters::admin {
namespace {

Json state_json(store::Store& store, const store::ClockState& state) {
  const schema::Configuration& settings = store.configuration();
  const auto seconds = [](Duration duration) { return std::chrono::duration<double>(duration).count(); };
  return {{"believed", !state.leap.has_value()},
          {"wall", to_rfc3339(state.wall)},
          {"store", to_rfc3339(state.store)},
          {"kept", to_rfc3339(state.kept)},
          {"ahead_seconds", state.leap ? seconds(*state.leap) : 0.0},
          {"max_jump_seconds", seconds(settings.clock_max_jump)},
          {"max_stop_seconds", seconds(settings.clock_max_stop)}};
}

}  // namespace

Result<void> show_clock(store::Store& store, Arguments& args, Exchange& exchange) {
  TELEPOST_TRY(args.done());
  TELEPOST_ASSIGN(const store::ClockState state, store.clock());
  return exchange.object(state_json(store, state));
}

Result<void> accept_clock(store::Store& store, Arguments& args, Exchange& exchange) {
  TELEPOST_TRY(args.done());
  TELEPOST_ASSIGN(const store::ClockState state, store.accept_clock());
  return exchange.object(state_json(store, state));
}

}  // namespace telepost::adapters::admin
