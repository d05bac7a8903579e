// What is left of everybody's messages, as schema/policy.xsd's documentation reads: a model of some 200 lines in plain C++ that knows
// nothing of the store or of its policies. Time is in milliseconds.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace telepost::simulation {

using Millis = std::int64_t;
inline constexpr Millis kNever = std::numeric_limits<Millis>::max();
using Limit = std::optional<std::uint64_t>;

struct When {
  std::set<std::string> kinds;
  std::string mailbox, role, sender, flag, without_flag, header, matches;
  Limit larger, smaller;
};
struct Rule {
  std::vector<When> when;
  Millis keep = kNever;
  enum class Since { arrival, reading, trash, expires } since = Since::arrival;  // of retention
  bool keep_flagged = false, final = false;
};
struct Undelete {
  std::optional<Millis> keep;
  std::optional<Limit> bytes, messages;
};
struct ClassText {  // one class, or a subscriber's own settings
  std::string name;
  Undelete undelete;
  std::optional<Limit> quota_bytes, quota_messages;
  std::map<std::string, bool> allow;  // by kind
  std::vector<Rule> retention, retain;
};

struct Message {
  std::string kind, sender, subject;
  std::uint64_t size = 0;
  std::map<std::string, std::string> fields;
  std::optional<Millis> expires_field;
  Millis received = 0;
  std::set<std::string> keywords;
  std::set<std::string> mailboxes;  // paths; once it has departed: where it lay
  std::optional<Millis> seen, trashed, restored;
  Millis departed = 0;
  bool parked = false;  // once it has departed: nothing but a hold or a minimum retention keeps it, and no bound of undelete counts it
  mutable std::optional<Millis> leaves;  // worked out already, and nothing changed since
  bool flagged() const { return keywords.contains("$flagged"); }
};

struct Account {
  std::size_t place = 0;  // in the model's list
  std::string service, range_service;
  ClassText own;
  std::map<std::string, std::string> roles;    // of its mailboxes, by path
  std::map<std::uint64_t, Message> messages;   // in view, by number
  std::map<std::uint64_t, Message> kept;       // deleted or expired, and still there
};

struct Hold {
  std::string reason;  // tells it from the others
  std::optional<std::size_t> account;  // none: of every one
  When when;
};

class Model {
 public:
  std::map<std::string, ClassText> classes;  // in force; "standard" is asked last
  std::vector<Account> accounts;
  std::vector<Hold> holds;

  bool fits(const Account& account, const Message& message) const;   // into the quota
  bool takes(const Account& account, const Message& message) const;  // that, and the kind is allowed
  void place(Account& account, Message& message, std::set<std::string> mailboxes, Millis now) const;
  void set_keyword(Message& message, const std::string& keyword, bool on, Millis now) const;
  // Dated `stamp`; what keeps it is asked at `now`.
  void remove(Account& account, std::uint64_t number, Millis stamp, Millis now) const;
  // In view again, where it lay.
  void restore(Account& account, std::uint64_t number, Millis now) const;
  // Everything that is due at `until` or before. seen: what the account has become where a sweep may not have come to its end; asked only
  // where something is due, null: all is done.
  using Seen = std::function<const Account*()>;
  void sweep(Account& account, Millis until, Millis now, const Seen& seen) const;
  void forget_dates();  // after a policy changed

  Millis leaves(const Account& account, const Message& message) const;    // the view; kNever
  Millis retained(const Account& account, const Message& message) const;  // until then its content stays

 private:
  std::vector<const ClassText*> layers(const Account& account) const;
  Millis leaves(const Account& account, const Message& message, const std::string& mailbox) const;
  Millis undelete_period(const Account& account) const;
  bool stays(const Account& account, const Message& message, Millis now) const;  // whatever undelete says
  void unpark(Account& account, Millis until, const Seen& seen) const;
  void purge(Account& account, Millis until, Millis now, const Seen& seen) const;
  template <typename Value, typename Stated>
  Value first_stated(const Account& account, Value otherwise, const Stated& stated) const;
};

bool matches(const std::string& pattern, const std::string& text);  // "*" stands for anything, case does not count

}  // namespace telepost::simulation
