// The types and their methods, each of which adds its own to the table (adapters/jmap/methods.h).
#pragma once

#include "adapters/jmap/methods.h"

namespace telepost::adapters::jmap {

void add_core(Methods& methods);       // and offers it
void add_blobs(Methods& methods);
void add_blob_management(Methods& methods);  // and offers it
void add_quotas(Methods& methods);           // and offers it
void add_push_subscriptions(Methods& methods);  // and offers VAPID; for a context that has its `push`
void add_submissions(Methods& methods);      // with identities; and offers them
void add_vacation_response(Methods& methods);  // and offers it
void add_rules(Methods& methods);              // and offers it
void add_mailboxes(Methods& methods);
void add_emails(Methods& methods);     // with threads and search snippets
// urn:ietf:params:jmap:mail (RFC 8621 section 1.3.1), once all of its types are there.
void offer_mail(Methods& methods);

}  // namespace telepost::adapters::jmap
