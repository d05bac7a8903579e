#include "store/visit_questions.h"

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

#include "store/visit_log.h"

namespace telepost::store {

using schema::VisitRecord;

namespace {

bool has_begun_by(const VisitRecord& connection, Time at) { return connection.account.value != 0 && connection.begun <= at; }

// The log read from its beginning, and who is there at a moment of it.
class WhoWasThere {
 public:
  explicit WhoWasThere(Time at) : at_(at) {}

  void take(const VisitRecord& record) {
    switch (record.event) {
      case VisitRecord::Event::login:
        if (record.time <= at_ && record.result == VisitRecord::Result::accepted) there_[record.visit] = connection_of(record);
        break;
      case VisitRecord::Event::connection:
        if (record.time <= at_) there_.erase(record.visit);
        else if (has_begun_by(record, at_)) there_[record.visit] = record;
        break;
      case VisitRecord::Event::started:
      case VisitRecord::Event::stopped:
        if (record.time <= at_) there_.clear();
        break;
    }
  }

  // What stands now; and whose end nobody wrote although the server that would have runs is not there at all.
  std::vector<VisitRecord> finish(const VisitLog& log) {
    std::erase_if(there_, [&](const auto& one) { return one.second.time == Time{} && log.is_of_this_run(one.first); });
    for (VisitRecord& record : log.standing()) {
      if (has_begun_by(record, at_)) there_[record.visit] = std::move(record);
    }
    std::vector<VisitRecord> all;
    for (auto& [visit, record] : there_) all.push_back(std::move(record));
    std::sort(all.begin(), all.end(),
              [](const VisitRecord& a, const VisitRecord& b) { return std::tie(a.begun, a.visit) < std::tie(b.begun, b.visit); });
    return all;
  }

 private:
  static VisitRecord connection_of(VisitRecord login) {
    login.event = VisitRecord::Event::connection;
    login.begun = login.time;
    login.time = Time{};
    return login;
  }
  const Time at_;
  std::map<std::uint64_t, VisitRecord> there_;  // by the number of the visit
};

}  // namespace

Result<std::vector<VisitRecord>> online_at(VisitLog& log, Time at) {
  if (!log.has_connections()) return {Errc::unsupported, "visits.events has no connections, so nobody knows when they ended"};
  WhoWasThere who(at);
  // Who was there in this run ended behind that moment or stands now; what came before it tells nothing.
  VisitLog::Stretch stretch;
  if (const std::optional<Time> begun = log.started(); begun && at > *begun) stretch.since = at;
  TELEPOST_TRY(log.list(stretch, [&](std::uint64_t, const VisitRecord& record) {
    who.take(record);
    return true;
  }));
  return who.finish(log);
}

Result<std::vector<RepeatedFailures>> repeated_failures(VisitLog& log, Time since, Time until, std::uint64_t at_least) {
  using Group = std::pair<std::string, schema::AccountId>;
  std::map<Group, RepeatedFailures> groups;
  RepeatedFailures beyond;
  const VisitLog::Stretch stretch{.since = since, .until = until};
  TELEPOST_TRY(log.list(stretch, [&](std::uint64_t, const VisitRecord& record) {
    if (record.event != VisitRecord::Event::login || record.result != VisitRecord::Result::refused) return true;
    const Group group{record.peer, record.account};
    const bool has_room = groups.size() < kMostFailureGroups || groups.contains(group);
    RepeatedFailures& failures = has_room ? groups[group] : beyond;
    if (has_room) std::tie(failures.peer, failures.account, failures.name) = std::tie(record.peer, record.account, record.name);
    if (failures.count++ == 0) failures.first = record.time;
    failures.last = record.time;
    return true;
  }));
  std::vector<RepeatedFailures> all;
  for (auto& [group, failures] : groups) {
    if (failures.count >= at_least) all.push_back(std::move(failures));
  }
  std::stable_sort(all.begin(), all.end(), [](const RepeatedFailures& a, const RepeatedFailures& b) { return a.count > b.count; });
  if (beyond.count > 0) all.push_back(std::move(beyond));
  return all;
}

}  // namespace telepost::store
