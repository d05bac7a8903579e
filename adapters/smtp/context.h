// What every session of one listener shares.
#pragma once

#include <memory>

#include "adapters/smtp/config.h"
#include "adapters/smtp/held_bytes.h"
#include "base/clock.h"
#include "base/random.h"
#include "store/store.h"

namespace telepost::adapters::smtp {

struct Context {
  ListenerConfig listener;
  store::Store& store;
  const Clock& clock;
  Random& random;
  std::shared_ptr<HeldBytes> held;  // of all listeners together
};

// The other end of one session.
struct Client {
  net::Peer peer;
  Proof proof = Proof::none;
};

}  // namespace telepost::adapters::smtp
