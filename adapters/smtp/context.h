// What every session of one listener shares, and what a session knows of its other end.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "adapters/net/login_delays.h"
#include "adapters/smtp/config.h"
#include "adapters/smtp/examination.h"
#include "adapters/smtp/held_bytes.h"
#include "base/clock.h"
#include "base/random.h"
#include "store/store.h"

namespace telepost::adapters::net {
class TlsIdentities;
}

namespace telepost::adapters::smtp {

struct Context {
  ListenerConfig listener;
  store::Store& store;
  const Clock& clock;
  Random& random;
  std::shared_ptr<HeldBytes> held;  // of all listeners together
  const net::TlsIdentities* identities = nullptr;     // null: no TLS
  std::shared_ptr<net::LoginDelays> delays = {};      // of all listeners together
  std::shared_ptr<Examiner> examiner = {};            // null: no message is examined
};

// Who has logged in (RFC 4954).
struct Login {
  schema::AccountId account;
  std::string name;                    // as it was given
  std::string device;                  // whose app password it was
  std::vector<std::string> addresses;  // of the account, canonical
};

struct TlsFacts {
  std::string version;  // "TLSv1.3"
  std::string cipher;   // "TLS_AES_256_GCM_SHA384"
};

// The other end of one session.
struct Client {
  net::Peer peer;                  // by XCLIENT: the front's own client
  Proof proof = Proof::none;
  bool is_front = false;           // it may say XCLIENT
  bool is_introduced = false;      // and said whom it speaks for: after the next hello it is that client who speaks
  bool is_address_told = false;    // and from where: that cannot be said again
  std::optional<TlsFacts> tls = {};
  std::optional<Login> login = {};
  std::string name = {};           // by XCLIENT; "" is not known
  std::string hello = {};          // the same
};

}  // namespace telepost::adapters::smtp
