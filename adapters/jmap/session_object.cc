#include "adapters/jmap/session_object.h"

#include "base/sha256.h"

namespace telepost::adapters::jmap {

Json session_object(const Context& context, const Methods& methods, const Login& login, std::string_view url) {
  const std::string base(url), account = to_id(login.account);
  Json capabilities = Json::object(), of_account = Json::object(), primary = Json::object();
  for (const auto& [urn, capability] : methods.capabilities()) {
    if (!login.scopes.contains(scopes_for(urn))) continue;
    Json& offered = capabilities[std::string(urn)] = capability.of_session(context);
    if (capability.of_url != nullptr) offered.update(capability.of_url(url));
    if (capability.of_account == nullptr) continue;
    of_account[std::string(urn)] = capability.of_account(context);
    primary[std::string(urn)] = account;
  }
  Json session = {{"capabilities", std::move(capabilities)},
                  {"accounts", {{account, {{"name", login.name}, {"isPersonal", true}, {"isReadOnly", false}, {"accountCapabilities", std::move(of_account)}}}}},
                  {"primaryAccounts", std::move(primary)},
                  {"username", login.name},
                  {"apiUrl", base + "/jmap/api"},
                  {"downloadUrl", base + "/jmap/download/{accountId}/{blobId}/{name}?accept={type}"},
                  {"uploadUrl", base + "/jmap/upload/{accountId}/"},
                  {"eventSourceUrl", base + "/jmap/eventsource?types={types}&closeafter={closeafter}&ping={ping}"}};
  session["state"] = to_hex(sha256(to_text(session))).substr(0, 16);
  return session;
}

std::string session_state(const Json& session) { return session.at("state").get<std::string>(); }

std::string SessionStates::of(const Context& context, const Methods& methods, const Login& login, std::string_view url) {
  const std::tuple key(login.account, login.name, login.scopes.bits(), std::string(url));
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = states_.find(key); found != states_.end()) return found->second;
  }
  std::string state = session_state(session_object(context, methods, login, url));
  const std::lock_guard lock(mutex_);
  if (states_.size() >= kMostSessionStates) states_.clear();  // made again as they are asked for
  states_.emplace(key, state);
  return state;
}

}  // namespace telepost::adapters::jmap
