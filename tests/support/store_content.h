// What tests put into a store and ask about its content.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "schema/partition.h"
#include "store/deliver.h"
#include "store/store.h"
#include "tests/support/memory_engine.h"

namespace telepost::test {

// Lines of base64 letters from a seed: `size_bytes` of them, line ends counted.
std::string random_lines(std::uint64_t seed, std::size_t size_bytes);
// A small message.
std::string mail(std::string_view subject);
// multipart/mixed: a short text, then an attachment with each of the bodies.
std::string mail_with(std::string_view subject, const std::vector<std::string>& bodies);

// Of a peer on LMTP; recipients by account, each with its first address.
store::Incoming incoming_for(store::Store& store, const std::vector<schema::AccountId>& accounts,
                             store::Incoming::Reply reply = store::Incoming::Reply::one_for_each, std::string delivery_key = "");

// Delivers as an adapter does: 64 KiB at a time. One result for each recipient.
std::vector<Result<store::Delivered>> deliver(store::Store& store, store::Incoming incoming, std::string_view text);

// The sources of every message of an account, INBOX first, by uid. One that cannot be read is "unreadable: …".
std::vector<std::string> sources_of(store::Store& store, schema::AccountId account);
// How many records partitions of the kind hold in a space.
std::size_t records_in(const MemoryEngine& engine, schema::PartitionKind kind, store::Space space);

}  // namespace telepost::test
