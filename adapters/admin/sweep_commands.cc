// Due work now, and what was done by it.
#include <fmt/format.h>

#include "adapters/admin/commands.h"
#include "store/audit.h"

namespace telepost::adapters::admin {
namespace {

using store::SweepCount;
using store::SweepKind;

Json to_json(std::string_view kind, const SweepCount& count, bool finished) {
  return {{"kind", kind},
          {"finished", finished},
          {"due", count.due},
          {"done", count.done},
          {"failed", count.failed},
          {"late", count.late},
          {"skipped_held", count.skipped_held},
          {"bytes_freed", count.bytes_freed},
          {"seconds", static_cast<double>(count.took.count()) / 1000}};
}

Result<store::SweepKinds> kinds_from(const std::vector<std::string>& names) {
  if (names.empty()) return store::kDueKinds;
  store::SweepKinds kinds;
  for (const std::string& name : names) {
    TELEPOST_ASSIGN(const SweepKind kind, store::sweep_kind_from(name));
    kinds.add(kind);
  }
  return kinds;
}

// One line for each kind; the last line is that of the only kind, or their sum.
Result<void> tell(const store::SweepReport& report, store::SweepKinds kinds, bool dry_run, Exchange& exchange) {
  std::size_t told = 0;
  for (const SweepKind kind : store::kSweepKinds) {
    if (!kinds.has(kind)) continue;
    ++told;
    Json line = to_json(store::name_of(kind), report.of(kind), true);
    if (dry_run) line["dry_run"] = true;
    TELEPOST_TRY(exchange.object(line));
  }
  if (told == 1) return {};
  Json sum = to_json("all", report.total(), true);
  if (dry_run) sum["dry_run"] = true;
  return exchange.object(sum);
}

}  // namespace

// Failures exit with 1, work that is left with 75.
Result<void> sweep_store(store::Store& store, Arguments& args, Exchange& exchange) {
  store::SweepOptions options;
  TELEPOST_ASSIGN(const std::vector<std::string> names, args.texts("kinds"));
  TELEPOST_ASSIGN(options.kinds, kinds_from(names));
  TELEPOST_ASSIGN(options.until, args.optional_time("until"));
  TELEPOST_ASSIGN(options.dry_run, args.flag("dry_run"));
  TELEPOST_ASSIGN(options.rate, args.number_or("rate", 0));
  TELEPOST_ASSIGN(const bool everything, args.flag("everything"));
  TELEPOST_TRY(args.done());
  // Who asks for that kind wants the room back.
  const bool is_asked_for = !names.empty() && options.kinds.has(SweepKind::reclaim);
  if (everything) options.depth = store::SweepOptions::Depth::everything;
  else if (is_asked_for) options.depth = store::SweepOptions::Depth::all_there_is;
  Result<void> sent;
  options.progress = [&](SweepKind kind, const store::SweepReport& report) {
    if (sent.ok()) sent = exchange.object(to_json(store::name_of(kind), report.of(kind), false));
  };
  TELEPOST_ASSIGN(const store::SweepReport report, store.sweep().run(options));
  TELEPOST_TRY(sent);
  TELEPOST_TRY(tell(report, options.kinds, options.dry_run, exchange));
  const std::uint64_t failed = report.total().failed;
  if (failed > 0) return {Errc::io, fmt::format("{} of {} failed; the log says why, and they are tried again", failed, report.total().due + failed)};
  if (report.halted) return {Errc::busy, "the clock leapt ahead, so nothing was removed or moved: see 'telepost clock show', then 'telepost clock accept'"};
  if (report.more) return {Errc::busy, "more is due than was done; run it again"};
  return {};
}

Result<void> list_audit(store::Store& store, Arguments& args, Exchange& exchange) {
  TELEPOST_ASSIGN(const std::string since, args.text_or("since", ""));
  TELEPOST_ASSIGN(const std::optional<std::string> who, args.optional_text("account"));
  TELEPOST_TRY(args.done());
  std::optional<schema::AccountId> account;
  if (who) {
    TELEPOST_ASSIGN(account, account_ever_named(store, *who));
  }
  Result<void> sent;
  TELEPOST_ASSIGN(const std::string cursor, store.audit().list(since, account, [&](const schema::AuditRecord& record) {
    Json messages = Json::array();
    for (const schema::LocalId local : record.messages) messages.push_back(to_string(schema::MessageId{record.account, local}));
    const std::string whose = record.account.value != 0 ? to_string(record.account) : "";
    sent = exchange.object({{"time", to_rfc3339(record.time)},
                            {"action", schema::name_of(record.action)},
                            {"account", whose},
                            {"policy", record.policy},
                            {"reason", record.reason},
                            {"count", record.messages.size()},
                            {"messages", std::move(messages)}});
    return sent.ok();
  }));
  TELEPOST_TRY(sent);
  return exchange.object({{"cursor", cursor}});
}

}  // namespace telepost::adapters::admin
