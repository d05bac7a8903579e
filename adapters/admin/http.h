// What Telepost shows on admin.listen, for monitoring and load balancers: /metrics (Prometheus text 0.0.4), /healthz (the process
// answers) and /readyz (deliveries are taken; 503 with the reason while they are not). Nothing of a subscriber is shown.
#pragma once

#include <functional>
#include <memory>

#include "adapters/net/http_server.h"
#include "base/result.h"

namespace telepost::adapters::admin {

// Ok, or why not; asked at each /readyz on a session's thread: must not block.
using Readiness = std::function<Result<void>()>;

// The answer to one request; the routes without their socket.
net::HttpReply answer(const net::HttpRequest& request, const Readiness& readiness);

// visits: of its connections; null: none is logged.
Result<std::unique_ptr<net::HttpServer>> start_http(net::IoThreads& threads, schema::Endpoints listen, const Clock& clock,
                                                    Readiness readiness, store::VisitLog* visits);

}  // namespace telepost::adapters::admin
