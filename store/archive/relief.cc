#include "store/archive/relief.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "base/log.h"
#include "policies/lifecycle.h"
#include "schema/document.h"
#include "schema/keys.h"
#include "store/archive/side_by_side.h"
#include "store/lease.h"
#include "store/message_dates.h"
#include "store/message_edit.h"
#include "store/message_reader.h"
#include "store/rooms.h"

namespace telepost::store {
namespace keys = schema::keys;

namespace {

constexpr std::size_t kGroupMessages = 64;
constexpr std::uint64_t kGroupBytes = 64u << 20;
constexpr std::size_t kParkedAtOnce = 256;
// Longer than a group may take; then what a crash left of it is removed.
constexpr Duration kCheckArchived = std::chrono::hours(6);
constexpr Duration kTryAgain = std::chrono::hours(24);  // of a source that is damaged here, or still to be sent

schema::LocalId local_of_parked(std::string_view key) { return {ByteReader(key.substr(9)).u64()}; }

void tell(schema::MessageId message, const Error& error) {
  log::error("not_archived", {{"message", schema::to_string(message)}, {"reason", to_string(error)}});
}

}  // namespace

// What the owner of a slice writes after its lease has gone to somebody else is refused.
Result<void> Relief::commit(AccountWrite& write) {
  if (work_.run.lease() != nullptr) write.before(work_.run.lease()->fence());
  return write.commit();
}

Result<bool> Relief::run() {
  for (;;) {
    std::vector<Candidate> chosen;
    TELEPOST_ASSIGN(const bool more, choose(chosen));
    if (!chosen.empty()) {
      copy_all(chosen);
      TELEPOST_TRY(settle(chosen));
    }
    const bool all_begun = std::all_of(chosen.begin(), chosen.end(), [](const Candidate& each) { return each.begun; });
    if (!more && all_begun) return false;
    if (!all_begun || work_.run.is_stopping() || work_.run.is_out_of_time()) return true;
    work_.run.after_step();
  }
}

// The longest untouched, as far as a group and the low water allow. What turns out to be touched, or not to be archived any more, leaves
// the queue.
Result<bool> Relief::choose(std::vector<Candidate>& chosen) {
  TELEPOST_ASSIGN(AccountWrite write, AccountWrite::begin(rooms_, work_.account, AccountWrite::Mode::with_reads));
  const auto relief = policies::relief(write.service());
  std::uint64_t left = schema::online_bytes(write.head());
  if (!relief || (!begun_ && left <= relief->above_bytes)) return false;
  if (!std::exchange(begun_, true)) write.put(Space::queue, item_.key, "1");
  const std::uint64_t low_water = relief->down_to_bytes;
  TELEPOST_ASSIGN(const auto parked, write.scan(Space::queue, from_, keys::after(keys::kParked), kParkedAtOnce));
  std::uint64_t bytes = 0;
  bool looked_at = false;
  for (const auto& [key, value] : parked) {
    if (left <= low_water || chosen.size() == kGroupMessages || bytes >= kGroupBytes || write.full()) break;
    looked_at = true;
    const std::size_t before = chosen.size();
    const Result<void> judged = judge(write, key, chosen);
    if (!judged.ok() && judged.error().kind != Errc::corrupt) return judged.error();
    if (!judged.ok()) {  // it must not keep the others here
      ++work_.run.count().failed;
      tell({work_.account, local_of_parked(key)}, judged.error());
      from_ = key + '\0';
    }
    if (chosen.size() == before) continue;
    const std::uint64_t size = chosen.back().record.size_bytes;
    left -= std::min(left, size);
    bytes += size;
  }
  if (write.size_bytes() > 0) TELEPOST_TRY(commit(write));
  return left > low_water && looked_at;
}

// The policy of this moment decides.
Result<void> Relief::judge(AccountWrite& write, const std::string& parked, std::vector<Candidate>& chosen) {
  const schema::LocalId local = local_of_parked(parked);
  Result<MessageEdit> edit = MessageEdit::open(write, local);
  if (!edit.ok() && edit.error().kind != Errc::not_found) return edit.error();
  if (!edit.ok() || !edit->record().parked || keys::untouched(*edit->record().parked, local) != parked) {
    return {Errc::corrupt, "it waits to be archived without its record; run telepost verify"};
  }
  TELEPOST_ASSIGN(const policies::Lifecycle lifecycle, lifecycle_of(write, {edit->record(), edit->summary()}));
  TELEPOST_ASSIGN(const bool is_sent, is_being_sent(write, local));  // to be read again soon, by whoever sends it
  if (is_sent || !lifecycle.archive_after || lifecycle.archive_after->time > rooms_.clock.now()) {
    edit->unpark();
    if (!lifecycle.archive_after) return {};
    const Time again = is_sent ? rooms_.clock.now() + kTryAgain : lifecycle.archive_after->time;
    write.add_due(std::max(again, lifecycle.archive_after->time), due::kArchive, due::id_of(local));
    return {};
  }
  Candidate candidate;
  candidate.local = local;
  candidate.number = rooms_.numbers.next();
  candidate.check = rooms_.clock.now() + kCheckArchived;
  candidate.record = edit->record();
  candidate.policy = policies::policy_of(*lifecycle.archive_after->rule);
  candidate.reason = lifecycle.archive_after->reason;
  const std::uint64_t parts = (candidate.record.size_bytes + schema::kArchivePartBytes - 1) / schema::kArchivePartBytes;
  write.add_due(candidate.check, due::kCheckArchived, due::id_of(local, candidate.number), due::archived_parts(parts));
  chosen.push_back(std::move(candidate));
  return {};
}

void Relief::copy_all(std::vector<Candidate>& chosen) {
  const auto work = [&](std::size_t index) {
    Candidate& candidate = chosen[index];
    const bool is_first = index < kArchiveCallsAtOnce;  // else nothing would ever go where choosing takes longer than a sweep's patience
    if (rooms_.stopping.load() || (!is_first && work_.run.is_out_of_time())) return false;
    candidate.begun = true;
    candidate.copied = copy(candidate);
    return candidate.is_settled();
  };
  do_side_by_side(chosen.size(), work, [&] { work_.run.keep_lease(); });
}

// What is damaged here is not carried on: the part that arrived must be what its document's digest says.
Result<void> Relief::copy(Candidate& candidate) {
  const schema::MessageId id{work_.account, candidate.local};
  MessageReader reader(rooms_);
  TELEPOST_ASSIGN(candidate.document, reader.document(id));
  TELEPOST_ASSIGN(const schema::Document document, schema::read_document(candidate.document));
  Sha256 arrived;
  std::uint64_t trace = document.trace_size_bytes;
  for (std::uint64_t offset = 0; offset < candidate.record.size_bytes; offset += schema::kArchivePartBytes) {
    std::string part;
    TELEPOST_TRY(reader.source(id, offset, schema::kArchivePartBytes, {}, [&](std::string_view bytes) {
      part.append(bytes);
      return true;
    }));
    const std::uint64_t skipped = std::min<std::uint64_t>(trace, part.size());
    trace -= skipped;
    arrived.update(std::string_view(part).substr(skipped));
    const Digest digest = sha256(part);
    const auto index = static_cast<std::uint32_t>(candidate.where.parts.size());
    TELEPOST_TRY(rooms_.archive.put({id, candidate.number, index}, part, digest));
    candidate.where.parts.push_back(digest);
  }
  candidate.where.number = candidate.number;
  if (arrived.finish() != document.digest) return {Errc::corrupt, "the source is not what its document's digest says; run telepost verify"};
  return {};
}

Result<void> Relief::settle(std::vector<Candidate>& chosen) {
  Result<void> failed;
  for (std::size_t next = 0; next < chosen.size();) {
    TELEPOST_ASSIGN(AccountWrite write, AccountWrite::begin(rooms_, work_.account, AccountWrite::Mode::with_reads));
    AuditTrail audit(work_.account);
    for (; next < chosen.size() && (write.size_bytes() == 0 || write.has_room(chosen[next].document.size())); ++next) {
      if (chosen[next].begun && !chosen[next].is_settled() && failed.ok()) failed = chosen[next].copied;
      TELEPOST_TRY(settle(write, audit, chosen[next]));
    }
    audit.attach_to(rooms_, write);
    TELEPOST_TRY(commit(write));
  }
  return failed;
}

// What was copied belongs to the message unless it changed meanwhile; what does not is removed by the due work that stands for it.
Result<void> Relief::settle(AccountWrite& write, AuditTrail& audit, Candidate& candidate) {
  ++work_.run.count().due;
  const std::string check = keys::due(candidate.check, due::kCheckArchived, due::id_of(candidate.local, candidate.number));
  TELEPOST_ASSIGN(const auto stands, write.get(Space::queue, check));
  if (!stands) return {};  // it took too long
  Result<MessageEdit> edit = MessageEdit::open(write, candidate.local);
  if (!edit.ok() && edit.error().kind != Errc::not_found) return edit.error();
  const bool unchanged = edit.ok() && edit->record().tier == schema::Tier::online && edit->record().parked == candidate.record.parked &&
                         edit->record().accessed == candidate.record.accessed;
  write.erase(Space::queue, check);
  if (unchanged && candidate.copied.ok()) {
    edit->archive(std::move(candidate.where), candidate.document);
    TELEPOST_TRY(edit->finish());
    audit.add(schema::AuditRecord::Action::archived, candidate.policy, candidate.reason, candidate.local);
    work_.run.count().bytes_freed += candidate.record.size_bytes;
    work_.run.count_done(rooms_.clock.now());
    return {};
  }
  if (!candidate.begun) return {};  // nothing of it is there
  write.add_due(rooms_.clock.now(), due::kRemoveArchived, due::id_of(candidate.local, candidate.number), *stands);
  if (candidate.copied.ok() || candidate.copied.error().kind != Errc::corrupt) return {};
  ++work_.run.count().failed;
  tell({work_.account, candidate.local}, candidate.copied.error());
  if (!unchanged) return {};
  edit->unpark();
  write.add_due(rooms_.clock.now() + kTryAgain, due::kArchive, due::id_of(candidate.local));
  return {};
}

}  // namespace telepost::store
