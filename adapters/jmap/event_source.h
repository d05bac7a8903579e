// Push by server-sent events (RFC 8620 section 7.3).
#pragma once

#include "adapters/jmap/service.h"

namespace telepost::adapters::jmap {

Route event_source;  // GET /jmap/eventsource

}  // namespace telepost::adapters::jmap
