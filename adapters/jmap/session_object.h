// The Session object (RFC 8620 section 2).
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <tuple>

#include "adapters/jmap/methods.h"

namespace telepost::adapters::jmap {

// `url` is what its addresses begin with. Its state changes with anything in it.
Json session_object(const Context& context, const Methods& methods, const Login& login, std::string_view url);
std::string session_state(const Json& session);

inline constexpr std::size_t kMostSessionStates = 1'000;

// The states, made once: nothing in a session object changes while the server runs but whose it is and where it was asked for. Any thread.
class SessionStates {
 public:
  std::string of(const Context& context, const Methods& methods, const Login& login, std::string_view url);

 private:
  std::mutex mutex_;
  // By account, name, scopes and url; guarded by mutex_.
  std::map<std::tuple<schema::AccountId, std::string, std::uint8_t, std::string>, std::string> states_;
};

}  // namespace telepost::adapters::jmap
