// Upload and download (RFC 8620 sections 6.1 and 6.2), as routes.
#pragma once

#include "adapters/jmap/service.h"

namespace telepost::adapters::jmap {

Route upload, download;

}  // namespace telepost::adapters::jmap
