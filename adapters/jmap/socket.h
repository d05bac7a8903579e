// JMAP over a WebSocket (RFC 8887): requests, and push.
#pragma once

#include "adapters/jmap/methods.h"
#include "adapters/jmap/service.h"

namespace telepost::adapters::jmap {

Route open_socket;  // GET /jmap/ws

void offer_socket(Methods& methods);

}  // namespace telepost::adapters::jmap
