// What there is to tell of one account since somebody was told last.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/jmap/methods.h"
#include "adapters/jmap/push_codec.h"
#include "schema/push_subscription_record.h"

namespace telepost::adapters::jmap {

// One thread at a time. What is given to it outlives it.
class PushStates {
 public:
  // Nobody was told anything yet: it begins with what is at the first look.
  PushStates(const Context& context, const Methods& methods, Login login, const PushTypes& types);
  // After what `token` stands for, a StateChange's. A token that nobody was given is older than all.
  void begin_after(std::string_view token);
  void begin_after(const schema::ToldStates& told);

  struct Now {
    schema::Modseq modseq;
    std::optional<schema::Modseq> delivered;            // when the newest email came, if one did since the last time
    std::map<std::string, std::string, std::less<>> own;  // by type, of those whose states are not the account's modseq
  };
  // What looks at one account have read, for further ones of the same moment. Whose log-in asked is all the same: a state is that of the
  // account (RFC 8620 section 5.1).
  struct Readings {
    std::optional<schema::Modseq> modseq = {};
    std::map<schema::Modseq, std::optional<schema::Modseq>> delivered = {};  // by what was told last
    std::map<std::string, std::string, std::less<>> own = {};
  };
  // Blocks. Whether the log-in still is one is not asked. Errors: those of reading.
  Result<Now> look() const;
  Result<Now> look(Readings& known) const;
  // What changed by then of the types that are wanted, and is told with that; nothing where nothing did.
  std::optional<StateChange> tell(Now now);
  schema::ToldStates told() const;  // by now

 private:
  const Context& context_;
  const Methods& methods_;
  const Login login_;
  std::vector<Methods::ChangingType> types_;  // those that are here: what else a client names is not kept for it
  const bool wants_deliveries_;
  // No modseq: it begins with what is now. Of a token only the digest of its own states is known.
  std::optional<schema::Modseq> told_;
  std::map<std::string, std::string, std::less<>> told_own_;
  std::string told_digest_;
};

}  // namespace telepost::adapters::jmap
