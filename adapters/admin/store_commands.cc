#include <fmt/format.h>

#include <numeric>

#include "adapters/admin/commands.h"
#include "base/bytes.h"
#include "store/inspect.h"
#include "store/verify.h"

namespace telepost::adapters::admin {
namespace {

std::uint64_t total(const std::map<std::string, std::uint64_t>& counts) {
  return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0},
                         [](std::uint64_t sum, const auto& count) { return sum + count.second; });
}

std::string_view name_of(store::Space space) {
  switch (space) {
    case store::Space::point: return "point";
    case store::Space::scan: return "scan";
    case store::Space::queue: return "queue";
    case store::Space::large: return "large";
  }
  return "unknown";
}

Json to_json(const store::Inspected::Fields& fields) {
  Json object = Json::object();
  for (const auto& [name, value] : fields) object[name] = value;
  return object;
}

// What an operator may do about it; "" where that is not known.
std::string remedy_of(const store::Finding& finding) {
  const bool is_damage = finding.as == store::Finding::Class::damage, is_index = finding.check == "index" || finding.check == "search";
  if (!is_damage || !is_index || finding.partition.kind() != schema::PartitionKind::account) return {};
  return fmt::format("telepost account reindex {} --{}", to_string(finding.partition.account_id()), finding.check == "index" ? "threads" : "search");
}

}  // namespace

Result<void> verify_store(store::Store& store, Arguments& args, Exchange& exchange) {
  store::VerifyOptions options;
  TELEPOST_ASSIGN(const std::optional<std::string> who, args.optional_text("account"));
  TELEPOST_ASSIGN(const bool reads_archive, args.flag("archive"));
  TELEPOST_TRY(args.done());
  if (reads_archive) options.archive = store::VerifyOptions::ArchiveDepth::content;
  if (who) {
    TELEPOST_ASSIGN(options.account, account_named(store, *who));
  }
  TELEPOST_ASSIGN(const store::VerifyReport report, store::verify(store, options));
  for (const store::Finding& finding : report.findings) {
    Json told = {{"class", finding.as == store::Finding::Class::damage ? "damage" : "debris"},
                 {"check", finding.check},
                 {"partition", finding.partition.to_string()},
                 {"key", to_hex(finding.key)},
                 {"what", finding.what}};
    if (const std::string remedy = remedy_of(finding); !remedy.empty()) told["remedy"] = remedy;
    TELEPOST_TRY(exchange.object(told));
  }
  TELEPOST_TRY(exchange.object({{"sound", report.sound()},
                                {"accounts", report.accounts},
                                {"messages", report.messages},
                                {"pieces", report.pieces},
                                {"archive_away", report.archive_away},
                                {"damage", total(report.damage)},
                                {"debris", total(report.debris)},
                                {"damage_by_check", report.damage},
                                {"debris_by_check", report.debris}}));
  if (report.sound() && !report.archive_away.empty()) return {Errc::unavailable, "what is archived was not compared: " + report.archive_away};
  if (report.sound()) return {};
  return {Errc::corrupt, fmt::format("the store is damaged in {} places", total(report.damage))};
}

Result<void> inspect_store(store::Store& store, Arguments& args, Exchange& exchange) {
  TELEPOST_ASSIGN(const std::string name, args.text("partition"));
  TELEPOST_TRY(args.done());
  TELEPOST_ASSIGN(const schema::Partition partition, store::partition_named(store, name));
  Result<void> sent;
  TELEPOST_TRY(store::inspect(store, partition, [&](const store::Inspected& inspected) {
    sent = exchange.object({{"layout", inspected.layout},
                            {"space", name_of(inspected.space)},
                            {"key", to_hex(inspected.key)},
                            {"named", to_json(inspected.named)},
                            {"record", to_json(inspected.record)}});
    return sent.ok();
  }));
  return sent;
}

}  // namespace telepost::adapters::admin
