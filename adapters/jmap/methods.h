// What the server offers: capabilities, and the methods behind them; and how a whole request is run (RFC 8620 sections 3.3 to 3.7).
#pragma once

#include <initializer_list>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "adapters/jmap/call.h"

namespace telepost::adapters::jmap {

inline constexpr std::string_view kCore = "urn:ietf:params:jmap:core";
inline constexpr std::string_view kMail = "urn:ietf:params:jmap:mail";
inline constexpr std::string_view kWebSocket = "urn:ietf:params:jmap:websocket";
inline constexpr std::string_view kBlob = "urn:ietf:params:jmap:blob";    // RFC 9404
inline constexpr std::string_view kSubmission = "urn:ietf:params:jmap:submission";
inline constexpr std::string_view kVapid = "urn:ietf:params:jmap:webpush-vapid";  // RFC 9749
inline constexpr std::string_view kVacation = "urn:ietf:params:jmap:vacationresponse";
inline constexpr std::string_view kRules = "urn:telepost:params:jmap:rules";  // schema/jmap.md
inline constexpr std::string_view kQuota = "urn:ietf:params:jmap:quota";  // RFC 9425

struct Capability {
  std::string_view urn;
  Json (*of_session)(const Context& context);
  Json (*of_account)(const Context& context) = nullptr;  // null: no capability of accounts
  Json (*of_url)(std::string_view url) = nullptr;        // what of of_session() is an address; null: nothing
};

// What a log-in must open to be offered that capability: to any other it is not there. Sending takes a message that is there, and rules and
// the vacation response send by themselves, so that each wants both. A capability that nobody says more of wants mail.
schema::Scopes scopes_for(std::string_view urn);

inline Json no_members(const Context&) { return Json::object(); }  // of a capability that has nothing to say

// Constant once the server listens. Names must outlive it.
class Methods {
 public:
  // From here on clients may use it: all its methods work.
  void offer(Capability capability) { capabilities_.emplace(capability.urn, capability); }
  // A method of a capability that is not offered (yet) is unknown to everybody.
  void add(std::string_view name, std::string_view capability, Method* run) { methods_.emplace(name, Entry{capability, run}); }
  void add(std::string_view capability, std::initializer_list<std::pair<std::string_view, Method*>> methods) {
    for (const auto& [name, run] : methods) add(name, capability, run);
  }

  const std::map<std::string_view, Capability>& capabilities() const { return capabilities_; }
  // The states of that type are the account's modseq (to_state): push need not ask its /get.
  void add_modseq_type(std::string_view name) { modseq_types_.insert(name); }

  struct ChangingType {
    std::string_view name;
    std::string_view capability;
    enum class States : unsigned char { modseq, its_own } states = States::its_own;
  };
  // Those that have /changes, and so states that can be pushed.
  std::vector<ChangingType> changing_types() const;
  // Null: there is none by that name among those in use, which is the same to a client (RFC 8620 section 1.8).
  Method* find(std::string_view name, const std::set<std::string, std::less<>>& in_use) const;

 private:
  struct Entry {
    std::string_view capability;
    Method* run;
  };
  std::map<std::string_view, Capability> capabilities_;
  std::map<std::string_view, Entry> methods_;
  std::set<std::string_view> modseq_types_;
};

// All that this server has: a line for each type, in types.cc.
Methods all_methods();

// The state that the type's /get gives now. Blocks. unavailable: it gives none.
Result<std::string> state_of(const Context& context, const Methods& methods, const Login& login, const Methods::ChangingType& type);

// Every call in its order, each with what those before it gave. Blocks: for a worker of the store.
std::variant<Response, RequestError> run(const Context& context, const Methods& methods, const Login& login, Request request,
                                         std::string session_state);

}  // namespace telepost::adapters::jmap
