// The keys of [archive].
#pragma once

#include <vector>

#include "schema/setting_binding.h"

namespace telepost::schema {

std::vector<Binding<Configuration>> archive_keys();

}  // namespace telepost::schema
