// The log of visits, and the questions that it answers.
#include "adapters/admin/commands.h"
#include "schema/network.h"
#include "schema/quantity.h"
#include "store/visit_log.h"
#include "store/visit_questions.h"

namespace telepost::adapters::admin {
namespace {

using schema::VisitRecord;

std::string time_or_nothing(Time time) { return time == Time{} ? "" : to_rfc3339(time); }

std::string account_or_nothing(schema::AccountId account) { return account.value == 0 ? "" : to_string(account); }

Json to_json(const VisitRecord& record) {
  const bool is_login = record.event == VisitRecord::Event::login;
  return {{"time", time_or_nothing(record.time)},
          {"event", name_of(record.event)},
          {"result", name_of(record.result)},
          {"listener", record.listener},
          {"peer", record.peer},
          {"account", account_or_nothing(record.account)},
          {"name", is_login && record.account.value == 0 ? "unknown" : record.name},
          {"method", record.method},
          {"reason", record.reason},
          {"begun", time_or_nothing(record.begun)},
          {"bytes_in", record.bytes_in},
          {"bytes_out", record.bytes_out},
          {"visit", std::to_string(record.visit)}};
}

// A time, or a duration before now: "PT1H".
Result<std::optional<Time>> time_or_ago(Arguments& args, std::string_view name, Time now) {
  TELEPOST_ASSIGN(const std::optional<std::string> text, args.optional_text(name));
  if (!text) return std::optional<Time>();
  if (!text->starts_with('P')) {
    TELEPOST_ASSIGN(const Time time, time_from(*text));
    return std::optional(time);
  }
  TELEPOST_ASSIGN(const Duration ago, schema::duration_from(*text));
  return std::optional(now - ago);
}

}  // namespace

Result<void> list_visits(store::Store& store, Arguments& args, Exchange& exchange) {
  store::VisitLog::Stretch stretch;
  TELEPOST_ASSIGN(stretch.since, time_or_ago(args, "since", store.now()));
  TELEPOST_ASSIGN(stretch.until, time_or_ago(args, "until", store.now()));
  TELEPOST_ASSIGN(const std::optional<std::string> who, args.optional_text("account"));
  TELEPOST_ASSIGN(const std::optional<std::string> from, args.optional_text("peer"));
  TELEPOST_ASSIGN(const bool failed, args.flag("failed"));
  TELEPOST_TRY(args.done());
  std::optional<schema::AccountId> account;
  if (who) {
    TELEPOST_ASSIGN(account, account_ever_named(store, *who));
  }
  std::optional<schema::IpNetwork> network;
  if (from) {
    TELEPOST_ASSIGN(network, schema::network_from(*from));
  }
  Result<void> sent;
  TELEPOST_TRY(store.visits().list(stretch, [&](std::uint64_t, const VisitRecord& record) {
    if (account && record.account != *account) return true;
    if (failed && record.result != VisitRecord::Result::refused) return true;
    if (network && !network->contains(record.peer)) return true;
    sent = exchange.object(to_json(record));
    return sent.ok();
  }));
  return sent;
}

Result<void> list_online(store::Store& store, Arguments& args, Exchange& exchange) {
  TELEPOST_ASSIGN(const std::optional<Time> at, time_or_ago(args, "at", store.now()));
  TELEPOST_TRY(args.done());
  TELEPOST_ASSIGN(const std::vector<VisitRecord> connections, store::online_at(store.visits(), at.value_or(store.now())));
  for (const VisitRecord& connection : connections) {
    TELEPOST_TRY(exchange.object({{"begun", to_rfc3339(connection.begun)},
                                  {"ended", time_or_nothing(connection.time)},
                                  {"listener", connection.listener},
                                  {"peer", connection.peer},
                                  {"account", to_string(connection.account)},
                                  {"name", connection.name},
                                  {"method", connection.method},
                                  {"visit", std::to_string(connection.visit)}}));
  }
  return {};
}

Result<void> list_failures(store::Store& store, Arguments& args, Exchange& exchange) {
  const Time now = store.now();
  TELEPOST_ASSIGN(const std::optional<Time> since, time_or_ago(args, "since", now));
  TELEPOST_ASSIGN(const std::optional<Time> until, time_or_ago(args, "until", now));
  TELEPOST_ASSIGN(const std::uint64_t at_least, args.number_or("at_least", 1));
  TELEPOST_TRY(args.done());
  const Time end = until.value_or(now + std::chrono::hours(1));  // of the log, which is being written to
  TELEPOST_ASSIGN(const auto all, store::repeated_failures(store.visits(), since.value_or(Time{}), end, at_least));
  for (const store::RepeatedFailures& failures : all) {
    TELEPOST_TRY(exchange.object({{"count", failures.count},
                                  {"peer", failures.peer.empty() ? "others" : failures.peer},
                                  {"account", account_or_nothing(failures.account)},
                                  {"name", failures.account.value == 0 ? "unknown" : failures.name},
                                  {"first", to_rfc3339(failures.first)},
                                  {"last", to_rfc3339(failures.last)}}));
  }
  return {};
}

Result<void> export_visits(store::Store& store, Arguments& args, Exchange& exchange) {
  TELEPOST_ASSIGN(std::string since, args.text_or("since", ""));
  TELEPOST_TRY(args.done());
  Result<void> sent;
  TELEPOST_ASSIGN(const std::string cursor, store.visits().list({.cursor = std::move(since)}, [&](std::uint64_t number, const VisitRecord& record) {
    Json object = {{"id", std::to_string(number)}};
    object.update(to_json(record));
    sent = exchange.object(object);
    return sent.ok();
  }));
  TELEPOST_TRY(sent);
  return exchange.object({{"cursor", cursor}});
}

}  // namespace telepost::adapters::admin
