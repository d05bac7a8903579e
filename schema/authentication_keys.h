// The keys of schema/authentication_settings.h, for schema/configuration_keys.cc.
#pragma once

#include <vector>

#include "schema/setting_binding.h"

namespace telepost::schema {

const std::vector<Binding<DkimKey>>& dkim_keys();
std::vector<Binding<Configuration>> authentication_keys();

}  // namespace telepost::schema
