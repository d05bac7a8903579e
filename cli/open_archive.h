// The second place for sources, as the configuration names it.
#pragma once

#include <memory>

#include "base/clock.h"
#include "base/result.h"
#include "schema/configuration.h"
#include "store/archive/archive.h"

namespace telepost::cli {

// Null: none is configured. Asks the place nothing: it may be away. Clock must outlive the result. Errors: invalid (the configuration
// lacks something), not_found (the file of the secret).
Result<std::unique_ptr<store::Archive>> open_archive(const schema::Configuration& configuration, const Clock& clock);

}  // namespace telepost::cli
