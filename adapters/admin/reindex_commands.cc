// An account's indexes, made anew.
#include <fmt/format.h>

#include <optional>
#include <string>
#include <utility>

#include "adapters/admin/commands.h"
#include "store/reindex.h"

namespace telepost::adapters::admin {

namespace {
// So that a client that left, or a server that stops, ends the work.
constexpr Duration kNoticeEvery = std::chrono::seconds(1);

std::string notice_of(const store::Reindex::Progress& progress) {
  if (progress.read == 0) return "what was there before is taken out";
  return fmt::format("{} of {} changes are read", progress.read, progress.all);
}
}  // namespace

Result<void> reindex_account(store::Store& store, Arguments& args, Exchange& exchange) {
  TELEPOST_ASSIGN(const std::string who, args.text("account"));
  TELEPOST_ASSIGN(const bool wants_threads, args.flag("threads"));
  TELEPOST_ASSIGN(const bool wants_search, args.flag("search"));
  TELEPOST_TRY(args.done());
  TELEPOST_ASSIGN(const schema::AccountId account, account_named(store, who));
  std::set<store::IndexPart> parts;
  if (wants_threads || !wants_search) parts.insert(store::IndexPart::threads);
  if (wants_search || !wants_threads) parts.insert(store::IndexPart::words);
  store::Reindex reindex(store, account, std::move(parts));
  TELEPOST_TRY(reindex.begin());
  store::Reindex::Progress progress;
  for (std::optional<SteadyTime> told; !progress.is_done;) {
    TELEPOST_ASSIGN(progress, reindex.go_on());
    if (progress.is_done || (told && progress.at - *told < kNoticeEvery)) continue;
    told = progress.at;
    TELEPOST_TRY(exchange.notice(notice_of(progress)));
  }
  return exchange.object({{"id", to_string(account)},
                          {"threads", reindex.parts().contains(store::IndexPart::threads)},
                          {"search", reindex.parts().contains(store::IndexPart::words)},
                          {"changes", progress.all}});
}

}  // namespace telepost::adapters::admin
