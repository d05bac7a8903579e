// The warnings that a due list holds: one when the account comes over its soft quota, one before the grace ends.
#include "base/bytes.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/sha256.h"
#include "store/duty.h"
#include "store/intake.h"
#include "store/quota.h"
#include "store/reports.h"
#include "store/rooms.h"
#include "transcoders/mime/builder.h"
#include "transcoders/mime/quota_notice.h"

namespace telepost::store {
namespace mime = transcoders::mime;

namespace {

void count(std::string_view result) {
  static metrics::Counter counter("telepost_quota_warnings_total", "Warnings to subscribers whose accounts become full", {"result"});
  counter.with({std::string(result)}).add();
}

mime::QuotaNotice notice_of(Rooms& rooms, const QuotaState& state, mime::QuotaNotice::Why why) {
  const schema::Quota& quota = state.service->settings.quota;
  const schema::Usage held = policies::total_of(state.head);
  mime::QuotaNotice notice;
  notice.why = why;
  notice.host = reporting_host(rooms);
  notice.date = rooms.clock.now();
  notice.percent = policies::percent_used(quota, held).value_or(0);
  notice.messages = held.messages;
  notice.bytes = held.bytes;
  notice.max_messages = quota.messages;
  notice.max_bytes = quota.bytes;
  notice.full_at = state.full_at;
  notice.more_leave = state.more_leave;
  for (const Leaving& each : state.leaving) {
    const schema::Summary& summary = each.summary;
    notice.leaving.push_back({each.when, summary.from_name.empty() ? summary.from : summary.from_name, summary.subject, summary.size_bytes});
  }
  return notice;
}

bool is_about(const schema::HeadRecord& head, const DueItem& item) {
  return head.over_quota_since && static_cast<std::uint64_t>(to_millis(*head.over_quota_since)) == due::number_of(item.id);
}

}  // namespace

// One of each for each time that the soft quota is passed, whatever fails in between: it is known by that time.
Result<void> warn_quota(DutyWork& work, const DueItem& item) {
  TELEPOST_ASSIGN(const QuotaState state, Quota(work.rooms).show(work.account));
  const bool soon_full = item.local().value == static_cast<std::uint64_t>(QuotaWarning::soon_full);
  if (!is_about(state.head, item) || (soon_full && !state.full_at) || state.profile.addresses.empty()) return {};  // below it again, or without grace
  const std::string key = std::string("\0quota ", 7) + std::to_string(to_millis(*state.head.over_quota_since)) + (soon_full ? " full" : " soft");
  mime::QuotaNotice notice = notice_of(work.rooms, state, soon_full ? mime::QuotaNotice::Why::soon_full : mime::QuotaNotice::Why::over_soft);
  notice.id = to_hex(sha256(key + schema::to_string(work.account))).substr(0, 32);
  const Result<mime::Mailbox> to = mime::mailbox_of(state.profile.addresses.front(), notice.host);
  if (to.ok()) notice.to = to->address;
  const Result<std::string> text = to.ok() ? mime::build_quota_notice(notice) : Result<std::string>(to.error());
  if (!text.ok()) {
    count("no_address");
    log::warning("quota_warning_dropped", {{"account", schema::to_string(work.account)}, {"reason", to_string(text.error())}});
    return {};
  }
  Incoming incoming;
  incoming.origin.network = "quota";
  incoming.to = {{work.account, state.profile.addresses.front(), "", {}}};
  incoming.trace_block = "Return-Path: <>\r\n";
  incoming.delivery_key = key;  // a name that no peer can give
  incoming.quota = Incoming::Quota::not_asked;
  const Result<Delivered> delivered = IntakeSession::deliver_here(work.rooms, std::move(incoming), *text);
  if (!delivered.ok() && passes(delivered.error().kind)) return delivered.error();
  count(delivered.ok() ? "delivered" : "refused");
  if (!delivered.ok()) log::warning("quota_warning_dropped", {{"account", schema::to_string(work.account)}, {"reason", to_string(delivered.error())}});
  return {};
}

// The next one of this sort has to wait for a day.
Result<void> note_quota_warning(DutyWork&, AccountWrite& write, const DueItem& item) {
  if (is_about(write.head(), item)) write.head().quota_warned[item.local().value % write.head().quota_warned.size()] = write.now();
  return {};
}

}  // namespace telepost::store
