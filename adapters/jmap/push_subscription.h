// PushSubscription (RFC 8620 section 7.2): where a device wants to be pushed to. Of the log-in, not of an account.
#pragma once

#include "adapters/jmap/call.h"

namespace telepost::adapters::jmap {

// Precondition: the context has its `push`.
Method get_push_subscriptions, set_push_subscriptions;

}  // namespace telepost::adapters::jmap
