#include "adapters/jmap/email_submission.h"

#include <algorithm>

#include "adapters/jmap/changes_codec.h"
#include "adapters/jmap/date_codec.h"
#include "adapters/jmap/identity.h"
#include "adapters/jmap/types.h"

namespace telepost::adapters::jmap {
namespace {

// RFC 8621 section 7: what a server of the recipient's took is nobody's to know any more.
std::string_view delivered_of(schema::SendState state) {
  switch (state) {
    case schema::SendState::waiting:
    case schema::SendState::deferred: return "queued";
    case schema::SendState::relayed: return "unknown";
    case schema::SendState::delivered: return "yes";
    case schema::SendState::failed: return "no";
  }
  return "unknown";
}

Json submission_capability(const Context& context) {
  const schema::Configuration& configuration = context.store.configuration();
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(kMaxDelayedSend).count();
  return {{"maxDelayedSend", seconds},
          {"submissionExtensions",
           {{"FUTURERELEASE", Json::array({std::to_string(seconds)})},
            {"DSN", Json::array()},
            {"REQUIRETLS", Json::array()},
            {"8BITMIME", Json::array()},
            {"SMTPUTF8", Json::array()},
            {"SIZE", Json::array({std::to_string(configuration.submission.max_message_bytes)})}}}};
}

}  // namespace

const Names& submission_properties() {
  static const Names names = {"id", "identityId", "emailId", "threadId", "envelope", "sendAt", "undoStatus", "deliveryStatus", "dsnBlobIds", "mdnBlobIds"};
  return names;
}

std::string submission_id(schema::LocalId id) { return to_id('n', id.value); }

std::optional<schema::LocalId> submission_from(std::string_view id) {
  const auto number = number_from('n', id);
  return number ? std::optional(schema::LocalId{*number}) : std::nullopt;
}

std::string_view undo_status_of(const schema::SubmissionRecord& record) {
  if (record.canceled) return "canceled";
  return record.final || record.sent ? "final" : "pending";
}

Json to_json(const FollowedSubmission& submission) {
  const auto& [id, record] = submission;
  const Result<Json> envelope = parse_i_json(record.followed->envelope);
  return {{"id", submission_id(id)},
          {"identityId", to_id('i', record.followed->identity)},
          {"emailId", to_id('e', record.followed->email.value)},
          {"threadId", to_id('t', record.followed->thread.value)},
          {"envelope", envelope.ok() ? *envelope : Json(nullptr)},
          {"sendAt", to_utc_date(record.send_at)},
          {"undoStatus", undo_status_of(record)},
          {"dsnBlobIds", Json::array()},
          {"mdnBlobIds", Json::array()}};
}

Json delivery_status_of(const std::vector<schema::SubmittedRecipientRecord>& to) {
  Json status = Json::object();
  for (const schema::SubmittedRecipientRecord& recipient : to) {
    const bool is_queued = recipient.state == schema::SendState::waiting;
    status[recipient.address] = {{"smtpReply", is_queued ? "250 2.0.0 waits in the queue" : recipient.reply},
                                 {"delivered", delivered_of(recipient.state)},
                                 {"displayed", "unknown"}};
  }
  return status;
}

MethodResult get_submissions(Call& call) {
  TELEPOST_ASSIGN(const schema::AccountId account, call.account());
  const std::size_t most = call.context.settings.max_objects_in_get;
  TELEPOST_ASSIGN(const GetArguments get, read_get(call.arguments, submission_properties(), most));
  TELEPOST_TRY(call.arguments.done());
  TELEPOST_ASSIGN(const store::FollowedSubmissions followed, call.context.store.submission().followed(account));
  std::map<std::string, const FollowedSubmission*> by_id;
  for (const FollowedSubmission& one : followed.all) {
    if (!one.second.followed->destroyed) by_id.emplace(submission_id(one.first), &one);
  }
  GetResponse response{to_state(followed.modseq)};
  std::vector<std::string> ids = get.ids.value_or(std::vector<std::string>());
  for (const auto& [id, one] : by_id) {
    if (!get.ids) ids.push_back(id);
  }
  if (ids.size() > most) return MethodError{"requestTooLarge", "more submissions than maxObjectsInGet; name them"};
  for (const std::string& id : ids) {
    const auto found = by_id.find(id);
    if (found == by_id.end()) {
      response.not_found.push_back(id);
      continue;
    }
    Json json = to_json(*found->second);
    if (get.wants("deliveryStatus")) {
      const auto state = call.context.store.submission().show({account, found->second->first});
      if (!state.ok() && state.error().kind == Errc::not_found) {  // it went meanwhile
        response.not_found.push_back(id);
        continue;
      }
      TELEPOST_TRY(state);
      json["deliveryStatus"] = delivery_status_of(state->to);
    }
    get.keep_wanted(json);
    response.list.push_back(std::move(json));
  }
  return to_json(std::move(response), to_id(account));
}

MethodResult submission_changes(Call& call) {
  TELEPOST_ASSIGN(const schema::AccountId account, call.account());
  TELEPOST_ASSIGN(const ChangesArguments asked, read_changes(call.arguments));
  TELEPOST_TRY(call.arguments.done());
  TELEPOST_ASSIGN(const store::FollowedSubmissions followed, call.context.store.submission().followed(account));
  TELEPOST_ASSIGN(const KnownState since, known_state_within(asked.since_state, followed.floor, followed.modseq));
  std::vector<ObjectChange> all;
  for (const auto& [id, record] : followed.all) {
    const schema::SubmissionRecord::Followed& object = *record.followed;
    all.push_back({object.modseq, submission_id(id), object.created_modseq, object.destroyed ? ObjectChange::Kind::gone : ObjectChange::Kind::live});
  }
  TELEPOST_ASSIGN(const Changes changes, changes_between(since, followed.modseq, std::move(all), asked.max_changes));
  return to_json(changes, to_id(account));
}

void add_submissions(Methods& methods) {
  methods.offer({kSubmission, no_members, submission_capability});
  methods.add(kSubmission, {{"Identity/get", get_identities},
                            {"Identity/changes", identity_changes},
                            {"Identity/set", set_identities},
                            {"EmailSubmission/get", get_submissions},
                            {"EmailSubmission/changes", submission_changes},
                            {"EmailSubmission/query", query_submissions},
                            {"EmailSubmission/queryChanges", submission_query_changes},
                            {"EmailSubmission/set", set_submissions}});
  methods.add_modseq_type("EmailSubmission");
}

}  // namespace telepost::adapters::jmap
