// The keys of schema/oauth_clients.h, for schema/configuration_keys.cc.
#pragma once

#include <vector>

#include "schema/oauth_clients.h"
#include "schema/setting_binding.h"

namespace telepost::schema {

const std::vector<Binding<OauthClient>>& oauth_client_keys();
Result<void> read_oauth_clients(const Keyed& from, OauthClients& into);

}  // namespace telepost::schema
