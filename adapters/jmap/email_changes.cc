// Email/changes (RFC 8621 section 4.3), Thread/get and Thread/changes (section 3).
#include <algorithm>
#include <map>
#include <set>

#include "adapters/jmap/changes_codec.h"
#include "adapters/jmap/email.h"
#include "adapters/jmap/message_properties.h"
#include "store/mail_view.h"

namespace telepost::adapters::jmap {
namespace {

constexpr std::size_t kChangesAtOnce = 2'000;

using What = schema::ChangeRecord::What;

// Up to a state that the log tells: `now`, or earlier where it tells more than `most`.
struct Told {
  schema::Modseq now;
  std::vector<ObjectChange> changes;
  std::set<std::string> on_server_only = {};  // of those that went: the ids that clients may keep copies of
};
Result<Told> changes_since(store::Store& store, schema::AccountId account, schema::Modseq since, std::uint64_t most) {
  TELEPOST_ASSIGN(const auto selection, store.reader().select(account, {}));
  if (since > selection.modseq) return {Errc::unsupported, "nobody was given that state yet"};
  Told told{selection.modseq, {}};
  std::map<std::uint64_t, std::size_t> gone;  // by local number: what was brought back after it went is there all the time
  for (schema::Modseq from = since;;) {
    TELEPOST_ASSIGN(const auto page, store.reader().changes(account, from, kChangesAtOnce));
    for (const store::Change& change : page) {
      const bool is_live = change.record.what == What::message;
      if (change.modseq > told.now || (!is_live && change.record.what != What::message_gone)) continue;
      const std::string id = to_id('e', change.record.id);
      if (change.record.reach == schema::Reach::server_only) told.on_server_only.insert(id);
      else told.on_server_only.erase(id);  // by its last change
      const auto before = gone.find(change.record.id);
      ObjectChange one{change.modseq, id, change.record.created, is_live ? ObjectChange::Kind::live : ObjectChange::Kind::gone};
      if (before != gone.end()) {
        one.created = std::min(one.created, told.changes[before->second].created);
        told.changes[before->second] = one;
        continue;
      }
      if (!is_live) gone.emplace(change.record.id, told.changes.size());
      told.changes.push_back(std::move(one));
    }
    if (page.size() < kChangesAtOnce || page.back().modseq >= told.now) return told;
    from = page.back().modseq;
    if (told.changes.size() > most + kChangesAtOnce) {
      told.now = from;  // the rest is of another call
      return told;
    }
  }
}

Json ids_of(const std::vector<schema::ThreadId>& threads) {
  Json ids = Json::array();
  for (const schema::ThreadId thread : threads) ids.push_back(to_id('t', thread.value));
  return ids;
}

}  // namespace

MethodResult email_changes(Call& call) {
  TELEPOST_ASSIGN(const schema::AccountId account, call.account());
  TELEPOST_ASSIGN(const ChangesArguments asked, read_changes(call.arguments));
  TELEPOST_TRY(call.arguments.done());
  const auto since = known_state_from(asked.since_state);
  if (!since) return MethodError{"cannotCalculateChanges", "that is no state of this server"};
  TELEPOST_ASSIGN(Told told, changes_since(call.context.store, account, since->at, asked.max_changes));
  TELEPOST_ASSIGN(const Changes changes, changes_between(*since, told.now, std::move(told.changes), asked.max_changes));
  Json response = to_json(changes, to_id(account));
  if (!call.in_use.contains(kMessage)) return response;
  Json& kept = response["destroyedOnServerOnly"] = Json::array();
  for (const ObjectChange& change : changes.destroyed) {
    if (told.on_server_only.contains(change.id)) kept.push_back(change.id);
  }
  return response;
}

MethodResult get_threads(Call& call) {
  static const Names properties = {"id", "emailIds"};
  TELEPOST_ASSIGN(const schema::AccountId account, call.account());
  TELEPOST_ASSIGN(const GetArguments get, read_get(call.arguments, properties, call.context.settings.max_objects_in_get));
  TELEPOST_TRY(call.arguments.done());
  if (!get.ids) return MethodError{"requestTooLarge", "name the threads"};
  std::vector<schema::ThreadId> threads;
  for (const std::string& id : *get.ids) threads.push_back({number_from('t', id).value_or(0)});
  TELEPOST_ASSIGN(const store::MailView view, call.context.store.view(account));
  TELEPOST_ASSIGN(const auto messages, view.messages_of(threads));
  GetResponse response{to_state(view.modseq())};
  for (std::size_t i = 0; i < threads.size(); ++i) {
    if (!messages[i]) {
      response.not_found.push_back((*get.ids)[i]);
      continue;
    }
    Json json = {{"id", (*get.ids)[i]}};
    Json emails = Json::array();
    for (const schema::LocalId email : *messages[i]) emails.push_back(to_id('e', email.value));
    if (get.wants("emailIds")) json["emailIds"] = std::move(emails);
    response.list.push_back(std::move(json));
  }
  return to_json(std::move(response), to_id(account));
}

MethodResult thread_changes(Call& call) {
  TELEPOST_ASSIGN(const schema::AccountId account, call.account());
  TELEPOST_ASSIGN(const ChangesArguments asked, read_changes(call.arguments));
  TELEPOST_TRY(call.arguments.done());
  const auto since = known_state_from(asked.since_state);
  if (!since) return MethodError{"cannotCalculateChanges", "that is no state of this server"};
  TELEPOST_ASSIGN(const store::MailView view, call.context.store.view(account));
  TELEPOST_ASSIGN(const auto changes, view.thread_changes(since->at, static_cast<std::size_t>(asked.max_changes), since->begun));
  return Json{{"accountId", to_id(account)},
              {"oldState", asked.since_state},
              {"newState", to_state(changes.more ? KnownState(changes.until, since->begun) : KnownState(changes.until))},
              {"hasMoreChanges", changes.more},
              {"created", ids_of(changes.created)},
              {"updated", ids_of(changes.updated)},
              {"destroyed", ids_of(changes.destroyed)}};
}

}  // namespace telepost::adapters::jmap
