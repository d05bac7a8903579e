// EmailSubmission/query and /queryChanges (RFC 8621 sections 7.3 and 7.4).
#include <algorithm>

#include "adapters/jmap/date_codec.h"
#include "adapters/jmap/email_submission.h"
#include "adapters/jmap/query_codec.h"

namespace telepost::adapters::jmap {
namespace {

struct SubmissionCondition {
  std::optional<std::vector<std::string>> identities, emails, threads;
  std::optional<std::string> undo_status;
  std::optional<Time> before, after;
};

Result<SubmissionCondition> read_submission_condition(const Json& object) {
  Arguments members(object);
  SubmissionCondition condition;
  TELEPOST_ASSIGN(condition.identities, members.ids_or_null("identityIds"));
  TELEPOST_ASSIGN(condition.emails, members.ids_or_null("emailIds"));
  TELEPOST_ASSIGN(condition.threads, members.ids_or_null("threadIds"));
  TELEPOST_ASSIGN(condition.undo_status, members.text_or_null("undoStatus"));
  TELEPOST_ASSIGN(condition.before, members.utc_date_or_null("before"));
  TELEPOST_ASSIGN(condition.after, members.utc_date_or_null("after"));
  return condition;
}

const Names& condition_names() {
  static const Names names = {"identityIds", "emailIds", "threadIds", "undoStatus", "before", "after"};
  return names;
}

bool names_it(const std::optional<std::vector<std::string>>& wanted, const std::string& id) {
  return !wanted || std::find(wanted->begin(), wanted->end(), id) != wanted->end();
}

bool submission_matches(const schema::SubmissionRecord& record, const Json& object) {
  const Result<SubmissionCondition> read = read_submission_condition(object);
  if (!read.ok()) return false;  // was refused before
  return names_it(read->identities, to_id('i', record.identity)) && names_it(read->emails, to_id('e', record.email.value)) &&
         names_it(read->threads, to_id('t', record.thread.value)) && (!read->undo_status || *read->undo_status == undo_status_of(record)) &&
         (!read->before || record.send_at < *read->before) && (!read->after || record.send_at >= *read->after);
}

std::optional<MethodError> fault_of_submissions(const Filter& filter, const std::vector<Comparator>& sort) {
  std::optional<MethodError> fault;
  (void)filter.for_each_condition([&](const Json& object) -> Result<void> {
    for (const auto& [name, value] : object.items()) {
      if (!fault && !condition_names().contains(name)) fault = MethodError{"unsupportedFilter", "there is no condition '" + name.substr(0, 80) + "'"};
    }
    const Result<SubmissionCondition> read = read_submission_condition(object);
    if (!fault && !read.ok()) fault = method_error_of(read.error());
    return {};
  });
  for (const Comparator& comparator : sort) {
    const std::string& property = comparator.property;
    // "sentAt" is what the RFC writes, sendAt what the property is called.
    if (!fault && property != "emailId" && property != "threadId" && property != "sentAt" && property != "sendAt") {
      fault = MethodError{"unsupportedSort", "submissions are not sorted by '" + property.substr(0, 80) + "'"};
    }
  }
  return fault;
}

bool submission_is_before(const FollowedSubmission& a, const FollowedSubmission& b, const std::vector<Comparator>& sort) {
  for (const Comparator& comparator : sort) {
    std::strong_ordering order = to_millis(a.second.send_at) <=> to_millis(b.second.send_at);
    if (comparator.property == "emailId") order = to_id('e', a.second.email.value) <=> to_id('e', b.second.email.value);
    if (comparator.property == "threadId") order = to_id('t', a.second.thread.value) <=> to_id('t', b.second.thread.value);
    if (order != 0) return (order < 0) == comparator.is_ascending;
  }
  return a.first < b.first;
}

std::vector<std::string> result_of(const store::FollowedSubmissions& followed, const Filter& filter, const std::vector<Comparator>& sort) {
  std::vector<FollowedSubmission> found;
  for (const FollowedSubmission& one : followed.all) {
    const bool holds = !one.second.destroyed && filter.holds([&](const Json& condition) { return submission_matches(one.second, condition); });
    if (holds) found.push_back(one);
  }
  std::sort(found.begin(), found.end(), [&](const auto& a, const auto& b) { return submission_is_before(a, b, sort); });
  std::vector<std::string> ids;
  for (const FollowedSubmission& one : found) ids.push_back(submission_id(one.first));
  return ids;
}

}  // namespace

MethodResult query_submissions(Call& call) {
  TELEPOST_ASSIGN(const schema::AccountId account, call.account());
  TELEPOST_ASSIGN(const QueryArguments asked, read_query(call.arguments));
  TELEPOST_TRY(call.arguments.done());
  if (const auto fault = fault_of_submissions(asked.filter, asked.sort)) return *fault;
  TELEPOST_ASSIGN(const store::FollowedSubmissions followed, call.context.store.submission().followed(account));
  const std::vector<std::string> result = result_of(followed, asked.filter, asked.sort);
  return answer_query(asked, result, to_state(followed.modseq), call.context.settings.max_objects_in_get, to_id(account));
}

// Nobody knows the old result: all that changed is named.
MethodResult submission_query_changes(Call& call) {
  TELEPOST_ASSIGN(const schema::AccountId account, call.account());
  TELEPOST_ASSIGN(const QueryChangesArguments asked, read_query_changes(call.arguments));
  TELEPOST_TRY(call.arguments.done());
  if (const auto fault = fault_of_submissions(asked.filter, asked.sort)) return *fault;
  TELEPOST_ASSIGN(const store::FollowedSubmissions followed, call.context.store.submission().followed(account));
  const auto since = state_from(asked.since_query_state);
  if (!since || *since < followed.floor || *since > followed.modseq) return MethodError{"cannotCalculateChanges", "too old, or no state of this server"};
  std::vector<std::string> removed;
  std::set<std::string> moved;
  for (const auto& [id, record] : followed.all) {
    if (record.modseq <= *since) continue;
    if (record.created_modseq <= *since) removed.push_back(submission_id(id));
    moved.insert(submission_id(id));
  }
  const std::vector<std::string> result = result_of(followed, asked.filter, asked.sort);
  return answer_query_changes(asked, result, to_state(followed.modseq), std::move(removed), moved, to_id(account));
}

}  // namespace telepost::adapters::jmap
