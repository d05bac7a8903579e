#include "adapters/jmap/mailbox.h"

#include <algorithm>

#include "adapters/jmap/changes_codec.h"
#include "adapters/jmap/types.h"

namespace telepost::adapters::jmap {
namespace {

const char* const kCounts[] = {"totalEmails", "unreadEmails", "totalThreads", "unreadThreads"};

// RFC 8621 section 2: one's own mailboxes, but INBOX stays what it is.
Json rights_on(const schema::MailboxRecord& mailbox) {
  const bool is_free = mailbox.id != store::kInbox;
  return {{"mayReadItems", true},   {"mayAddItems", true},    {"mayRemoveItems", true}, {"maySetSeen", true}, {"maySetKeywords", true},
          {"mayCreateChild", true}, {"mayRename", is_free},   {"mayDelete", is_free},   {"maySubmit", true}};
}

// Those of the ids that are there, in their order; the others go to not_found.
std::vector<const schema::MailboxRecord*> select(const GetArguments& get, const store::MailboxTree& tree, std::vector<std::string>& not_found) {
  std::vector<const schema::MailboxRecord*> selected;
  std::map<std::string, const schema::MailboxRecord*> by_id;
  for (const store::MailboxInTree& mailbox : tree.mailboxes) {
    if (get.ids) by_id.emplace(to_id(mailbox.record.id), &mailbox.record);
    else selected.push_back(&mailbox.record);
  }
  if (!get.ids) return selected;
  for (const std::string& id : *get.ids) {
    const auto found = by_id.find(id);
    if (found != by_id.end()) selected.push_back(found->second);
    else not_found.push_back(id);
  }
  return selected;
}

// One for each of them, or none at all where nobody wants them.
Result<std::vector<ThreadCount>> threads_wanted(Call& call, schema::AccountId account, const GetArguments& get,
                                                const std::vector<const schema::MailboxRecord*>& mailboxes) {
  if (!get.wants("totalThreads") && !get.wants("unreadThreads")) return std::vector<ThreadCount>();
  std::vector<schema::MailboxId> ids;
  for (const schema::MailboxRecord* mailbox : mailboxes) ids.push_back(mailbox->id);
  return count_threads(call.context.store, account, ids);
}

// When each changed last, as clients see it, no later than `now`: what changed behind it is told once more with the next state.
Result<std::vector<schema::Modseq>> last_changes(store::Store& store, schema::AccountId account, const store::MailboxTree& tree) {
  std::vector<schema::MailboxId> ids;
  for (const store::MailboxInTree& mailbox : tree.mailboxes) ids.push_back(mailbox.record.id);
  TELEPOST_ASSIGN(const auto threads, count_threads(store, account, ids));
  std::vector<schema::Modseq> last;
  for (std::size_t i = 0; i < ids.size(); ++i) last.push_back(std::min(std::max(tree.mailboxes[i].record.modseq, threads[i].modseq), tree.modseq));
  return last;
}

}  // namespace

// One that went since its caller saw it has no threads.
Result<std::vector<ThreadCount>> count_threads(store::Store& store, schema::AccountId account, const std::vector<schema::MailboxId>& mailboxes) {
  TELEPOST_ASSIGN(const store::MailView view, store.view(account));
  std::vector<ThreadCount> counts;
  for (const schema::MailboxId mailbox : mailboxes) {
    const Result<ThreadCount> count = view.thread_counts(mailbox);
    if (!count.ok() && count.error().kind != Errc::not_found) return count.error();
    counts.push_back(count.ok() ? *count : ThreadCount{});
  }
  return counts;
}

const Names& mailbox_properties() {
  static const Names names = {"id",           "name",         "parentId",      "role",     "sortOrder",   "totalEmails",
                              "unreadEmails", "totalThreads", "unreadThreads", "myRights", "isSubscribed"};
  return names;
}

Json to_json(schema::Role role) { return role == schema::Role::none ? Json(nullptr) : Json(schema::name_of(role)); }

std::optional<schema::Role> role_from(std::string_view name) {
  using schema::Role;
  for (const Role role : {Role::inbox, Role::sent, Role::drafts, Role::trash, Role::junk, Role::archive}) {
    if (schema::name_of(role) == name) return role;
  }
  return std::nullopt;
}

std::uint32_t unread_of(const schema::MailboxRecord& mailbox) { return mailbox.unseen - std::min(mailbox.unseen, mailbox.unseen_drafts); }

Json to_json(const schema::MailboxRecord& mailbox, const std::optional<ThreadCount>& threads) {
  Json json = {{"id", to_id(mailbox.id)},
               {"name", mailbox.name},
               {"parentId", mailbox.parent.value == 0 ? Json(nullptr) : Json(to_id(mailbox.parent))},
               {"role", to_json(mailbox.role)},
               {"sortOrder", mailbox.sort_order},
               {"totalEmails", mailbox.messages},
               {"unreadEmails", unread_of(mailbox)},
               {"myRights", rights_on(mailbox)},
               {"isSubscribed", mailbox.subscribed}};
  if (threads) {
    json["totalThreads"] = threads->threads;
    json["unreadThreads"] = threads->unread;
  }
  return json;
}

MethodResult get_mailboxes(Call& call) {
  TELEPOST_ASSIGN(const schema::AccountId account, call.account());
  TELEPOST_ASSIGN(const GetArguments get, read_get(call.arguments, mailbox_properties(), call.context.settings.max_objects_in_get));
  TELEPOST_TRY(call.arguments.done());
  TELEPOST_ASSIGN(const store::MailboxTree tree, call.context.store.mailboxes().tree(account));
  GetResponse response{to_state(tree.modseq)};
  const auto selected = select(get, tree, response.not_found);
  if (selected.size() > call.context.settings.max_objects_in_get) return Error{Errc::too_many, "more mailboxes than maxObjectsInGet; name them"};
  TELEPOST_ASSIGN(const auto threads, threads_wanted(call, account, get, selected));
  for (std::size_t i = 0; i < selected.size(); ++i) {
    Json json = to_json(*selected[i], threads.empty() ? std::nullopt : std::optional(threads[i]));
    get.keep_wanted(json);
    response.list.push_back(std::move(json));
  }
  return to_json(std::move(response), to_id(account));
}

MethodResult mailbox_changes(Call& call) {
  TELEPOST_ASSIGN(const schema::AccountId account, call.account());
  TELEPOST_ASSIGN(const ChangesArguments asked, read_changes(call.arguments));
  TELEPOST_TRY(call.arguments.done());
  const auto since = known_state_from(asked.since_state);
  if (!since) return MethodError{"cannotCalculateChanges", "that is no state of this server"};
  TELEPOST_ASSIGN(const store::MailboxChanges all, call.context.store.mailboxes().changes(account, since->at));
  std::vector<ObjectChange> list;
  std::set<std::string> only_counted;
  TELEPOST_ASSIGN(const std::vector<schema::Modseq> last, last_changes(call.context.store, account, all.tree));
  for (std::size_t i = 0; i < last.size(); ++i) {
    const schema::MailboxRecord& record = all.tree.mailboxes[i].record;
    list.push_back({last[i], to_id(record.id), record.created_modseq});
    if (record.properties_modseq.value != 0 && record.properties_modseq <= since->at) only_counted.insert(to_id(record.id));
  }
  for (const store::RemovedMailbox& gone : all.removed) list.push_back({gone.removed, to_id(gone.id), gone.created, ObjectChange::Kind::gone});
  TELEPOST_ASSIGN(const Changes changes, changes_between(*since, all.tree.modseq, std::move(list), asked.max_changes));
  const bool only_counts = !changes.updated.empty() && std::all_of(changes.updated.begin(), changes.updated.end(), [&](const auto& change) {
    return only_counted.contains(change.id);
  });
  Json response = to_json(changes, to_id(account));
  response["updatedProperties"] = only_counts ? Json(kCounts) : Json(nullptr);  // RFC 8621 section 2.2
  return response;
}

void add_mailboxes(Methods& methods) {
  methods.add(kMail, {{"Mailbox/get", get_mailboxes},
                      {"Mailbox/changes", mailbox_changes},
                      {"Mailbox/query", query_mailboxes},
                      {"Mailbox/queryChanges", mailbox_query_changes},
                      {"Mailbox/set", set_mailboxes}});
}

}  // namespace telepost::adapters::jmap
