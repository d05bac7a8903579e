// Quota (RFC 9425): the limits of an account's class of service, and how far it is from them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/jmap/call.h"
#include "adapters/jmap/changes_codec.h"
#include "adapters/jmap/query_codec.h"
#include "schema/class_settings.h"

namespace telepost::adapters::jmap {

struct AccountQuota {
  std::string id;
  bool is_octets = true;  // else messages are counted
  std::uint64_t used = 0;
  std::string name, description;
  std::uint64_t hard = 0;
  schema::Limit soft = {};  // above it the grace runs
  schema::Limit warn = {};  // above it the subscriber is told, and nothing else happens
};
// Those that have a hard limit, in the order of their ids.
Result<std::vector<AccountQuota>> quotas_of(store::Store& store, schema::AccountId account);

// What is used of each, and a digest of all else: "1f.2-0a1b2c3d".
std::string state_of(const std::vector<AccountQuota>& quotas);
// What was used of each of these at that state. None: other limits held then, or it is no state of ours.
std::optional<std::vector<std::uint64_t>> used_at(std::string_view state, const std::vector<AccountQuota>& quotas);

Method get_quotas, quota_changes, query_quotas, quota_query_changes;

}  // namespace telepost::adapters::jmap
