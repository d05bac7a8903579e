#include "adapters/jmap/identity.h"

#include <algorithm>

#include "adapters/jmap/changes_codec.h"
#include "adapters/jmap/get_codec.h"
#include "adapters/jmap/header_codec.h"
#include "adapters/jmap/set.h"
#include "adapters/jmap/types.h"
#include "base/sha256.h"

namespace telepost::adapters::jmap {
namespace {

constexpr std::size_t kWorldLetters = 8;

using Addresses = std::optional<std::vector<schema::NamedAddress>>;

Json to_json(const Addresses& addresses) {
  if (!addresses) return nullptr;
  Json list = Json::array();
  for (const schema::NamedAddress& address : *addresses) {
    list.push_back({{"name", address.name.empty() ? Json(nullptr) : Json(address.name)}, {"email", address.email}});
  }
  return list;
}

const Names& identity_properties() {
  static const Names names = {"id", "name", "email", "replyTo", "bcc", "textSignature", "htmlSignature", "mayDelete"};
  return names;
}

const Json& identity_defaults() {
  static const Json defaults = {{"name", ""}, {"replyTo", nullptr}, {"bcc", nullptr}, {"textSignature", ""}, {"htmlSignature", ""}};
  return defaults;
}

schema::Modseq last_change(const store::IdentityList& list) {
  schema::Modseq last = list.floor;
  for (const schema::IdentityRecord& identity : list.identities) last = std::max(last, identity.modseq);
  for (const schema::GoneIdentity& gone : list.gone) last = std::max(last, gone.modseq);
  return last;
}

// What nobody changes by Identity/set.
std::string world_of(const store::IdentityList& list) {
  return to_hex(sha256(to_text(Json{{"addresses", list.addresses}, {"name", list.name}}))).substr(0, kWorldLetters);
}

std::string identity_state_at(const KnownState& state, const store::IdentityList& list) { return to_state(state) + "-" + world_of(list); }

std::optional<Addresses> addresses_from(const Json& value) {
  if (value.is_null()) return std::optional(Addresses());
  const auto read = mailboxes_from(value);
  if (!read.ok()) return std::nullopt;
  std::vector<schema::NamedAddress> addresses;
  for (const transcoders::mime::Mailbox& mailbox : *read) addresses.push_back({mailbox.display_name, mailbox.address});
  return std::optional(Addresses(std::move(addresses)));
}

// Every settable property that is there; gives the names of those that are wrong.
std::vector<std::string> read_identity(const Json& object, schema::IdentityRecord& into) {
  std::vector<std::string> wrong;
  for (const auto& [name, value] : object.items()) {
    const bool is_list = name == "replyTo" || name == "bcc";
    std::string* const text = name == "name" ? &into.name : name == "textSignature" ? &into.text_signature : name == "htmlSignature" ? &into.html_signature : nullptr;
    if (text != nullptr && value.is_string()) *text = value.get<std::string>();
    else if (auto addresses = is_list ? addresses_from(value) : std::nullopt) (name == "bcc" ? into.bcc : into.reply_to) = *std::move(addresses);
    else wrong.push_back(name);
  }
  return wrong;
}

SetOutcome identity_outcome(const Error& error) {
  if (error.kind == Errc::denied) return SetError{"forbiddenFrom", error.detail};
  if (auto why = set_error_of(error)) return *std::move(why);
  return error;
}

class IdentityVerbs final : public SetVerbs {
 public:
  IdentityVerbs(Call& call, schema::AccountId account) : store_(call.context.store), account_(account) {}

  SetOutcome create(const Json& object) override {
    Json rest = object;
    const auto email = object.find("email");
    rest.erase("email");
    schema::IdentityRecord identity;
    std::vector<std::string> wrong = read_identity(rest, identity);
    if (email == object.end() || !email->is_string()) wrong.emplace_back("email");
    if (!wrong.empty()) return SetError{"invalidProperties", {}, std::move(wrong)};
    identity.email = email->get<std::string>();
    const auto made = store::put_identity(store_, account_, std::move(identity));
    if (!made.ok()) return identity_outcome(made.error());
    Json besides = jmap::to_json(*made);
    for (const auto& [name, value] : object.items()) besides.erase(name);
    return besides;
  }

  SetOutcome update(const std::string& id, const Json& patch) override {
    const auto list = store::identities_of(store_, account_);
    if (!list.ok()) return list.error();
    const schema::IdentityRecord* const before = list->find(identity_from(id).value_or(0));
    if (before == nullptr) return SetError{"notFound"};
    const Json was = jmap::to_json(*before);
    Json patched = was;
    if (const auto applied = apply_patch(patched, patch, identity_defaults()); !applied.ok()) return SetError{"invalidPatch", applied.error().detail};
    Json changed = Json::object();
    for (const auto& [name, value] : patched.items()) {
      if (!was.contains(name) || was.at(name) != value) changed[name] = value;
    }
    schema::IdentityRecord identity = *before;
    std::vector<std::string> wrong = read_identity(changed, identity);  // what is not settable is among them
    for (const auto& [name, value] : was.items()) {
      if (!patched.contains(name)) wrong.push_back(name);
    }
    if (!wrong.empty()) return SetError{"invalidProperties", {}, std::move(wrong)};
    const auto kept = store::put_identity(store_, account_, std::move(identity));
    return kept.ok() ? SetOutcome(Json(nullptr)) : identity_outcome(kept.error());
  }

  SetOutcome destroy(const std::string& id) override {
    const Result<void> removed = store::remove_identity(store_, account_, identity_from(id).value_or(0));
    return removed.ok() ? SetOutcome(Json(nullptr)) : identity_outcome(removed.error());
  }

 private:
  store::Store& store_;
  const schema::AccountId account_;
};

// Whether nobody else changed any of them since the state that the call began with.
bool is_all_ours(const SetResponse& response, const store::IdentityList& before, const store::IdentityList& after) {
  if (world_of(before) != world_of(after)) return false;
  const std::set<std::string> touched = response.touched();
  const schema::Modseq since = last_change(before);
  const auto is_ours = [&](const auto& each) { return each.modseq <= since || touched.contains(to_id('i', each.number)); };
  return std::all_of(after.identities.begin(), after.identities.end(), is_ours) && std::all_of(after.gone.begin(), after.gone.end(), is_ours);
}

}  // namespace

Json to_json(const schema::IdentityRecord& identity) {
  return {{"id", to_id('i', identity.number)},
          {"name", identity.name},
          {"email", identity.email},
          {"replyTo", to_json(identity.reply_to)},
          {"bcc", to_json(identity.bcc)},
          {"textSignature", identity.text_signature},
          {"htmlSignature", identity.html_signature},
          {"mayDelete", !store::is_of_address(identity.number)}};
}

std::optional<std::uint64_t> identity_from(std::string_view id) { return number_from('i', id); }

std::string identity_state(const store::IdentityList& list) { return identity_state_at(last_change(list), list); }

MethodResult get_identities(Call& call) {
  TELEPOST_ASSIGN(const schema::AccountId account, call.account());
  TELEPOST_ASSIGN(const GetArguments get, read_get(call.arguments, identity_properties(), call.context.settings.max_objects_in_get));
  TELEPOST_TRY(call.arguments.done());
  TELEPOST_ASSIGN(const store::IdentityList list, store::identities_of(call.context.store, account));
  const auto find = [&](const std::string& id) { return list.find(identity_from(id).value_or(0)); };
  const auto json_of = [](const schema::IdentityRecord& identity) { return to_json(identity); };
  return to_json(answer_get(get, identity_state(list), list.identities, find, json_of), to_id(account));
}

MethodResult identity_changes(Call& call) {
  TELEPOST_ASSIGN(const schema::AccountId account, call.account());
  TELEPOST_ASSIGN(const ChangesArguments asked, read_changes(call.arguments));
  TELEPOST_TRY(call.arguments.done());
  TELEPOST_ASSIGN(const store::IdentityList list, store::identities_of(call.context.store, account));
  const std::size_t dash = std::min(asked.since_state.rfind('-'), asked.since_state.size());
  const auto since = known_state_from(std::string_view(asked.since_state).substr(0, dash));
  const bool is_told = since && since->at >= list.floor && since->at <= last_change(list) && asked.since_state == identity_state_at(*since, list);
  if (!is_told) return MethodError{"cannotCalculateChanges", "other addresses, or none of this server's states"};
  std::vector<ObjectChange> all;
  for (const schema::IdentityRecord& identity : list.identities) all.push_back({identity.modseq, to_id('i', identity.number), identity.created});
  for (const schema::GoneIdentity& gone : list.gone) all.push_back({gone.modseq, to_id('i', gone.number), gone.created, ObjectChange::Kind::gone});
  TELEPOST_ASSIGN(const Changes changes, changes_between(*since, last_change(list), std::move(all), asked.max_changes));
  Json response = to_json(changes, to_id(account));
  response["oldState"] = asked.since_state;
  response["newState"] = identity_state_at(changes.new_state, list);
  return response;
}

MethodResult set_identities(Call& call) {
  TELEPOST_ASSIGN(const schema::AccountId account, call.account());
  TELEPOST_ASSIGN(const SetArguments set, read_set(call.arguments, call.context.settings.max_objects_in_set));
  TELEPOST_TRY(call.arguments.done());
  TELEPOST_ASSIGN(const store::IdentityList before, store::identities_of(call.context.store, account));
  if (set.if_in_state && *set.if_in_state != identity_state(before)) return MethodError{"stateMismatch"};
  IdentityVerbs verbs(call, account);
  SetResponse response;
  if (auto error = apply_set(set, verbs, call.created_ids, response)) return *std::move(error);
  const auto after = store::identities_of(call.context.store, account);
  if (!after.ok()) return after_change(method_error_of(after.error()), response.has_changed());
  response.new_state = identity_state(*after);
  if (is_all_ours(response, before, *after)) response.old_state = identity_state(before);
  return to_json(response, to_id(account));
}

}  // namespace telepost::adapters::jmap
