// EmailSubmission/set (RFC 8621 section 7.5), and the Email/set that follows from its success.
#include <algorithm>
#include <map>
#include <set>

#include "adapters/jmap/email.h"
#include "adapters/jmap/email_submission.h"

namespace telepost::adapters::jmap {
namespace {

class SubmissionVerbs final : public SetVerbs {
 public:
  SubmissionVerbs(Call& call, schema::AccountId account) : call_(call), account_(account) {}

  SetOutcome create(const Json& object) override { return create_submission(call_, account_, object); }

  // Nothing of it changes but that it is called back.
  SetOutcome update(const std::string& id, const Json& patch) override {
    const auto before = find(id);
    if (!before.ok()) return outcome_of_submission(before.error());
    Json was = to_json(*before), patched;
    patched = was;
    if (const auto applied = apply_patch(patched, patch, Json::object()); !applied.ok()) return SetError{"invalidPatch", applied.error().detail};
    std::vector<std::string> wrong;
    bool cancels = false;
    for (const std::string& name : submission_properties()) {
      const bool is_same = name == "deliveryStatus" ? !patched.contains(name) : patched.contains(name) && patched.at(name) == was.at(name);
      if (is_same) continue;
      cancels = name == "undoStatus" && patched.contains(name) && patched.at(name) == "canceled";
      if (!cancels) wrong.push_back(name);
    }
    for (const auto& [name, value] : patched.items()) {
      if (!submission_properties().contains(name)) wrong.push_back(name);
    }
    if (!wrong.empty()) return SetError{"invalidProperties", "a submission can be canceled, and nothing else", std::move(wrong)};
    return cancels ? cancel(*before) : SetOutcome(Json(nullptr));
  }

  SetOutcome destroy(const std::string& id) override {
    const auto local = submission_from(id);
    if (!local) return SetError{"notFound"};
    const Result<void> destroyed = call_.context.store.submission().destroy({account_, *local});
    return destroyed.ok() ? SetOutcome(Json(nullptr)) : outcome_of_submission(destroyed.error());
  }

 private:
  static SetOutcome outcome_of_submission(const Error& error) {
    if (auto why = set_error_of(error)) return *std::move(why);
    return error;
  }

  Result<FollowedSubmission> find(const std::string& id) const {
    const auto local = submission_from(id);
    if (!local) return {Errc::not_found, "no such submission"};
    TELEPOST_ASSIGN(store::SubmissionState state, call_.context.store.submission().show({account_, *local}));
    if (!state.record.followed || state.record.followed->destroyed) return {Errc::not_found, "no such submission"};
    return FollowedSubmission{*local, std::move(state.record)};
  }

  SetOutcome cancel(const FollowedSubmission& submission) {
    if (undo_status_of(submission.second) == "final") return SetError{"cannotUnsend", "it has been sent"};
    const auto canceled = call_.context.store.submission().cancel({account_, submission.first});
    if (!canceled.ok() && canceled.error().kind == Errc::busy) return SetError{"cannotUnsend", canceled.error().detail};
    return canceled.ok() ? SetOutcome(Json(nullptr)) : outcome_of_submission(canceled.error());
  }

  Call& call_;
  const schema::AccountId account_;
};

struct OnSuccess {
  const Json* update = nullptr;  // by submission
  std::vector<std::string> destroy;
};

Result<OnSuccess> read_on_success(Arguments& arguments) {
  OnSuccess wanted;
  TELEPOST_ASSIGN(wanted.update, arguments.object_or_null("onSuccessUpdateEmail"));
  TELEPOST_ASSIGN(auto destroy, arguments.ids_or_null("onSuccessDestroyEmail", Arguments::References::taken));
  if (destroy) wanted.destroy = *std::move(destroy);
  if (wanted.update == nullptr) return wanted;
  for (const auto& [id, patch] : wanted.update->items()) {
    const bool is_right = patch.is_object() && is_id_or_reference(id);
    if (!is_right) return {Errc::invalid, "onSuccessUpdateEmail wants patches by ids of submissions"};
  }
  return wanted;
}

// The email of a submission that was made, changed or destroyed by this call; none: it was not.
std::optional<std::string> email_of_success(const std::string& name, const SetResponse& response, const CreatedIds& created_ids,
                                            const std::map<std::string, std::string>& emails) {
  const std::string id = created_ids.resolve(name).value_or(name);
  const bool is_made = name.starts_with('#') && response.created.contains(name.substr(1));
  const bool is_gone = std::find(response.destroyed.begin(), response.destroyed.end(), id) != response.destroyed.end();
  const bool is_created_by_id = std::any_of(response.created.begin(), response.created.end(), [&](const auto& one) { return one.second.at("id") == id; });
  if (!is_made && !is_gone && !is_created_by_id && !response.updated.contains(id)) return std::nullopt;
  const auto email = emails.find(id);
  return email == emails.end() ? std::nullopt : std::optional(email->second);
}

// One Email/set for all of them; its response stands behind ours.
void set_emails_on_success(Call& call, const OnSuccess& wanted, const SetResponse& response, const store::FollowedSubmissions& followed) {
  std::map<std::string, std::string> emails;
  for (const auto& [id, record] : followed.all) emails.emplace(submission_id(id), to_id('e', record.followed->email.value));
  Json arguments = {{"accountId", call.arguments.object().at("accountId")}, {"update", Json::object()}, {"destroy", Json::array()}};
  if (wanted.update != nullptr) {
    for (const auto& [name, patch] : wanted.update->items()) {
      if (const auto email = email_of_success(name, response, call.created_ids, emails)) arguments["update"][*email] = patch;
    }
  }
  for (const std::string& name : wanted.destroy) {
    if (const auto email = email_of_success(name, response, call.created_ids, emails)) arguments["destroy"].push_back(*email);
  }
  if (arguments["update"].empty() && arguments["destroy"].empty()) return;
  Call implicit(call.context, call.login, call.in_use, call.created_ids, arguments);
  call.respond_also("Email/set", set_emails(implicit));
}

// Whether nobody else changed any since then.
bool are_changes_ours(const SetResponse& response, const store::FollowedSubmissions& before, const store::FollowedSubmissions& after) {
  const std::set<std::string> touched = response.touched();
  return after.floor <= before.modseq && std::all_of(after.all.begin(), after.all.end(), [&](const FollowedSubmission& one) {
    return one.second.followed->modseq <= before.modseq || touched.contains(submission_id(one.first));
  });
}

}  // namespace

MethodResult set_submissions(Call& call) {
  TELEPOST_ASSIGN(const schema::AccountId account, call.account());
  TELEPOST_ASSIGN(const SetArguments set, read_set(call.arguments, call.context.settings.max_objects_in_set));
  TELEPOST_ASSIGN(const OnSuccess on_success, read_on_success(call.arguments));
  TELEPOST_TRY(call.arguments.done());
  store::Submission& submissions = call.context.store.submission();
  TELEPOST_ASSIGN(const store::FollowedSubmissions before, submissions.followed(account));
  if (set.if_in_state && *set.if_in_state != to_state(before.modseq)) return MethodError{"stateMismatch"};
  SubmissionVerbs verbs(call, account);
  SetResponse response;
  if (auto error = apply_set(set, verbs, call.created_ids, response)) return *std::move(error);
  const auto after = submissions.followed(account);
  if (!after.ok()) return after_change(method_error_of(after.error()), response.has_changed());
  response.new_state = to_state(after->modseq);
  if (are_changes_ours(response, before, *after)) response.old_state = to_state(before.modseq);
  Json answer = to_json(response, to_id(account));
  set_emails_on_success(call, on_success, response, *after);
  return answer;
}

}  // namespace telepost::adapters::jmap
