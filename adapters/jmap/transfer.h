// Upload and download (RFC 8620 sections 6.1 and 6.2), as routes.
#pragma once

#include <string>
#include <string_view>

#include "adapters/jmap/service.h"

namespace telepost::adapters::jmap {

Route upload, download;

// What a browser may show by itself: it cannot run anything of it (DESIGN section 7).
bool is_shown_inline(std::string_view type);
// The value of Content-Disposition (RFC 6266).
std::string disposition_of(bool is_inline, std::string_view filename);

}  // namespace telepost::adapters::jmap
