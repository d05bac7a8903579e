// What the server offers: capabilities, and the methods behind them; and how a whole request is run (RFC 8620 sections 3.3 to 3.7).
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <variant>

#include "adapters/jmap/call.h"

namespace telepost::adapters::jmap {

inline constexpr std::string_view kCore = "urn:ietf:params:jmap:core";
inline constexpr std::string_view kMail = "urn:ietf:params:jmap:mail";

struct Capability {
  std::string_view urn;
  Json (*of_session)(const Context& context);
  Json (*of_account)(const Context& context) = nullptr;  // null: no capability of accounts
};

// Constant once the server listens. Names must outlive it.
class Methods {
 public:
  // From here on clients may use it: all its methods work.
  void offer(Capability capability) { capabilities_.emplace(capability.urn, capability); }
  // A method of a capability that is not offered (yet) is unknown to everybody.
  void add(std::string_view name, std::string_view capability, Method* run) { methods_.emplace(name, Entry{capability, run}); }

  const std::map<std::string_view, Capability>& capabilities() const { return capabilities_; }
  // Null: there is none by that name among those in use, which is the same to a client (RFC 8620 section 1.8).
  Method* find(std::string_view name, const std::set<std::string, std::less<>>& in_use) const;

 private:
  struct Entry {
    std::string_view capability;
    Method* run;
  };
  std::map<std::string_view, Capability> capabilities_;
  std::map<std::string_view, Entry> methods_;
};

// All that this server has: a line for each type, in types.cc.
Methods all_methods();

// Every call in its order, each with what those before it gave. Blocks: for a worker of the store.
std::variant<Response, RequestError> run(const Context& context, const Methods& methods, const Login& login, Request request,
                                         std::string session_state);

}  // namespace telepost::adapters::jmap
