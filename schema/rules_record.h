// What a subscriber wants done with messages as they arrive: an ordered list, one for all kinds. By the rules of schema/records.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "schema/ids.h"
#include "schema/message.h"

namespace telepost::schema {

// All that is said must hold.
struct RuleCondition {
  std::vector<Kind> kinds;              // one of them; empty: any
  // One of them: "mailto:bob@example.net", "tel:+15550100", "@example.net" (that domain), or the begin of an address and "*". Lower case.
  std::vector<std::string> senders;
  std::optional<bool> withheld;         // a call, fax or text whose number nobody is told
  std::vector<std::string> recipients;  // one of the account's addresses, with a detail or without: it came for that one
  std::string header;                   // the name of a field, "" for none,
  std::string text;                     // that has this text, whatever its case; "": it is there
  std::optional<std::uint64_t> min_size, max_size;  // of the source: not below, and below
  bool operator==(const RuleCondition&) const = default;
};

struct RuleForward {
  std::vector<std::string> to;  // "bob@example.net"
  bool keeps = true;            // false: the account's own copy goes to its trash, as read
  bool operator==(const RuleForward&) const = default;
};

// What the sender is answered, at most once in so many days.
struct AnswerRecord {
  std::optional<std::string> subject;  // none: "Auto: " and the message's
  std::string text;
  std::uint32_t days = 7;
  bool operator==(const AnswerRecord&) const = default;
};

struct DeliveryRule {
  std::string name;
  bool enabled = true;
  bool any = false;                    // one of its conditions is enough; without conditions it is about every message
  std::vector<RuleCondition> conditions;
  bool block = false;                  // to the junk mailbox, and no other rule is asked
  std::optional<std::string> mailbox;  // its path; made where it is missing
  std::vector<std::string> keywords;   // added; sorted
  std::optional<RuleForward> forward;
  std::optional<AnswerRecord> answer;
  bool stop = false;                   // no rule behind it is asked
  bool operator==(const DeliveryRule&) const = default;
};

struct RulesRecord {
  Modseq modseq{};  // of the last change
  std::vector<DeliveryRule> rules;
  bool operator==(const RulesRecord&) const = default;
};

std::string encode(const AnswerRecord& record);
Result<AnswerRecord> decode_AnswerRecord(std::string_view bytes);
std::string encode(const RulesRecord& record);
Result<RulesRecord> decode_RulesRecord(std::string_view bytes);

namespace keys {
inline constexpr std::string_view kRules{"R\x01", 2};
}  // namespace keys

}  // namespace telepost::schema
