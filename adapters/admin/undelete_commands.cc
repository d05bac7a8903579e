// Deleted messages, and the way back.
#include <deque>

#include "adapters/admin/commands.h"
#include "adapters/admin/rendering.h"
#include "store/undelete.h"

namespace telepost::adapters::admin {
namespace {

using store::Undelete;

constexpr std::uint64_t kListedByDefault = 50;

Json line_of(const Undelete::Deleted& deleted) {
  std::string paths;
  for (const auto& place : deleted.kept.places) paths += (paths.empty() ? "" : ", ") + place.path;
  Json object = to_json(deleted.id.account, paths, {{}, deleted.kept.summary});
  object.erase("uid");
  object["deleted"] = to_rfc3339(deleted.kept.departed.time);
  object["reason"] = schema::name_of(deleted.kept.departed.reason);
  object["purge"] = deleted.purge ? to_rfc3339(*deleted.purge) : "held";
  return object;
}

Json line_of(const Undelete::Restored& restored) {
  return {{"id", to_string(restored.id)}, {"mailboxes", restored.paths}, {"restored", true}};
}

}  // namespace

// The last of those that left, in the order in which they left.
Result<void> list_deleted(store::Store& store, Arguments& args, Exchange& exchange) {
  TELEPOST_ASSIGN(const std::string who, args.text("account"));
  TELEPOST_ASSIGN(const std::optional<Time> since, args.optional_time("since"));
  TELEPOST_ASSIGN(const std::uint64_t limit, args.number_or("limit", kListedByDefault));
  TELEPOST_TRY(args.done());
  TELEPOST_ASSIGN(const schema::AccountId account, account_named(store, who));
  std::deque<Json> lines;
  TELEPOST_TRY(store.undelete().list(account, since.value_or(Time{}), [&](const Undelete::Deleted& deleted) {
    lines.push_back(line_of(deleted));
    if (limit != 0 && lines.size() > limit) lines.pop_front();
    return true;
  }));
  for (const Json& line : lines) TELEPOST_TRY(exchange.object(line));
  return {};
}

Result<void> undelete_messages(store::Store& store, Arguments& args, Exchange& exchange) {
  TELEPOST_ASSIGN(const std::vector<std::string> ids, args.texts("ids"));
  TELEPOST_ASSIGN(const std::optional<std::string> who, args.optional_text("account"));
  TELEPOST_ASSIGN(const std::optional<Time> since, args.optional_time("since"));
  TELEPOST_TRY(args.done());
  const bool is_since = who && since && ids.empty();
  const bool is_by_id = !who && !since && !ids.empty();
  if (!is_since && !is_by_id) return {Errc::invalid, "say which messages: their ids, or --account and --since"};
  for (const std::string& text : ids) {
    TELEPOST_ASSIGN(const schema::MessageId id, message_named(text));
    TELEPOST_ASSIGN(const Undelete::Restored restored, store.undelete().restore(id));
    TELEPOST_TRY(exchange.object(line_of(restored)));
  }
  if (!is_since) return {};
  TELEPOST_ASSIGN(const schema::AccountId account, account_named(store, *who));
  Result<void> sent;
  TELEPOST_TRY(store.undelete().restore_since(account, *since, [&](const Undelete::Restored& restored) {
    sent = exchange.object(line_of(restored));
    return sent.ok();
  }));
  return sent;
}

}  // namespace telepost::adapters::admin
