// Quota (RFC 9425): what the account's class of service allows it, and how much of it is used.
#include "adapters/jmap/quota.h"

#include <algorithm>
#include <charconv>

#include "adapters/jmap/get_codec.h"
#include "adapters/jmap/types.h"
#include "base/bytes.h"
#include "base/sha256.h"
#include "policies/quota.h"
#include "store/account_policy.h"

namespace telepost::adapters::jmap {
namespace {

constexpr std::uint64_t kOfKind = 16;  // ids of a kind's quotas begin behind it
constexpr std::size_t kLimitsLetters = 8;

// A limit that is passed for a while is the soft one; one that is only told of is the one to warn at (section 4.1).
void add_quota(std::vector<AccountQuota>& quotas, AccountQuota quota, const schema::Limit& hard, const schema::Limit& soft, bool has_grace) {
  if (!hard) return;
  quota.hard = *hard;
  (has_grace ? quota.soft : quota.warn) = soft;
  quotas.push_back(std::move(quota));
}

const Names& quota_properties() {
  static const Names names = {"id", "resourceType", "used", "hardLimit", "scope", "name", "types", "warnLimit", "softLimit", "description"};
  return names;
}

Json or_null(const schema::Limit& limit) { return limit ? Json(*limit) : Json(nullptr); }

Json to_json(const AccountQuota& quota) {
  return {{"id", quota.id},
          {"resourceType", quota.is_octets ? "octets" : "count"},
          {"used", quota.used},
          {"hardLimit", quota.hard},
          {"scope", "account"},
          {"name", quota.name},
          {"types", {"Email"}},
          {"warnLimit", or_null(quota.warn)},
          {"softLimit", or_null(quota.soft)},
          {"description", quota.description}};
}

// What changes in them without anything being stored or removed.
std::string limits_of(const std::vector<AccountQuota>& quotas) {
  Json limits = Json::array();
  for (const AccountQuota& quota : quotas) {
    limits.push_back(to_json(quota));
    limits.back().erase("used");
  }
  return to_hex(sha256(to_text(limits))).substr(0, kLimitsLetters);
}

std::optional<std::vector<std::uint64_t>> numbers_in(std::string_view text) {
  std::vector<std::uint64_t> numbers;
  while (!text.empty()) {
    const std::string_view digits = text.substr(0, text.find('.'));
    std::uint64_t number = 0;
    const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), number, 16);
    if (failure != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
    numbers.push_back(number);
    text.remove_prefix(std::min(digits.size() + 1, text.size()));
  }
  return numbers;
}

std::optional<MethodError> fault_of_quota(const Json& condition) {
  for (const auto& [name, value] : condition.items()) {
    if (name != "name" && name != "scope" && name != "resourceType" && name != "type") {
      return MethodError{"unsupportedFilter", "there is no condition '" + name.substr(0, 80) + "'"};
    }
    if (!value.is_string()) return MethodError{"invalidArguments", "filter/" + name + " wants a text"};
  }
  return std::nullopt;
}

std::optional<MethodError> fault_of_quota(const Comparator& comparator) {
  if (comparator.property != "name" && comparator.property != "used") {
    return MethodError{"unsupportedSort", "quotas are not sorted by '" + comparator.property.substr(0, 80) + "'"};
  }
  if (!comparator.collation || *comparator.collation == "i;ascii-casemap" || *comparator.collation == "i;octet") return std::nullopt;
  return MethodError{"unsupportedSort", "there is no collation '" + comparator.collation->substr(0, 80) + "'"};
}

bool quota_matches(const AccountQuota& quota, const Json& condition) {
  for (const auto& [name, value] : condition.items()) {
    const auto& wanted = value.get_ref<const std::string&>();
    const bool holds = name == "name"           ? to_lower(quota.name).find(to_lower(wanted)) != std::string::npos
                       : name == "scope"        ? wanted == "account"
                       : name == "resourceType" ? wanted == (quota.is_octets ? "octets" : "count")
                                                : wanted == "Email";
    if (!holds) return false;
  }
  return true;
}

bool quota_is_before(const AccountQuota& a, const AccountQuota& b, const std::vector<Comparator>& sort) {
  for (const Comparator& comparator : sort) {
    const bool is_exact = comparator.collation == "i;octet";
    std::strong_ordering order = a.used <=> b.used;
    if (comparator.property == "name") order = is_exact ? a.name <=> b.name : to_lower(a.name) <=> to_lower(b.name);
    if (order != 0) return (order < 0) == comparator.is_ascending;
  }
  return a.id < b.id;
}

struct QuotaQuery {
  std::vector<AccountQuota> all;
  std::vector<std::string> result;
};
std::variant<QuotaQuery, MethodError> run_query(Call& call, schema::AccountId account, const Filter& filter, const std::vector<Comparator>& sort) {
  if (const Result<void> done = call.arguments.done(); !done.ok()) return method_error_of(done.error());
  const auto fault_in = [](const auto& asked) { return fault_of_quota(asked); };
  if (auto fault = fault_of_query(filter, sort, fault_in, fault_in)) return *std::move(fault);
  auto quotas = quotas_of(call.context.store, account);
  if (!quotas.ok()) return method_error_of(quotas.error());
  QuotaQuery query{*std::move(quotas), {}};
  std::vector<AccountQuota> found;
  for (const AccountQuota& quota : query.all) {
    if (filter.holds([&](const Json& condition) { return quota_matches(quota, condition); })) found.push_back(quota);
  }
  std::sort(found.begin(), found.end(), [&](const AccountQuota& a, const AccountQuota& b) { return quota_is_before(a, b, sort); });
  for (const AccountQuota& quota : found) query.result.push_back(quota.id);
  return query;
}

}  // namespace

Result<std::vector<AccountQuota>> quotas_of(store::Store& store, schema::AccountId account) {
  TELEPOST_ASSIGN(const store::AccountPolicy policy, store::explain(store, account));
  TELEPOST_ASSIGN(const store::Account profile, store.accounts().show(account));
  const schema::ClassSettings& settings = policy.service->settings;
  const schema::Quota& quota = settings.quota;
  const schema::Usage used = policies::total_of(profile.head);
  std::vector<AccountQuota> quotas;
  const bool has_grace = quota.grace.has_value();
  add_quota(quotas, {to_id('q', 1), true, used.bytes, "Storage", "All messages of the account"}, quota.bytes, policies::soft_bytes(quota), has_grace);
  add_quota(quotas, {to_id('q', 2), false, used.messages, "Messages", "All messages of the account"}, quota.messages, policies::soft_messages(quota), has_grace);
  for (std::size_t kind = 1; kind <= settings.kinds.size(); ++kind) {
    const schema::KindSettings& rule = settings.kinds[kind - 1];
    const schema::Usage& of_kind = profile.head.usage[kind];
    const std::string name(schema::name_of(static_cast<schema::Kind>(kind)));
    add_quota(quotas, {to_id('q', kOfKind + 2 * kind), true, of_kind.bytes, "Storage: " + name, "Messages of the kind " + name}, rule.quota_bytes, {}, false);
    add_quota(quotas, {to_id('q', kOfKind + 2 * kind + 1), false, of_kind.messages, "Messages: " + name, "Messages of the kind " + name}, rule.quota_messages, {}, false);
  }
  return quotas;
}

std::string state_of(const std::vector<AccountQuota>& quotas) {
  std::string state;
  for (const AccountQuota& quota : quotas) {
    char digits[16];
    state.append(state.empty() ? "" : ".").append(digits, std::to_chars(digits, digits + sizeof digits, quota.used, 16).ptr);
  }
  return state + "-" + limits_of(quotas);
}

std::optional<std::vector<std::uint64_t>> used_at(std::string_view state, const std::vector<AccountQuota>& quotas) {
  const std::size_t dash = state.find('-');
  if (dash == std::string_view::npos || state.substr(dash + 1) != limits_of(quotas)) return std::nullopt;
  auto used = numbers_in(state.substr(0, dash));
  return used && used->size() == quotas.size() ? used : std::nullopt;
}

MethodResult get_quotas(Call& call) {
  TELEPOST_ASSIGN(const schema::AccountId account, call.account());
  TELEPOST_ASSIGN(const GetArguments get, read_get(call.arguments, quota_properties(), call.context.settings.max_objects_in_get));
  TELEPOST_TRY(call.arguments.done());
  TELEPOST_ASSIGN(const std::vector<AccountQuota> quotas, quotas_of(call.context.store, account));
  const auto find = [&](const std::string& id) {
    const auto found = std::find_if(quotas.begin(), quotas.end(), [&](const AccountQuota& quota) { return quota.id == id; });
    return found == quotas.end() ? nullptr : &*found;
  };
  const auto json_of = [](const AccountQuota& quota) { return to_json(quota); };
  return to_json(answer_get(get, state_of(quotas), quotas, find, json_of), to_id(account));
}

// A state is what was used of each, so that any two states can be compared, and one between them made.
MethodResult quota_changes(Call& call) {
  TELEPOST_ASSIGN(const schema::AccountId account, call.account());
  TELEPOST_ASSIGN(const ChangesArguments asked, read_changes(call.arguments));
  TELEPOST_TRY(call.arguments.done());
  TELEPOST_ASSIGN(std::vector<AccountQuota> quotas, quotas_of(call.context.store, account));
  const auto before = used_at(asked.since_state, quotas);
  if (!before) return MethodError{"cannotCalculateChanges", "other limits hold now"};
  Json updated = Json::array();
  bool has_more = false;
  for (std::size_t i = 0; i < quotas.size(); ++i) {
    if (quotas[i].used == (*before)[i]) continue;
    if (updated.size() == asked.max_changes) {
      has_more = true;
      quotas[i].used = (*before)[i];
      continue;
    }
    updated.push_back(quotas[i].id);
  }
  return Json{{"accountId", to_id(account)},
              {"oldState", asked.since_state},
              {"newState", state_of(quotas)},
              {"hasMoreChanges", has_more},
              {"created", Json::array()},
              {"updatedProperties", updated.empty() ? Json(nullptr) : Json{"used"}},
              {"updated", std::move(updated)},
              {"destroyed", Json::array()}};
}

MethodResult query_quotas(Call& call) {
  TELEPOST_ASSIGN(const schema::AccountId account, call.account());
  TELEPOST_ASSIGN(const QueryArguments asked, read_query(call.arguments));
  const auto run = run_query(call, account, asked.filter, asked.sort);
  if (const auto* const error = std::get_if<MethodError>(&run)) return *error;
  const auto& query = std::get<QuotaQuery>(run);
  return answer_query(asked, query.result, state_of(query.all), query.result.size(), to_id(account));
}

MethodResult quota_query_changes(Call& call) {
  TELEPOST_ASSIGN(const schema::AccountId account, call.account());
  TELEPOST_ASSIGN(const QueryChangesArguments asked, read_query_changes(call.arguments));
  const auto run = run_query(call, account, asked.filter, asked.sort);
  if (const auto* const error = std::get_if<MethodError>(&run)) return *error;
  const auto& query = std::get<QuotaQuery>(run);
  const auto before = used_at(asked.since_query_state, query.all);
  if (!before) return MethodError{"cannotCalculateChanges", "other limits hold now"};
  const bool moves = std::any_of(asked.sort.begin(), asked.sort.end(), [](const Comparator& one) { return one.property == "used"; });
  std::vector<std::string> removed;
  for (std::size_t i = 0; moves && i < query.all.size(); ++i) {
    if (query.all[i].used != (*before)[i]) removed.push_back(query.all[i].id);
  }
  const std::set<std::string> moved(removed.begin(), removed.end());
  return answer_query_changes(asked, query.result, state_of(query.all), std::move(removed), moved, to_id(account));
}

void add_quotas(Methods& methods) {
  methods.offer({kQuota, no_members, no_members});
  methods.add(kQuota, {{"Quota/get", get_quotas},
                       {"Quota/changes", quota_changes},
                       {"Quota/query", query_quotas},
                       {"Quota/queryChanges", quota_query_changes}});
}

}  // namespace telepost::adapters::jmap
