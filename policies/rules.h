// What a subscriber's rules do with a message that arrives for his account. Pure. Any thread.
//
// Rules are asked in their order, all of them until one says stop. Nothing of what they do removes a message: it lies in the mailboxes
// that they name, else in the inbox; what is blocked lies in Junk, and what is forwarded away in Trash.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "schema/message.h"
#include "schema/rules_record.h"

namespace telepost::policies {

// Of Received fields: a message that went through so many servers is not forwarded once more (RFC 5321 section 6.3 has servers refuse it
// at 100, which is to be left to them).
inline constexpr std::size_t kMostHops = 50;
inline constexpr std::size_t kMostRuleMailboxes = 16;  // of one message

struct RuleFacts {
  schema::Kind kind = schema::Kind::email;
  std::uint64_t size_bytes = 0;
  std::vector<std::string> senders;     // reverse path, From and caller, each with its scheme, in lower case
  bool withheld = false;                // of a call, fax or text: nobody is told the number
  std::vector<std::string> recipients;  // the address that it came for, with its detail and without, in the same form
  const std::vector<std::string>* own = nullptr;             // never null: the account's addresses
  const std::vector<schema::HeaderField>* fields = nullptr;  // never null: of its header
};

struct RuleVerdict {
  bool blocked = false;
  std::vector<std::string> mailboxes;  // paths, each once; empty: the inbox
  std::vector<std::string> keywords;   // sorted, each once
  std::vector<std::string> forward_to; // each once
  bool keeps = true;                   // false: a forward takes it away, and no rule files it
  bool looped = false;                 // it has come back, or goes in circles: it is not forwarded
  const schema::AnswerRecord* answer = nullptr;  // of the first rule that has one; lives as long as the rules
  std::string rules;                   // names of those that did something: "invoices, boss"
};

// The same with the names and texts of header fields in lower case, as they are compared. What a subscriber is shown keeps his spelling.
std::vector<schema::DeliveryRule> in_lower_case(std::vector<schema::DeliveryRule> rules);

// precondition: rules are in_lower_case().
RuleVerdict apply_rules(const std::vector<schema::DeliveryRule>& rules, const RuleFacts& facts);

// Whether an address is one that the pattern of a rule means (schema::RuleCondition::senders). Both in lower case.
bool is_meant(std::string_view pattern, std::string_view address);

}  // namespace telepost::policies
