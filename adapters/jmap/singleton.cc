#include "adapters/jmap/singleton.h"

#include <optional>

#include "adapters/jmap/id_codec.h"

namespace telepost::adapters::jmap {
namespace {

constexpr std::string_view kSingleton = "singleton";
constexpr unsigned kMostSingletonTries = 8;  // each but the last lost to another client

class SingletonVerbs final : public SetVerbs {
 public:
  SingletonVerbs(const SingletonType& type, store::Store& store, schema::AccountId account) : type_(type), store_(store), account_(account) {}

  SetOutcome create(const Json&) override { return SetError{kSingleton, "there is one, and no other"}; }
  SetOutcome destroy(const std::string& id) override {
    if (id != kSingleton) return SetError{"notFound"};
    return SetError{kSingleton, "it is always there"};
  }

  SetOutcome update(const std::string& id, const Json& patch) override {
    if (id != kSingleton) return SetError{"notFound"};
    for (unsigned tries = 1;; ++tries) {
      const auto known = type_.read(store_, account_);
      if (!known.ok()) return known.error();
      SetOutcome outcome = patch_known(known->first, known->second, patch);
      const auto* const error = std::get_if<Error>(&outcome);
      if (error == nullptr || error->kind != Errc::conflict || tries == kMostSingletonTries) return outcome;
    }
  }

  // The state that the change was made to; none: nothing was changed.
  std::optional<schema::Modseq> changed_from() const { return changed_from_; }

 private:
  SetOutcome patch_known(const Json& was, schema::Modseq known, const Json& patch) {
    Json object = was;
    if (const auto applied = apply_patch(object, patch, type_.defaults()); !applied.ok()) return SetError{"invalidPatch", applied.error().detail};
    std::vector<std::string> wrong;
    for (const auto& [name, value] : object.items()) {
      if (!type_.properties().contains(name)) wrong.push_back(name);
    }
    if (!object.contains("id") || object.at("id") != kSingleton) wrong.emplace_back("id");
    if (!wrong.empty()) return SetError{"invalidProperties", {}, std::move(wrong)};
    if (object == was) return Json(nullptr);
    SetOutcome kept = type_.keep(store_, account_, object, known);
    if (std::holds_alternative<Json>(kept)) changed_from_ = known;
    return kept;
  }

  const SingletonType& type_;
  store::Store& store_;
  const schema::AccountId account_;
  std::optional<schema::Modseq> changed_from_;
};

}  // namespace

MethodResult get_singleton(Call& call, const SingletonType& type) {
  TELEPOST_ASSIGN(const schema::AccountId account, call.account());
  TELEPOST_ASSIGN(const GetArguments get, read_get(call.arguments, type.properties(), call.context.settings.max_objects_in_get));
  TELEPOST_TRY(call.arguments.done());
  TELEPOST_ASSIGN(const auto known, type.read(call.context.store, account));
  GetResponse response{to_state(known.second)};
  for (const std::string& id : get.ids.value_or(std::vector<std::string>{std::string(kSingleton)})) {
    if (id != kSingleton) {
      response.not_found.push_back(id);
      continue;
    }
    Json json = known.first;
    get.keep_wanted(json);
    response.list.push_back(std::move(json));
  }
  return to_json(std::move(response), to_id(account));
}

MethodResult set_singleton(Call& call, const SingletonType& type) {
  TELEPOST_ASSIGN(const schema::AccountId account, call.account());
  TELEPOST_ASSIGN(const SetArguments set, read_set(call.arguments, call.context.settings.max_objects_in_set));
  TELEPOST_TRY(call.arguments.done());
  TELEPOST_ASSIGN(const auto before, type.read(call.context.store, account));
  if (set.if_in_state && *set.if_in_state != to_state(before.second)) return MethodError{"stateMismatch"};
  SingletonVerbs verbs(type, call.context.store, account);
  SetResponse response;
  if (auto error = apply_set(set, verbs, call.created_ids, response)) return *std::move(error);
  const auto after = type.read(call.context.store, account);
  if (!after.ok()) return after_change(method_error_of(after.error()), response.has_changed());
  // Where another client changed it in between, the old state would make this one miss that.
  if (verbs.changed_from().value_or(after->second) == before.second) response.old_state = to_state(before.second);
  response.new_state = to_state(after->second);
  return to_json(response, to_id(account));
}

}  // namespace telepost::adapters::jmap
