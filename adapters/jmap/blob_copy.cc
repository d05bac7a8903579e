// Blob/copy (RFC 8620 section 6.3). Nobody reads another's account yet: what is in the account itself is there already.
#include "adapters/jmap/blob.h"
#include "adapters/jmap/call.h"
#include "adapters/jmap/types.h"

namespace telepost::adapters::jmap {
namespace {

MethodResult copy_blobs(Call& call) {
  TELEPOST_ASSIGN(const std::string from, call.arguments.id("fromAccountId"));
  TELEPOST_ASSIGN(const schema::AccountId account, call.account());
  TELEPOST_ASSIGN(const auto ids, call.arguments.ids_or_null("blobIds", Arguments::References::taken));
  TELEPOST_TRY(call.arguments.done());
  if (!ids) return MethodError{"invalidArguments", "blobIds wants a list of ids"};
  if (ids->size() > call.context.settings.max_objects_in_set) return MethodError{"requestTooLarge", "more blobs than maxObjectsInSet"};
  if (from != to_id(account)) return MethodError{"fromAccountNotFound"};
  Json copied = Json::object(), not_copied = Json::object();
  for (const std::string& id : *ids) {
    TELEPOST_ASSIGN(const auto found, find_blob(call, account, id, store::Purpose::store));
    if (found) copied[id] = to_id(found->id);
    else not_copied[id] = to_json(SetError{"notFound"});
  }
  const auto or_null = [](Json object) { return object.empty() ? Json(nullptr) : object; };
  return Json{{"fromAccountId", from}, {"accountId", to_id(account)}, {"copied", or_null(std::move(copied))}, {"notCopied", or_null(std::move(not_copied))}};
}

}  // namespace

void add_blobs(Methods& methods) { methods.add("Blob/copy", kCore, copy_blobs); }

}  // namespace telepost::adapters::jmap
