// What ties a message to others: the message ids that it names (RFC 8621 section 3, without subjects), or, for what has no such ids,
// who is at the other side.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "schema/message.h"
#include "schema/message_records.h"

namespace telepost::store {

// Both are the first 8 bytes of a SHA-256: to lead somebody into a thread it takes its message id in any case.
struct ThreadTies {
  std::uint64_t partner = 0;       // SMS and MMS, voice and video, fax: the other side, by these groups; 0: there is none
  std::vector<std::uint64_t> ids;  // else: its own Message-ID first, then those it refers to, each once; at most kMaxTies
};
inline constexpr std::size_t kMaxTies = 26;

// `own`: the account's addresses, canonical. Of a long References the first and the last ids count.
ThreadTies ties_of(const schema::Document& document, const schema::Summary& summary, const std::vector<std::string>& own);

}  // namespace telepost::store
