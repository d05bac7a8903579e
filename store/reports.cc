#include "store/reports.h"

#include <unistd.h>

#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/sha256.h"
#include "schema/keys.h"
#include "store/account_write.h"
#include "store/accounts.h"
#include "store/due_list.h"
#include "store/intake.h"
#include "store/message_reader.h"
#include "store/resolve.h"
#include "store/rooms.h"

namespace telepost::store {
namespace mime = transcoders::mime;
using mime::ReportAction;

namespace {

constexpr std::size_t kHeaderBytes = 32u << 10;    // of the message, read for its report
constexpr Duration kKeepKeys = std::chrono::days(7);
constexpr std::size_t kContentBytes = 24u << 10;   // a larger message goes back as its header (RFC 3461 section 4.3)

metrics::Counter& reports() {
  static metrics::Counter counter("telepost_reports_total", "Reports on mail to its senders", {"action", "result"});
  return counter;
}

NewJob job_of(const mime::DeliveryReport& report, std::string bytes, const Reported& about) {
  schema::MailJob mail;
  mail.report = true;
  mail.trace = about.trace;
  mail.smtputf8 = mime::is_international(report);
  mail.body = mail.smtputf8 ? schema::MailBody::eight_bit : schema::MailBody::seven_bit;
  mail.content_size = bytes.size();
  mail.content = std::move(bytes);
  schema::MailRecipient& to = mail.to.emplace_back();
  to.address = about.from;
  to.request.notify.never = true;
  NewJob job;
  job.network = schema::Network::mail;
  job.destination = to_lower(about.from.substr(about.from.rfind('@') + 1));
  job.payload = schema::encode(mail);
  return job;
}

}  // namespace

bool passes(Errc kind) {
  switch (kind) {
    case Errc::busy:
    case Errc::conflict:
    case Errc::disk_full:
    case Errc::io:
    case Errc::unavailable:
    case Errc::timeout:
    case Errc::cancelled: return true;
    case Errc::invalid:
    case Errc::too_large:
    case Errc::too_many:
    case Errc::not_found:
    case Errc::exists:
    case Errc::refused:
    case Errc::denied:
    case Errc::over_quota:
    case Errc::corrupt:
    case Errc::unsupported: return false;
  }
  return false;
}

std::string reporting_host(const Rooms& rooms) {
  if (!rooms.configuration.smtp.hostname.empty()) return rooms.configuration.smtp.hostname;
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 && name[0] != '\0' ? std::string(name.data()) : std::string("localhost");
}

void drop_report(std::string_view why, std::string_view to, std::string_view trace, const std::string& reason) {
  static metrics::Counter counter("telepost_reports_dropped_total", "Reports that nobody gets", {"why"});
  counter.with({std::string(why)}).add();
  log::warning("report_dropped", {{"why", why}, {"to", to}, {"trace", trace}, {"reason", reason}});
}

bool is_wanted(const schema::Notify& notify, ReportAction action) {
  if (notify.never) return false;
  switch (action) {
    case ReportAction::failed: return notify.failure || !notify.asked();
    case ReportAction::delayed: return notify.delay || !notify.asked();  // section 4.1 (e): without NOTIFY, if the system likes
    case ReportAction::delivered:
    case ReportAction::relayed:
    case ReportAction::expanded: return notify.success;
  }
  return false;
}

Result<std::string> Reports::source(const Reported& about, std::uint64_t size) {
  std::string bytes;
  if (about.message.local.value == 0) return bytes;
  const Result<void> read = MessageReader(rooms_).source(about.message, about.header_offset, size, {}, [&bytes](std::string_view some) {
    bytes.append(some);
    return true;
  });
  if (!read.ok() && read.error().kind != Errc::not_found) return read.error();
  return bytes;
}

Result<mime::DeliveryReport> Reports::compose(const Reported& about, const std::vector<mime::ReportedRecipient>& recipients,
                                              const std::string& key) {
  mime::DeliveryReport report;
  report.host = reporting_host(rooms_);
  report.to = about.from;
  report.date = rooms_.clock.now();
  report.envid = about.request.envid;
  report.arrived = about.arrived;
  report.id = to_hex(sha256(key + '\n' + about.from)).substr(0, 32);
  report.recipients = recipients;
  const bool failed = std::any_of(recipients.begin(), recipients.end(), [](const auto& r) { return r.action == ReportAction::failed; });
  const bool full = failed && about.request.ret == schema::ReportReturn::full && about.size <= kContentBytes;
  TELEPOST_ASSIGN(std::string bytes, source(about, full ? kContentBytes : kHeaderBytes));
  const std::size_t end = bytes.starts_with("\r\n") ? 0 : bytes.find("\r\n\r\n");
  report.header = bytes.substr(0, end == std::string::npos ? end : end + 2);
  if (full && !bytes.empty()) report.content = std::move(bytes);
  return report;
}

Result<std::optional<NewJob>> Reports::send(const Reported& about, const std::vector<mime::ReportedRecipient>& recipients,
                                            const std::string& key) {
  std::optional<NewJob> job;
  if (about.from.empty() || recipients.empty()) return job;
  const std::string action(name_of(recipients.front().action));
  Result<std::string> canonical = canonical_address("mailto:" + about.from);
  if (!canonical.ok() || about.from.find('@') == std::string::npos) {
    drop_report("no_address", about.from, about.trace, canonical.ok() ? "" : canonical.error().detail);
    return job;
  }
  ResolveOptions never;
  never.creation = ResolveOptions::Creation::never;
  const Result<Recipient> local = resolve_now(rooms_, *canonical, never);
  const bool ours = local.ok() || serves(rooms_, *canonical);
  if (!local.ok() && (passes(local.error().kind) || ours)) {
    if (passes(local.error().kind)) return local.error();
    drop_report("no_such_sender", about.from, about.trace, local.error().detail);
    return job;
  }
  TELEPOST_ASSIGN(const mime::DeliveryReport report, compose(about, recipients, key));
  std::string bytes = mime::build_report(report);
  if (!local.ok()) {
    job = job_of(report, std::move(bytes), about);
    reports().with({action, "queued"}).add();
    return job;
  }
  Incoming incoming;
  incoming.origin.network = "report";
  incoming.origin.trace = about.trace;
  incoming.to = {*local};
  incoming.trace_block = "Return-Path: <>\r\n";
  incoming.delivery_key = std::string("\0report ", 8) + key;  // a name that no peer can give
  const Result<Delivered> delivered = IntakeSession::deliver_here(rooms_, std::move(incoming), bytes);
  reports().with({action, delivered.ok() ? "delivered" : "dropped"}).add();
  if (delivered.ok()) return job;
  if (passes(delivered.error().kind)) return delivered.error();
  drop_report("refused", about.from, about.trace, to_string(delivered.error()));
  return job;
}

Result<void> Reports::leave_with(const std::vector<schema::MessageId>& others, const std::string& key, const schema::ReportRecord& report) {
  const std::string known = schema::keys::delivery_key(std::string("\0left ", 6) + key);  // a name that no peer can give
  for (const schema::MessageId& other : others) {
    Result<AccountWrite> write = AccountWrite::begin(rooms_, other.account, AccountWrite::Mode::with_reads);
    if (!write.ok() && write.error().kind == Errc::not_found) continue;
    TELEPOST_TRY(write);
    if (write->profile().state == schema::AccountState::deleting) continue;
    TELEPOST_ASSIGN(const auto left, write->get(Space::point, known));
    if (left) return {};
    const Time forget = rooms_.clock.now() + kKeepKeys;
    write->put(Space::point, known, schema::encode(schema::DeliveryKeyRecord{other.local, forget}));
    write->add_due(forget, due::kForgetKey, std::string_view(known).substr(1));
    write->add_due(rooms_.clock.now(), due::kReport, due::id_of(other.local), schema::encode(report));
    return write->commit();
  }
  drop_report("no_account", report.to, report.trace, report.recipients.empty() ? "" : report.recipients.front().reply);
  return {};
}

}  // namespace telepost::store
