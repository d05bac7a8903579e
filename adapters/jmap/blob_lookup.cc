// Blob/lookup (RFC 9404 section 4.3): which objects hold a blob. The id of a blob says of which message it is.
#include <algorithm>

#include "adapters/jmap/blob.h"
#include "adapters/jmap/blob_digest.h"
#include "adapters/jmap/blob_management.h"
#include "adapters/jmap/get_codec.h"
#include "adapters/jmap/types.h"
#include "store/mail_view.h"

namespace telepost::adapters::jmap {
namespace {

const Names& lookup_types() {
  static const Names names = {"Mailbox", "Thread", "Email"};
  return names;
}

// A blob that is there, of a message; else of an upload, which nothing holds.
struct FoundBlob {
  std::string name;  // as it was asked for
  std::optional<schema::LocalId> message;
};

// Finds the blobs; the others go to not_found.
Result<std::vector<FoundBlob>> find_blobs(Call& call, schema::AccountId account, const std::vector<std::string>& ids, Json& not_found) {
  std::vector<FoundBlob> found;
  for (const std::string& id : ids) {
    TELEPOST_ASSIGN(const auto blob, find_blob(call, account, id, store::Purpose::store));
    if (!blob) not_found.push_back(id);
    else if (blob->id.of != BlobId::Of::message) found.push_back({to_id(blob->id), std::nullopt});
    else found.push_back({to_id(blob->id), schema::LocalId{blob->id.number}});
  }
  return found;
}

Json matches_of(const Names& types, const std::optional<store::MessageReader::Selected>& message, schema::LocalId local,
                const std::optional<schema::ThreadId>& thread) {
  Json matched = Json::object();
  for (const std::string& type : types) matched[type] = Json::array();
  if (!message) return matched;
  if (types.contains("Email")) matched["Email"].push_back(to_id('e', local.value));
  if (types.contains("Thread") && thread) matched["Thread"].push_back(to_id('t', thread->value));
  std::set<std::string> mailboxes;
  for (const schema::Placement& placement : message->record.placements) mailboxes.insert(to_id(placement.mailbox));
  if (types.contains("Mailbox")) matched["Mailbox"] = mailboxes;
  return matched;
}

Json blob_capability(const Context& context) {
  return {{"maxSizeBlobSet", context.settings.max_size_upload},
          {"maxDataSources", kMaxDataSources},
          {"supportedTypeNames", lookup_types()},
          {"supportedDigestAlgorithms", digest_algorithms()}};
}

}  // namespace

MethodResult lookup_blobs(Call& call) {
  TELEPOST_ASSIGN(const schema::AccountId account, call.account());
  TELEPOST_ASSIGN(const auto type_names, call.arguments.texts_or_null("typeNames"));
  TELEPOST_ASSIGN(const auto ids, call.arguments.ids_or_null("ids", Arguments::References::taken));
  TELEPOST_TRY(call.arguments.done());
  if (!type_names || !ids) return MethodError{"invalidArguments", "typeNames and ids want lists"};
  if (ids->size() > call.context.settings.max_objects_in_get) return MethodError{"requestTooLarge", "more blobs than maxObjectsInGet"};
  const Names types(type_names->begin(), type_names->end());
  for (const std::string& type : types) {
    if (!lookup_types().contains(type)) return MethodError{"unknownDataType", "there is no lookup for '" + type.substr(0, 80) + "'"};
  }
  Json list = Json::array(), not_found = Json::array();
  TELEPOST_ASSIGN(const std::vector<FoundBlob> found, find_blobs(call, account, *ids, not_found));
  std::vector<schema::LocalId> locals;
  for (const FoundBlob& blob : found) locals.push_back(blob.message.value_or(schema::LocalId{}));
  TELEPOST_ASSIGN(const store::MailView view, call.context.store.view(account));
  TELEPOST_ASSIGN(const auto threads, view.threads_of(locals));
  TELEPOST_ASSIGN(const auto selection, call.context.store.reader().select(account, locals));
  for (std::size_t i = 0; i < found.size(); ++i) {
    list.push_back({{"id", found[i].name}, {"matchedIds", matches_of(types, selection.messages[i], locals[i], threads[i])}});
  }
  return Json{{"accountId", to_id(account)}, {"list", std::move(list)}, {"notFound", std::move(not_found)}};
}

void add_blob_management(Methods& methods) {
  methods.offer({kBlob, no_members, blob_capability});
  methods.add(kBlob, {{"Blob/upload", upload_blobs}, {"Blob/get", get_blobs}, {"Blob/lookup", lookup_blobs}});
}

}  // namespace telepost::adapters::jmap
