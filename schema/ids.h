// The numbers that name things. Text forms are what CLI, JSON and JMAP show.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/strong.h"

namespace telepost::schema {

using AccountId = Strong<struct AccountIdTag, std::uint64_t>;  // random, derived from no address, never reused
using MailboxId = Strong<struct MailboxIdTag, std::uint32_t>;  // per account, from 1
using Uid = Strong<struct UidTag, std::uint32_t>;              // per mailbox, from 1 (RFC 9051 section 2.3.1.1)
using Modseq = Strong<struct ModseqTag, std::uint64_t>;        // per account, from 1 (RFC 7162)

// A thread's number inside its account: that of the message that began it.
using ThreadId = Strong<struct ThreadIdTag, std::uint64_t>;

// A message's number inside its account: the store's incarnation (24 bits, raised at each open) over a sequence
// (40 bits), so that no number handed out before a crash can come back after it. Never 0.
using LocalId = Strong<struct LocalIdTag, std::uint64_t>;

struct MessageId {
  AccountId account;
  LocalId local;
  auto operator<=>(const MessageId&) const = default;
};

// "a" + 13 base32 letters: "a7zk3m0q2w5rx9".
std::string to_string(AccountId id);
Result<AccountId> account_id_from(std::string_view text);

// "m" + the account's 13 letters + "-" + the local number in base32: "m7zk3m0q2w5rx9-1g0000000004".
std::string to_string(MessageId id);
Result<MessageId> message_id_from(std::string_view text);

}  // namespace telepost::schema

template <>
struct std::hash<telepost::schema::MessageId> {
  std::size_t operator()(const telepost::schema::MessageId& id) const noexcept {
    return std::hash<std::uint64_t>{}(id.account.value * 0x9e3779b97f4a7c15u ^ id.local.value);
  }
};
