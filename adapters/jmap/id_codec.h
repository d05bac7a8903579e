// Ids as JMAP shows them: a letter that tells the type, then a number. One spelling of each; nothing else is an id of ours.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "schema/ids.h"

namespace telepost::adapters::jmap {

// The type Id (RFC 8620 section 1.2): 1 to 255 of A-Z a-z 0-9 - and _.
bool is_id(std::string_view text);
bool is_id_or_reference(std::string_view text);  // "#" and a creation id

std::string to_id(schema::AccountId account);  // "a" + 16 hex digits
std::string to_id(schema::MailboxId mailbox);  // "m" + decimal
// A letter and hex digits without leading zeros: emails ("e", the local number) and threads ("t").
std::string to_id(char letter, std::uint64_t number);

std::optional<schema::AccountId> account_from(std::string_view id);
std::optional<schema::MailboxId> mailbox_from(std::string_view id);  // never 0
std::optional<std::uint64_t> number_from(char letter, std::string_view id);  // never 0

// States are the account's modseq in decimal, of all its types alike.
std::string to_state(schema::Modseq modseq);
std::optional<schema::Modseq> state_from(std::string_view state);

// What a client named "#x" in this request, over all types (RFC 8620 section 5.3).
class CreatedIds {
 public:
  void add(const std::string& creation_id, std::string id) { ids_.insert_or_assign(creation_id, std::move(id)); }  // the latest counts
  // "#x": what was created as x, nothing where nothing was. Any other id is itself.
  std::optional<std::string> resolve(std::string_view id) const;
  const std::map<std::string, std::string, std::less<>>& all() const { return ids_; }

 private:
  std::map<std::string, std::string, std::less<>> ids_;
};

}  // namespace telepost::adapters::jmap
