// The keys of schema/relay_settings.h, for schema/configuration_keys.cc.
#pragma once

#include <vector>

#include "schema/setting_binding.h"

namespace telepost::schema {

const std::vector<Binding<RelayRoute>>& relay_route_keys();
std::vector<Binding<Configuration>> relay_keys();

}  // namespace telepost::schema
