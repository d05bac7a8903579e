// The one table of configuration keys: what each is called, what it takes, and where it goes.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "schema/configuration.h"
#include "schema/setting.h"

namespace telepost::schema {

// Puts every setting of the tree into the configuration. invalid, with the setting's place, for an unknown
// key, a wrong type or a bad value.
Result<void> apply_settings(const Setting& root, Configuration& configuration);

}  // namespace telepost::schema
