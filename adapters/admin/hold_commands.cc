// Legal holds: what stays stored whoever deletes it (store/holds.h).
#include "adapters/admin/commands.h"
#include "base/bytes.h"
#include "schema/quantity.h"
#include "store/holds.h"

#include <charconv>

namespace telepost::adapters::admin {
namespace {

using schema::HoldRecord;

Result<std::uint64_t> hold_named(std::string_view text) {
  std::uint64_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (error == std::errc() && end == text.data() + text.size()) return id;
  return {Errc::not_found, "no hold '" + std::string(text.substr(0, 40)) + "'"};
}

Result<schema::Limit> size_named(Arguments& args, std::string_view name) {
  TELEPOST_ASSIGN(const auto text, args.optional_text(name));
  if (!text) return schema::Limit();
  TELEPOST_ASSIGN(const std::uint64_t size, schema::size_from(*text));
  return schema::Limit(size);
}

Result<std::optional<schema::Role>> role_named(Arguments& args) {
  TELEPOST_ASSIGN(const std::string name, args.text_or("role", ""));
  if (name.empty()) return std::optional<schema::Role>();
  using schema::Role;
  for (const Role role : {Role::none, Role::inbox, Role::sent, Role::drafts, Role::trash, Role::junk, Role::archive}) {
    if (schema::name_of(role) == name) return std::optional(role);
  }
  return {Errc::invalid, "role wants inbox, sent, drafts, trash, junk, archive or none"};
}

Result<schema::When> read_when(Arguments& args) {
  schema::When when;
  TELEPOST_ASSIGN(const std::vector<std::string> kinds, args.texts("kinds"));
  for (const std::string& name : kinds) {
    TELEPOST_ASSIGN(const schema::Kind kind, schema::kind_from(name));
    when.kinds = static_cast<std::uint16_t>(when.kinds | 1u << static_cast<unsigned>(kind));
  }
  TELEPOST_ASSIGN(when.role, role_named(args));
  TELEPOST_ASSIGN(when.mailbox, args.text_or("mailbox", ""));
  TELEPOST_ASSIGN(when.sender, args.text_or("sender", ""));
  TELEPOST_ASSIGN(when.larger_bytes, size_named(args, "larger"));
  TELEPOST_ASSIGN(when.smaller_bytes, size_named(args, "smaller"));
  TELEPOST_ASSIGN(when.flag, args.text_or("flag", ""));
  TELEPOST_ASSIGN(when.without_flag, args.text_or("without_flag", ""));
  when.flag = to_lower(when.flag);
  when.without_flag = to_lower(when.without_flag);
  TELEPOST_ASSIGN(when.header, args.text_or("header", ""));
  TELEPOST_ASSIGN(when.matches, args.text_or("matches", ""));
  if (when.header.empty() && !when.matches.empty()) return {Errc::invalid, "matches says what the field has that header names"};
  return when;
}

Json to_json(const store::Hold& hold) {
  const HoldRecord& record = hold.record;
  return {{"id", std::to_string(hold.id)},
          {"state", record.state == HoldRecord::State::active ? "active" : "releasing"},
          {"account", record.account.value == 0 ? "" : schema::to_string(record.account)},
          {"created", to_rfc3339(record.created)},
          {"about", schema::to_string(record)},
          {"reason", record.reason}};
}

// Judged when something is about to go: what the subscriber may change before that does not bind them.
constexpr std::string_view kCanBeDodged =
    "mailbox, role and flags are judged when a message is removed, and its subscriber can change them: what lies elsewhere, or is flagged "
    "otherwise, when it is removed is not held; hold the account, or by sender, kind, size or header";

bool can_be_dodged(const schema::When& when) {
  return !when.mailbox.empty() || when.role || !when.flag.empty() || !when.without_flag.empty();
}

}  // namespace

Result<void> add_hold(store::Store& store, Arguments& args, Exchange& exchange) {
  HoldRecord record;
  TELEPOST_ASSIGN(const auto who, args.optional_text("account"));
  TELEPOST_ASSIGN(const bool everything, args.flag("everything"));
  TELEPOST_ASSIGN(record.reason, args.text("reason"));
  TELEPOST_ASSIGN(record.when, read_when(args));
  TELEPOST_TRY(args.done());
  if (record.reason.empty()) return {Errc::invalid, "a hold wants a reason"};
  const bool is_about_some = who || record.when != schema::When();
  if (everything && is_about_some) return {Errc::invalid, "everything is all messages of all accounts: it goes with no account and no condition"};
  if (!everything && !is_about_some) {
    return {Errc::invalid, "a hold wants an account or what it is about (--sender, --kind …); --everything is a hold on the whole store"};
  }
  if (who) {
    TELEPOST_ASSIGN(record.account, account_named(store, *who));
  }
  TELEPOST_ASSIGN(const std::uint64_t id, store.holds().add(record));
  TELEPOST_ASSIGN(const auto shown, store.holds().show(id));
  Json object = to_json(shown.first);
  if (can_be_dodged(record.when)) {
    object["warning"] = kCanBeDodged;
    TELEPOST_TRY(exchange.notice(kCanBeDodged));
  }
  return exchange.object(object);
}

Result<void> list_holds(store::Store& store, Arguments& args, Exchange& exchange) {
  TELEPOST_TRY(args.done());
  TELEPOST_ASSIGN(const auto holds, store.holds().list());
  for (const store::Hold& hold : holds) TELEPOST_TRY(exchange.object(to_json(hold)));
  return {};
}

Result<void> show_hold(store::Store& store, Arguments& args, Exchange& exchange) {
  TELEPOST_ASSIGN(const std::string name, args.text("id"));
  TELEPOST_TRY(args.done());
  TELEPOST_ASSIGN(const std::uint64_t id, hold_named(name));
  TELEPOST_ASSIGN(const auto shown, store.holds().show(id));
  Json object = to_json(shown.first);
  object["kept_messages"] = shown.second.messages;
  object["kept_accounts"] = shown.second.accounts;
  return exchange.object(object);
}

Result<void> release_hold(store::Store& store, Arguments& args, Exchange& exchange) {
  TELEPOST_ASSIGN(const std::string name, args.text("id"));
  TELEPOST_TRY(args.done());
  TELEPOST_ASSIGN(const std::uint64_t id, hold_named(name));
  TELEPOST_TRY(store.holds().release(id));
  return exchange.object({{"done", "released"}, {"id", name}});
}

}  // namespace telepost::adapters::admin
