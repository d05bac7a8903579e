// EmailSubmission/query and /queryChanges (RFC 8621 sections 7.3 and 7.4).
#include <algorithm>
#include <compare>
#include <map>
#include <set>
#include <utility>
#include <variant>

#include "adapters/jmap/changes_codec.h"
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

bool names_it(const std::optional<std::vector<std::string>>& wanted, const std::string& id) {
  return !wanted || std::find(wanted->begin(), wanted->end(), id) != wanted->end();
}

bool submission_matches(const schema::SubmissionRecord& record, const SubmissionCondition& wanted) {
  const schema::SubmissionRecord::Followed& followed = *record.followed;
  return names_it(wanted.identities, to_id('i', followed.identity)) && names_it(wanted.emails, to_id('e', followed.email.value)) &&
         names_it(wanted.threads, to_id('t', followed.thread.value)) && (!wanted.undo_status || *wanted.undo_status == undo_status_of(record)) &&
         (!wanted.before || record.send_at < *wanted.before) && (!wanted.after || record.send_at >= *wanted.after);
}

std::optional<MethodError> fault_of_submission_condition(const Json& object) {
  static const Names known = {"identityIds", "emailIds", "threadIds", "undoStatus", "before", "after"};
  for (const auto& [name, value] : object.items()) {
    if (!known.contains(name)) return MethodError{"unsupportedFilter", "there is no condition '" + name.substr(0, 80) + "'"};
  }
  return std::nullopt;
}

std::optional<MethodError> fault_of_submission_sort(const std::vector<Comparator>& sort) {
  for (const Comparator& comparator : sort) {
    const std::string& property = comparator.property;
    // "sentAt" is what the RFC writes, sendAt what the property is called.
    if (property != "emailId" && property != "threadId" && property != "sentAt" && property != "sendAt") {
      return MethodError{"unsupportedSort", "submissions are not sorted by '" + property.substr(0, 80) + "'"};
    }
  }
  return std::nullopt;
}

// Which submissions a query gives, and in which order; its conditions are read once. The arguments outlive it.
class SubmissionQuery {
 public:
  // Nothing else may be among the arguments.
  static std::variant<SubmissionQuery, MethodError> read(const Arguments& arguments, Filter filter, std::vector<Comparator> sort) {
    if (const Result<void> done = arguments.done(); !done.ok()) return method_error_of(done.error());
    SubmissionQuery query;
    std::optional<MethodError> fault;
    const Result<void> visited = filter.for_each_condition([&](const Json& object) -> Result<void> {
      if (!fault) fault = fault_of_submission_condition(object);
      if (fault) return {};
      TELEPOST_ASSIGN(SubmissionCondition condition, read_submission_condition(object));
      query.conditions_.emplace(&object, std::move(condition));
      return {};
    });
    if (!fault && !visited.ok()) fault = method_error_of(visited.error());
    if (!fault) fault = fault_of_submission_sort(sort);
    if (fault) return *std::move(fault);
    query.filter_ = std::move(filter);
    query.sort_ = std::move(sort);
    return query;
  }

  std::vector<std::string> run(const store::FollowedSubmissions& followed) const {
    std::vector<const FollowedSubmission*> found;
    for (const FollowedSubmission& one : followed.all) {
      const auto matches = [&](const Json& object) { return submission_matches(one.second, conditions_.at(&object)); };
      if (!one.second.followed->destroyed && filter_.holds(matches)) found.push_back(&one);
    }
    std::sort(found.begin(), found.end(), [&](const auto* a, const auto* b) { return is_before(*a, *b); });
    std::vector<std::string> ids;
    for (const FollowedSubmission* const one : found) ids.push_back(submission_id(one->first));
    return ids;
  }

 private:
  bool is_before(const FollowedSubmission& a, const FollowedSubmission& b) const {
    for (const Comparator& comparator : sort_) {
      std::strong_ordering order = to_millis(a.second.send_at) <=> to_millis(b.second.send_at);
      if (comparator.property == "emailId") order = to_id('e', a.second.followed->email.value) <=> to_id('e', b.second.followed->email.value);
      if (comparator.property == "threadId") order = to_id('t', a.second.followed->thread.value) <=> to_id('t', b.second.followed->thread.value);
      if (order != 0) return (order < 0) == comparator.is_ascending;
    }
    return a.first < b.first;
  }

  Filter filter_;
  std::vector<Comparator> sort_;
  std::map<const Json*, SubmissionCondition> conditions_;
};

}  // namespace

MethodResult query_submissions(Call& call) {
  TELEPOST_ASSIGN(const schema::AccountId account, call.account());
  TELEPOST_ASSIGN(const QueryArguments asked, read_query(call.arguments));
  const auto query = SubmissionQuery::read(call.arguments, asked.filter, asked.sort);
  if (const auto* const error = std::get_if<MethodError>(&query)) return *error;
  TELEPOST_ASSIGN(const store::FollowedSubmissions followed, call.context.store.submission().followed(account));
  const std::vector<std::string> result = std::get<SubmissionQuery>(query).run(followed);
  return answer_query(asked, result, to_state(followed.modseq), call.context.settings.max_objects_in_get, to_id(account));
}

// Nobody knows the old result: all that changed is named.
MethodResult submission_query_changes(Call& call) {
  TELEPOST_ASSIGN(const schema::AccountId account, call.account());
  TELEPOST_ASSIGN(const QueryChangesArguments asked, read_query_changes(call.arguments));
  const auto query = SubmissionQuery::read(call.arguments, asked.filter, asked.sort);
  if (const auto* const error = std::get_if<MethodError>(&query)) return *error;
  TELEPOST_ASSIGN(const store::FollowedSubmissions followed, call.context.store.submission().followed(account));
  TELEPOST_ASSIGN(const schema::Modseq since, state_within(asked.since_query_state, followed.floor, followed.modseq));
  std::vector<std::string> removed;
  std::set<std::string> moved;
  for (const auto& [id, record] : followed.all) {
    if (record.followed->modseq <= since) continue;
    if (record.followed->created_modseq <= since) removed.push_back(submission_id(id));
    moved.insert(submission_id(id));
  }
  const std::vector<std::string> result = std::get<SubmissionQuery>(query).run(followed);
  return answer_query_changes(asked, result, to_state(followed.modseq), std::move(removed), moved, to_id(account));
}

}  // namespace telepost::adapters::jmap
