// Email/set and Email/import (RFC 8621 sections 4.6 and 4.8). Emails are made one by one, since each has bytes of its own; all
// that changes or goes, goes to the store together.
#include <algorithm>
#include <set>

#include "adapters/jmap/email.h"
#include "adapters/jmap/email_create.h"
#include "adapters/jmap/message_properties.h"
#include "adapters/jmap/reference_codec.h"
#include "store/keywords.h"
#include "store/message_changer.h"

namespace telepost::adapters::jmap {
namespace {

using store::MessageChange;

// A PatchObject of keywords and mailboxIds as what is added and removed, so that it holds for the email as it is when it is changed.
class Patch {
 public:
  Patch(const Json& patch, schema::LocalId email, const CreatedIds& created_ids) : created_ids_(created_ids) {
    change.message = email;
    for (const auto& [path, value] : patch.items()) read(path, value);
    const bool whole_and_parts = (change.keywords && keyword_paths_) || (change.mailboxes && mailbox_paths_);
    if (whole_and_parts) error = SetError{"invalidPatch", "one path lies inside another"};
    else if (!error && !wrong_.empty()) error = SetError{"invalidProperties", {}, wrong_};
  }
  MessageChange change;
  std::optional<SetError> error;

 private:
  void read(const std::string& path, const Json& value) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    const std::string name = path.substr(0, slash);
    const bool is_whole = slash == path.size();
    if (name != "keywords" && name != "mailboxIds") return fault(path);
    if (is_whole) return name == "keywords" ? read_keywords(value) : read_mailboxes(value);
    const auto member = path.find('/', slash + 1) == std::string::npos ? unescape_token(std::string_view(path).substr(slash + 1)) : std::nullopt;
    if (!member) {
      error = SetError{"invalidPatch", "'" + path.substr(0, 80) + "' leads nowhere"};
      return;
    }
    if (!value.is_null() && value != Json(true)) return fault(path);
    if (name == "keywords") read_keyword(path, *member, !value.is_null());
    else read_mailbox(path, *member, !value.is_null());
  }

  void read_keyword(const std::string& path, const std::string& keyword, bool is_set) {
    keyword_paths_ = true;
    if (!store::keyword_from(keyword).ok()) return fault(path);
    (is_set ? change.add_keywords : change.remove_keywords).push_back(keyword);
  }

  void read_mailbox(const std::string& path, const std::string& id, bool is_set) {
    mailbox_paths_ = true;
    const auto mailbox = mailbox_from(created_ids_.resolve(id).value_or(""));
    if (mailbox) (is_set ? change.add_mailboxes : change.remove_mailboxes).push_back(*mailbox);
    else if (is_set) fault(path);
  }

  void read_keywords(const Json& value) {
    change.keywords.emplace();
    if (value.is_null()) return;  // the default: none
    if (!value.is_object()) return fault("keywords");
    for (const auto& [keyword, is_set] : value.items()) {
      if (is_set != Json(true) || !store::keyword_from(keyword).ok()) return fault("keywords");
      change.keywords->push_back(keyword);
    }
  }

  void read_mailboxes(const Json& value) {
    change.mailboxes.emplace();
    if (!value.is_object() || value.empty()) return fault("mailboxIds");
    for (const auto& [id, is_in] : value.items()) {
      const auto mailbox = mailbox_from(created_ids_.resolve(id).value_or(""));
      if (is_in != Json(true) || !mailbox) return fault("mailboxIds");
      change.mailboxes->push_back(*mailbox);
    }
  }

  void fault(const std::string& property) {
    if (std::find(wrong_.begin(), wrong_.end(), property) == wrong_.end()) wrong_.push_back(property);
  }

  const CreatedIds& created_ids_;
  bool keyword_paths_ = false, mailbox_paths_ = false;
  std::vector<std::string> wrong_;
};

SetError error_of_change(const Error& error) {
  if (error.kind == Errc::not_found) return {"notFound"};
  if (error.kind == Errc::too_many) return {"tooManyKeywords", error.detail};
  if (error.kind == Errc::too_large) return {"tooManyMailboxes", error.detail};
  return {"invalidProperties", error.detail, {"mailboxIds"}};
}

class EmailSet {
 public:
  EmailSet(Call& call, schema::AccountId account, schema::Modseq now) : call_(call), account_(account), steps_(now) {}

  std::optional<MethodError> create(const std::map<std::string, const Json*>& objects, decltype(create_email)* make) {
    std::map<std::string, store::Append::Kept> made;
    std::optional<MethodError> failure;
    for (const auto& [name, object] : objects) {
      Created created = make(call_, account_, *object);
      if (auto* const kept = std::get_if<store::Append::Kept>(&created)) {
        steps_.add(kept->before, kept->after, true);
        call_.created_ids.add(name, to_id('e', kept->id.local.value));
        made.emplace(name, *kept);
      } else if (auto* const error = std::get_if<SetError>(&created)) {
        response_.not_created.emplace(name, std::move(*error));
      } else {
        failure = failed(std::get<Error>(created), !made.empty());
        break;
      }
    }
    if (failure) return failure;
    auto created = to_json(call_.context.store, account_, made);
    if (!created.ok()) return failed(created.error(), !made.empty());
    response_.created = std::move(*created);
    return std::nullopt;
  }

  // `reach`: of what is destroyed.
  std::optional<MethodError> change(const SetArguments& set, schema::Reach reach) {
    std::set<std::string> doomed;
    for (const std::string& id : set.destroy) doomed.insert(real(id));
    for (const auto& [name, patch] : set.update) update(name, *patch, doomed);
    for (const std::string& name : set.destroy) destroy(name, reach);
    if (changes_.empty()) return std::nullopt;
    const auto applied = call_.context.store.changer().apply(account_, changes_);
    if (!applied.ok()) return failed(applied.error(), true);
    steps_.add(applied->before, applied->after, applied->is_whole);
    for (std::size_t i = 0; i < changes_.size(); ++i) tell(names_[i], changes_[i], applied->results[i]);
    return std::nullopt;
  }

  SetResponse& response() {
    steps_.put_into(response_);
    return response_;
  }

 private:
  std::string real(const std::string& id) const { return call_.created_ids.resolve(id).value_or(id); }

  void update(const std::string& name, const Json& patch, const std::set<std::string>& doomed) {
    const auto local = number_from('e', real(name));
    if (!local) response_.not_updated[name] = {"notFound"};
    else if (doomed.contains(real(name))) response_.not_updated[name] = {"willDestroy"};
    if (!local || doomed.contains(real(name))) return;
    Patch read(patch, {*local}, call_.created_ids);
    if (read.error) {
      response_.not_updated[name] = *read.error;
      return;
    }
    names_.push_back(name);
    changes_.push_back(std::move(read.change));
  }

  void destroy(const std::string& name, schema::Reach reach) {
    const auto local = number_from('e', real(name));
    if (!local) {
      response_.not_destroyed[name] = {"notFound"};
      return;
    }
    names_.push_back(name);
    changes_.emplace_back().message = {*local};
    changes_.back().expunge = true;
    changes_.back().reach = reach;
  }

  void tell(const std::string& name, const MessageChange& change, const Result<void>& result) {
    if (!result.ok()) (change.expunge ? response_.not_destroyed : response_.not_updated)[name] = error_of_change(result.error());
    else if (change.expunge) response_.destroyed.push_back(real(name));
    else response_.updated[real(name)] = nullptr;
  }

  MethodError failed(const Error& error, bool may_have_changed) const {
    return after_change(method_error_of(error), may_have_changed || response_.has_changed());
  }

  Call& call_;
  const schema::AccountId account_;
  Steps steps_;
  SetResponse response_;
  std::vector<std::string> names_;
  std::vector<MessageChange> changes_;
};

// The state that the call starts from; an error where the client thinks of another.
std::variant<schema::Modseq, MethodError> begin_set(Call& call, schema::AccountId account, const std::optional<std::string>& if_in_state) {
  const auto now = call.context.store.reader().select(account, {});
  if (!now.ok()) return method_error_of(now.error());
  if (if_in_state && *if_in_state != to_state(now->modseq)) return MethodError{"stateMismatch"};
  return now->modseq;
}

}  // namespace

MethodResult set_emails(Call& call) {
  TELEPOST_ASSIGN(const schema::AccountId account, call.account());
  TELEPOST_ASSIGN(const SetArguments set, read_set(call.arguments, call.context.settings.max_objects_in_set));
  bool on_server_only = false;
  if (call.in_use.contains(kMessage)) {
    TELEPOST_ASSIGN(on_server_only, call.arguments.boolean_or("onServerOnly", false));
  }
  TELEPOST_TRY(call.arguments.done());
  const auto now = begin_set(call, account, set.if_in_state);
  if (const auto* const error = std::get_if<MethodError>(&now)) return *error;
  EmailSet run(call, account, std::get<schema::Modseq>(now));
  if (const auto failure = run.create(set.create, create_email)) return *failure;
  if (const auto failure = run.change(set, on_server_only ? schema::Reach::server_only : schema::Reach::all_clients)) return *failure;
  return to_json(run.response(), to_id(account));
}

MethodResult import_emails(Call& call) {
  TELEPOST_ASSIGN(const schema::AccountId account, call.account());
  TELEPOST_ASSIGN(const auto if_in_state, call.arguments.text_or_null("ifInState"));
  TELEPOST_ASSIGN(const Json* const emails, call.arguments.object_or_null("emails"));
  TELEPOST_TRY(call.arguments.done());
  if (emails == nullptr) return MethodError{"invalidArguments", "emails wants objects by creation ids"};
  if (emails->size() > call.context.settings.max_objects_in_set) return MethodError{"requestTooLarge", "more emails than maxObjectsInSet"};
  std::map<std::string, const Json*> objects;
  for (const auto& [name, object] : emails->items()) {
    if (!is_id(name) || !object.is_object()) return MethodError{"invalidArguments", "emails wants objects by creation ids"};
    objects.emplace(name, &object);
  }
  const auto now = begin_set(call, account, if_in_state);
  if (const auto* const error = std::get_if<MethodError>(&now)) return *error;
  EmailSet run(call, account, std::get<schema::Modseq>(now));
  if (const auto failure = run.create(objects, import_email)) return *failure;
  const Json response = to_json(run.response(), to_id(account));
  Json answer = Json::object();
  for (const char* name : {"accountId", "oldState", "newState", "created", "notCreated"}) answer[name] = response.at(name);
  return answer;
}

}  // namespace telepost::adapters::jmap
