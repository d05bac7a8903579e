#include "store/redating.h"

#include <future>
#include <vector>

#include "base/bytes.h"
#include "base/log.h"
#include "policies/lifecycle.h"
#include "schema/class_digest.h"
#include "schema/effective_class.h"
#include "schema/keys.h"
#include "store/accounts.h"
#include "store/classes.h"
#include "store/due_list.h"
#include "store/kept_messages.h"
#include "store/message_dates.h"
#include "store/pace.h"
#include "store/rooms.h"

namespace telepost::store {
namespace keys = schema::keys;

namespace {

constexpr std::size_t kMessagesAtOnce = 500;  // the account's lock is held for some milliseconds
constexpr std::size_t kDocumentsAtOnce = 50;  // where each is read for its header
constexpr std::size_t kAccountsAtOnce = 500;
constexpr int kPagesAtOnce = 20;              // then other due work has its turn

constexpr std::uint64_t kBits = 3;
constexpr std::uint64_t kWalked = 2;

bool is_walked(std::uint64_t revision) { return (revision & kBits) == kWalked; }
std::uint64_t walked(std::uint64_t revision) { return (revision & ~kBits) | kWalked; }

std::vector<std::pair<std::string, std::string>> ranges_of(const schema::Configuration& configuration) {
  std::vector<std::pair<std::string, std::string>> ranges;
  for (const schema::Domain& domain : configuration.domains) ranges.emplace_back(domain.name, domain.class_of_service);
  for (const schema::NumberRange& range : configuration.numbers) ranges.emplace_back(range.prefix, range.class_of_service);
  return ranges;
}

Result<std::optional<std::string>> kept_record(Rooms& rooms) {
  return rooms.engine->reader(schema::Partition::meta())->get(Space::point, std::string(keys::kRedating));
}

Result<void> date_message(AccountWrite& write, schema::LocalId local, const schema::MessageRecord& record) {
  if (record.placements.empty()) return {};  // not the subscriber's any more: KeptMessages dates it
  const schema::Placement& first = record.placements.front();
  TELEPOST_ASSIGN(const auto bytes, write.get(Space::scan, keys::summary(first.mailbox, first.uid)));
  if (!bytes) return {Errc::corrupt, "a placement without summary; run telepost verify"};
  TELEPOST_ASSIGN(const schema::Summary summary, schema::decode_Summary(*bytes));
  TELEPOST_ASSIGN(const policies::Lifecycle lifecycle, lifecycle_of(write, {record, summary}));
  add_due_dates(write, local, {}, lifecycle);
  return {};
}

// One that is damaged keeps the others from nothing: verify tells of it.
Result<void> date_stored(AccountWrite& write, schema::LocalId local, std::string_view bytes) {
  const Result<schema::MessageRecord> record = schema::decode_MessageRecord(bytes);
  const Result<void> dated = record.ok() ? date_message(write, local, *record) : Result<void>(record.error());
  if (dated.ok() || dated.error().kind != Errc::corrupt) return dated;
  log::error("message_not_dated", {{"message", schema::to_string(schema::MessageId{write.account(), local})}, {"reason", to_string(dated.error())}});
  return {};
}

// What undelete keeps, and what may lie online. Whether it is over its soft quota is asked with every batch.
Result<void> date_account(AccountWrite& write) {
  TELEPOST_TRY(KeptMessages(write).redate());
  const auto relief = policies::relief(write.service());
  if (relief && schema::online_bytes(write.head()) > relief->above_bytes) write.add_due(write.now(), due::kRelieve, due::no_id());
  return {};
}

// The batch that dates the account, under way; nothing where there is nothing to do.
Result<std::optional<std::future<Result<void>>>> begin_account(Rooms& rooms, schema::AccountId id) {
  using Begun = std::optional<std::future<Result<void>>>;
  const auto shown = Accounts(rooms).show(id);
  if (!shown.ok() && shown.error().kind == Errc::not_found) return Begun();  // being made, or gone
  TELEPOST_TRY(shown);
  if (effective_class(rooms, shown->profile)->revision == shown->head.policy_revision) return Begun();
  Result<AccountWrite> write = AccountWrite::begin(rooms, id, AccountWrite::Mode::with_reads);
  if (!write.ok() && write.error().kind == Errc::not_found) return Begun();
  TELEPOST_TRY(write);
  std::uint64_t& kept = write->head().policy_revision;
  if (is_walked(kept)) return Begun();
  kept = walked(write->service().revision);
  TELEPOST_ASSIGN(const auto rest, Redating::step(*write, {}));
  if (rest) write->add_due(write->now(), due::kRedate, due::id_of(*rest));
  auto promise = std::make_shared<std::promise<Result<void>>>();
  Begun begun = promise->get_future();
  write->submit([promise](const Result<void>& result) { promise->set_value(result); });
  return Result<Begun>(std::move(begun));
}

}  // namespace

void Redating::note(AccountWrite& write) {
  std::uint64_t& kept = write.head().policy_revision;
  const std::uint64_t revision = write.service().revision;
  if (kept == revision || (kept & ~kBits) == (revision & ~kBits)) return;
  // One that dates nothing leaves standing what another dated: that it holds for the account is still to be found out.
  kept = ((revision == 0 ? kept : revision) & ~kBits) | (is_walked(kept) ? kWalked : 0);
}

void Redating::check(AccountWrite& write) {
  std::uint64_t& kept = write.head().policy_revision;
  const std::uint64_t revision = write.service().revision;
  if (kept == revision || is_walked(kept)) return;  // who goes through it sees that the policy is another
  const bool has_dates = revision != 0 || write.head().purge_due || write.head().parked.messages > 0;
  kept = has_dates ? walked(revision) : 0;
  if (has_dates) write.add_due(write.now(), due::kRedate, due::id_of({}));
}

void Redating::restart(AccountWrite& write) {
  if (!write.service().needs_places || !write.service().dates_messages()) return;
  std::uint64_t& kept = write.head().policy_revision;
  const bool stands = is_walked(kept);
  kept = stands ? kWalked : walked(write.service().revision);
  if (!stands) write.add_due(write.now(), due::kRedate, due::id_of({}));
}

Result<std::optional<schema::LocalId>> Redating::step(AccountWrite& write, schema::LocalId after) {
  using Rest = std::optional<schema::LocalId>;
  std::uint64_t& kept = write.head().policy_revision;
  const std::uint64_t revision = write.service().revision;
  if (!is_walked(kept)) return Rest();
  if (kept != walked(revision)) after = {};  // begun under another policy
  kept = walked(revision);
  if (after == schema::LocalId{}) TELEPOST_TRY(date_account(write));
  if (!write.service().dates_messages()) {
    kept = revision;
    return Rest();
  }
  const std::string begin = keys::message(schema::LocalId{after.value + 1});
  const std::size_t at_once = write.service().needs_fields ? kDocumentsAtOnce : kMessagesAtOnce;
  TELEPOST_ASSIGN(const auto records, write.scan(Space::point, begin, keys::after("M"), at_once));
  bool more = records.size() == at_once;
  for (const auto& [key, value] : records) {
    if (write.full()) {
      more = true;
      break;
    }
    after = {ByteReader(std::string_view(key).substr(1)).u64()};
    TELEPOST_TRY(date_stored(write, after, value));
  }
  if (more) return Rest(after);
  kept = revision;
  return Rest();
}

Result<void> Redating::keep(const schema::RedatingRecord& record, const std::optional<std::string>& before) {
  CommitEntry entry{Batch(schema::Partition::meta()), {{Space::point, std::string(keys::kRedating), before}}};
  entry.batch.put(Space::point, keys::kRedating, schema::encode(record));
  CommitList list;
  list.push_back(std::move(entry));
  return rooms_.committer.commit(std::move(list));
}

Result<void> Redating::begin() {
  const std::uint64_t classes = schema::dates_digest(*rooms_.classes.get(), ranges_of(rooms_.configuration));
  for (;;) {
    TELEPOST_ASSIGN(const auto before, kept_record(rooms_));
    schema::RedatingRecord record;
    if (before) {
      TELEPOST_ASSIGN(record, schema::decode_RedatingRecord(*before));
    }
    if (record.classes == classes) return {};  // gone through, or under way
    const Result<void> begun = keep({classes, {}, false}, before);
    if (begun.ok() || begun.error().kind != Errc::conflict) return begun;
  }
}

Result<Redating::Followed> Redating::follow() {
  Pace pace(rooms_);
  Followed followed;
  for (int page = 0; page < kPagesAtOnce; ++page) {
    TELEPOST_ASSIGN(const auto before, kept_record(rooms_));
    schema::RedatingRecord record;
    if (before) {
      TELEPOST_ASSIGN(record, schema::decode_RedatingRecord(*before));
    }
    followed.more = before && !record.done;
    if (!followed.more || rooms_.stopping.load()) return followed;
    TELEPOST_ASSIGN(const std::size_t dated, take_page(record));
    followed.dated += dated;
    followed.more = !record.done;
    const Result<void> kept = keep(record, before);
    if (!kept.ok() && kept.error().kind != Errc::conflict) return kept.error();
    followed.more |= !kept.ok();  // conflict: the classes were replaced meanwhile
    pace.rest();
  }
  return followed;
}

// Whoever was not dated within the page's step has due work for it.
Result<std::size_t> Redating::take_page(schema::RedatingRecord& record) {
  std::vector<schema::AccountId> accounts;
  TELEPOST_TRY(Accounts(rooms_).list(record.after, [&](schema::AccountId id, const schema::AccountListRecord&) {
    accounts.push_back(id);
    return accounts.size() < kAccountsAtOnce;
  }));
  std::vector<std::future<Result<void>>> under_way;
  Result<void> all;
  for (const schema::AccountId id : accounts) {
    auto begun = begin_account(rooms_, id);
    if (!begun.ok() && begun.error().kind == Errc::corrupt) {
      log::error("account_not_dated", {{"account", schema::to_string(id)}, {"reason", to_string(begun.error())}});
      continue;
    }
    if (!begun.ok()) {  // the others of the page need not wait
      if (all.ok()) all = Error{begun.error().kind, schema::to_string(id) + " cannot be dated: " + begun.error().detail};
      continue;
    }
    if (*begun) under_way.push_back(std::move(**begun));
  }
  for (auto& each : under_way) {
    Result<void> done = each.get();
    if (!done.ok()) all = std::move(done);
  }
  if (!accounts.empty()) record.after = accounts.back();
  record.done = accounts.size() < kAccountsAtOnce;
  TELEPOST_TRY(all);
  return under_way.size();
}

}  // namespace telepost::store
