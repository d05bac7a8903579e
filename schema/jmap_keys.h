// The keys of schema/jmap_settings.h, for schema/configuration_keys.cc.
#pragma once

#include <vector>

#include "schema/setting_binding.h"

namespace telepost::schema {

std::vector<Binding<Configuration>> jmap_keys();

}  // namespace telepost::schema
