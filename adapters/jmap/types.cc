#include "adapters/jmap/types.h"

#include "adapters/jmap/address_book.h"
#include "adapters/jmap/email_sort.h"
#include "adapters/jmap/message_properties.h"
#include "adapters/jmap/socket.h"
#include "adapters/jmap/vcard_methods.h"
#include "store/mailboxes.h"
#include "store/message_changer.h"

namespace telepost::adapters::jmap {
namespace {

MethodResult echo(Call& call) { return call.arguments.object(); }  // RFC 8620 section 4

Json core_of(const Context& context) {
  const schema::JmapSettings& limits = context.settings;
  return {{"maxSizeUpload", limits.max_size_upload},
          {"maxConcurrentUpload", limits.max_concurrent_upload},
          {"maxSizeRequest", limits.max_size_request},
          {"maxConcurrentRequests", limits.max_concurrent_requests},
          {"maxCallsInRequest", limits.max_calls_in_request},
          {"maxObjectsInGet", limits.max_objects_in_get},
          {"maxObjectsInSet", limits.max_objects_in_set},
          {"collationAlgorithms", {"i;ascii-casemap", "i;octet", "i;unicode-casemap"}}};
}

Json mail_of(const Context& context) {
  return {{"maxMailboxesPerEmail", store::kMaxPlacements},
          {"maxMailboxDepth", store::kMaxMailboxDepth},
          {"maxSizeMailboxName", store::kMaxMailboxNameBytes},
          {"maxSizeAttachmentsPerEmail", context.settings.max_size_upload},
          {"emailQuerySortOptions", EmailSort::properties()},
          {"mayCreateTopLevelMailbox", true}};
}

}  // namespace

void add_core(Methods& methods) {
  methods.offer({kCore, core_of});
  methods.add("Core/echo", kCore, echo);
}

void offer_mail(Methods& methods) {
  methods.offer({kMail, no_members, mail_of});
  for (const std::string_view type : {"Email", "Mailbox", "Thread"}) methods.add_modseq_type(type);
}

Methods all_methods() {
  Methods methods;
  add_core(methods);
  add_blobs(methods);
  add_blob_management(methods);
  add_quotas(methods);
  add_mailboxes(methods);
  add_emails(methods);
  add_submissions(methods);
  add_vacation_response(methods);
  add_rules(methods);
  add_contacts(methods);
  add_vcards(methods);
  offer_mail(methods);
  offer_message(methods);
  offer_socket(methods);
  return methods;
}

}  // namespace telepost::adapters::jmap
