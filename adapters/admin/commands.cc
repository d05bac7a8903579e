#include "adapters/admin/commands.h"

namespace telepost::adapters::admin {
namespace {

struct NamedVerb {
  std::string_view name;
  Verb* run;
};

constexpr NamedVerb kVerbs[] = {
    {"account.create", create_account},     {"account.show", show_account},
    {"account.list", list_accounts},        {"account.alias.add", add_alias},
    {"account.alias.remove", remove_alias}, {"account.password", set_password},
    {"account.state", set_account_state},   {"account.class", set_class},
    {"account.delete", delete_account},     {"mailbox.list", list_mailboxes},
    {"mailbox.create", create_mailbox},     {"mailbox.rename", rename_mailbox},
    {"mailbox.delete", delete_mailbox},     {"message.list", list_messages},
    {"message.show", show_message},         {"message.export", export_message},
    {"message.import", import_message},     {"message.deliver", deliver_message},
    {"message.send", send_message},
    {"message.delete", delete_message},     {"message.move", move_message},
    {"message.copy", copy_message},         {"message.flag", flag_message},
    {"account.reindex", reindex_account},
    {"account.app-password.add", add_app_password},
    {"account.app-password.list", list_app_passwords},
    {"account.app-password.revoke", revoke_app_password},
    {"account.second-factor.enrol", enrol_second_factor},
    {"account.second-factor.confirm", confirm_second_factor},
    {"account.second-factor.renew", renew_recovery_codes},
    {"account.second-factor.show", show_second_factor},
    {"account.second-factor.remove", remove_second_factor},
    {"account.session.list", list_sessions},
    {"account.session.revoke", revoke_session},
    {"policy.explain", explain_policy},
    {"account.policy.set", set_account_policy},
    {"account.policy.show", show_account_policy},
    {"account.quota", show_quota},
    {"queue.list", list_queue},             {"queue.show", show_queue},
    {"queue.hold", hold_queue},             {"queue.release", release_queue},
    {"queue.retry", retry_queue},           {"queue.delete", delete_queue},
    {"store.verify", verify_store},         {"store.sweep", sweep_store},
    {"store.inspect", inspect_store},       {"cdr.export", export_cdrs},
    {"audit.list", list_audit},             {"message.undelete", undelete_messages},
    {"message.deleted", list_deleted},
    {"hold.add", add_hold},                 {"hold.list", list_holds},
    {"hold.show", show_hold},               {"hold.release", release_hold},
    {"visit.list", list_visits},            {"visit.online", list_online},
    {"visit.failures", list_failures},      {"visit.export", export_visits},
    {"clock.show", show_clock},             {"clock.accept", accept_clock},
};

}  // namespace

Result<void> run_verb(store::Store& store, const Request& request, Exchange& exchange) {
  for (const NamedVerb& verb : kVerbs) {
    if (verb.name != request.verb) continue;
    Arguments args(request.args);
    return verb.run(store, args, exchange);
  }
  return {Errc::unsupported, "no verb " + request.verb + "; is the server of another version?"};
}

Result<schema::AccountId> account_named(store::Store& store, std::string_view who) {
  auto found = store.accounts().find(who);
  if (found.ok() || found.error().kind != Errc::invalid) return found;
  return {Errc::not_found, found.error().detail};
}

Result<schema::AccountId> account_ever_named(store::Store& store, std::string_view who) {
  const auto id = schema::account_id_from(who);
  return id.ok() ? id : account_named(store, who);
}

Result<schema::MessageId> message_named(std::string_view id) {
  auto parsed = schema::message_id_from(id);
  if (parsed.ok()) return parsed;
  return {Errc::not_found, "no message '" + std::string(id) + "': " + parsed.error().detail};
}

}  // namespace telepost::adapters::admin
