// The keys of schema/visit_settings.h, for schema/configuration_keys.cc.
#pragma once

#include <vector>

#include "schema/setting_binding.h"

namespace telepost::schema {

std::vector<Binding<Configuration>> visit_keys();

}  // namespace telepost::schema
