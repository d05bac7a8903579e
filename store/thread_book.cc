#include "store/thread_book.h"

#include <algorithm>
#include <tuple>

#include "base/bytes.h"
#include "schema/keys.h"
#include "store/message_writer.h"

namespace telepost::store {
namespace keys = schema::keys;

namespace {

constexpr std::size_t kOpenConversations = 64;  // with one partner; of more the oldest takes no message any more

bool is_older(const ThreadBook::Member& a, const ThreadBook::Member& b) {
  return std::tie(a.received, a.local) < std::tie(b.received, b.local);
}

std::vector<ThreadBook::Member>::iterator find(std::vector<ThreadBook::Member>& members, schema::LocalId local) {
  return std::find_if(members.begin(), members.end(), [&](const ThreadBook::Member& member) { return member.local == local; });
}

bool is_full_thread(const schema::ThreadRecord& thread) {
  return thread.joined >= kThreadMessages || thread.ids.size() + kMaxTies > kThreadIds;
}

std::string number_value(schema::ThreadId id) {
  std::string value;
  ByteWriter(value).u64(id.value);
  return value;
}

// About what its record takes.
std::size_t weight_of(const schema::ThreadRecord& thread) {
  std::size_t weight = 100 + 9 * thread.ids.size();
  for (const ThreadBook::Member& member : thread.members) weight += 20 + 5 * member.mailboxes.size();
  return weight;
}

}  // namespace

Result<ThreadBook::Touched*> ThreadBook::open(schema::ThreadId id) {
  const auto known = touched_.find(id);
  if (known != touched_.end()) return &known->second;
  TELEPOST_ASSIGN(const auto bytes, write_.get(Space::point, keys::thread(id)));
  Touched touched;
  if (bytes) {
    TELEPOST_ASSIGN(touched.now, schema::decode_ThreadRecord(*bytes));
    touched.was = touched.now;
  }
  weight_ += 200 + weight_of(touched.now);
  return &touched_.emplace(id, std::move(touched)).first->second;
}

Result<schema::ThreadId> ThreadBook::join(const ThreadTies& ties, const Member& member, schema::Modseq modseq) {
  TELEPOST_ASSIGN(const auto found, ties.partner != 0 ? find_by_partner(ties, member.received) : find_by_ids(ties));
  // Its own number may be that of a thread which it began once: then it is imported again.
  const schema::ThreadId id = found.value_or(schema::ThreadId{member.local.value});
  TELEPOST_TRY(add(id, ties, member, modseq));
  return id;
}

Result<void> ThreadBook::come_back(schema::ThreadId id, const ThreadTies& ties, const Member& member, schema::Modseq modseq) {
  return add(id, ties, member, modseq);
}

// The one that was talked in last, of those within reach.
Result<std::optional<schema::ThreadId>> ThreadBook::find_by_partner(const ThreadTies& ties, Time received) {
  TELEPOST_ASSIGN(const schema::PartnerRecord record, partner(ties.partner));
  const schema::PartnerRecord::Open* best = nullptr;
  for (const schema::PartnerRecord::Open& each : record.threads) {
    const bool reaches = received < each.last + kSilence && received > each.first - kSilence;
    if (reaches && (best == nullptr || each.last > best->last)) best = &each;
  }
  return best == nullptr ? std::nullopt : std::optional(best->thread);
}

Result<std::optional<schema::ThreadId>> ThreadBook::find_by_ids(const ThreadTies& ties) {
  std::optional<schema::ThreadId> oldest;
  schema::Modseq created{};
  for (const std::uint64_t hash : ties.ids) {
    TELEPOST_ASSIGN(const auto bytes, write_.get(Space::point, keys::thread_by_id(hash)));
    if (!bytes) continue;
    const schema::ThreadId id{ByteReader(*bytes).u64()};
    TELEPOST_ASSIGN(const Touched* const touched, open(id));
    if (touched->now.members.empty() || is_full_thread(touched->now)) continue;
    if (oldest && touched->now.created >= created) continue;
    oldest = id;
    created = touched->now.created;
  }
  return oldest;
}

Result<void> ThreadBook::add(schema::ThreadId id, const ThreadTies& ties, const Member& member, schema::Modseq modseq) {
  TELEPOST_ASSIGN(Touched* const touched, open(id));
  schema::ThreadRecord& thread = touched->now;
  // Readers who knew it never saw that it was gone within the batch.
  if (thread.members.empty()) thread.created = touched->was ? touched->was->created : modseq;
  ++thread.joined;
  TELEPOST_TRY(lead(id, *touched, ties, member.received));
  return place(id, member, modseq);
}

// What comes later finds it by these.
Result<void> ThreadBook::lead(schema::ThreadId id, Touched& touched, const ThreadTies& ties, Time received) {
  schema::ThreadRecord& thread = touched.now;
  for (const std::uint64_t hash : ties.ids) {
    TELEPOST_ASSIGN(const auto known, write_.get(Space::point, keys::thread_by_id(hash)));
    if (known) {
      if (hash != ties.ids.front()) continue;
      TELEPOST_ASSIGN(Touched* const other, open({ByteReader(*known).u64()}));
      if (!is_full_thread(other->now)) continue;
      std::erase(other->now.ids, hash);  // it takes nothing any more
    }
    write_.put(Space::point, keys::thread_by_id(hash), number_value(id));
    thread.ids.push_back(hash);
    weight_ += 20;
  }
  if (ties.partner == 0) return {};
  thread.partner = ties.partner;
  TELEPOST_ASSIGN(schema::PartnerRecord record, partner(ties.partner));
  const auto is_it = [&](const schema::PartnerRecord::Open& each) { return each.thread == id; };
  auto entry = std::find_if(record.threads.begin(), record.threads.end(), is_it);
  if (entry == record.threads.end()) entry = record.threads.insert(entry, {id, received, received});
  entry->first = std::min(entry->first, received);
  entry->last = std::max(entry->last, received);
  if (is_full_thread(thread)) record.threads.erase(entry);
  if (record.threads.size() > kOpenConversations) {
    record.threads.erase(std::min_element(record.threads.begin(), record.threads.end(),
                                          [](const auto& a, const auto& b) { return a.last < b.last; }));
  }
  put_partner(ties.partner, record);
  return {};
}

Result<void> ThreadBook::place(schema::ThreadId id, const Member& member, schema::Modseq modseq) {
  TELEPOST_ASSIGN(Touched* const touched, open(id));
  std::vector<Member>& members = touched->now.members;
  const auto there = find(members, member.local);
  if (there != members.end() && *there == member) return {};
  touched->counted = modseq;
  if (there != members.end() && there->received == member.received) {
    *there = member;
    return {};
  }
  if (there != members.end()) members.erase(there);
  members.insert(std::upper_bound(members.begin(), members.end(), member, is_older), member);
  touched->now.modseq = modseq;
  weight_ += 20 + 5 * member.mailboxes.size();
  return {};
}

Result<void> ThreadBook::leave(schema::ThreadId id, schema::LocalId message, schema::Modseq modseq) {
  TELEPOST_ASSIGN(Touched* const touched, open(id));
  std::vector<Member>& members = touched->now.members;
  const auto there = find(members, message);
  if (there == members.end()) return {};
  members.erase(there);
  touched->now.modseq = touched->counted = modseq;
  return members.empty() ? forget(id, touched->now) : Result<void>();
}

// At once: the next message of this batch may name the same ids.
Result<void> ThreadBook::forget(schema::ThreadId id, schema::ThreadRecord& thread) {
  for (const std::uint64_t hash : thread.ids) write_.erase(Space::point, keys::thread_by_id(hash));
  if (thread.partner != 0) {
    TELEPOST_ASSIGN(schema::PartnerRecord record, partner(thread.partner));
    std::erase_if(record.threads, [&](const schema::PartnerRecord::Open& each) { return each.thread == id; });
    put_partner(thread.partner, record);
  }
  weight_ += 20 * thread.ids.size();
  const schema::Modseq modseq = thread.modseq;
  thread = {};
  thread.modseq = modseq;
  return {};
}

Result<schema::PartnerRecord> ThreadBook::partner(std::uint64_t hash) const {
  TELEPOST_ASSIGN(const auto bytes, write_.get(Space::point, keys::threads_by_partner(hash)));
  return bytes ? schema::decode_PartnerRecord(*bytes) : schema::PartnerRecord();
}

void ThreadBook::put_partner(std::uint64_t hash, const schema::PartnerRecord& record) {
  if (record.threads.empty()) write_.erase(Space::point, keys::threads_by_partner(hash));
  else write_.put(Space::point, keys::threads_by_partner(hash), schema::encode(record));
}

Result<void> ThreadBook::recount(schema::ThreadId id, schema::MailboxId trash, bool only_new) {
  TELEPOST_ASSIGN(const Touched* const touched, open(id));
  const Standings was = standings_of(touched->now.members, trash_);
  if (only_new && was.contains(trash_)) return {};
  return orders_.stand(was, standings_of(touched->now.members, trash), write_.head().modseq);
}

Result<void> ThreadBook::finish() {
  for (const auto& [id, touched] : touched_) {
    if (touched.was ? *touched.was != touched.now : !touched.now.members.empty()) TELEPOST_TRY(write(id, touched));
  }
  touched_.clear();
  weight_ = 0;
  orders_.finish();
  return {};
}

Result<void> ThreadBook::write(schema::ThreadId id, const Touched& touched) {
  const bool stays = !touched.now.members.empty();
  log(id, touched);
  TELEPOST_TRY(order_members(touched));
  const Standings was = touched.was ? standings_of(touched.was->members, trash_) : Standings();
  TELEPOST_TRY(orders_.stand(was, standings_of(touched.now.members, trash_), touched.counted));
  if (stays) write_.put(Space::point, keys::thread(id), schema::encode(touched.now));
  else write_.erase(Space::point, keys::thread(id));
  return {};
}

void ThreadBook::log(schema::ThreadId id, const Touched& touched) {
  const bool stays = !touched.now.members.empty();
  if (touched.was && stays && touched.was->modseq == touched.now.modseq) return;
  if (touched.was) write_.erase(Space::scan, keys::thread_change(touched.was->modseq));
  if (stays) {
    write_.put(Space::scan, keys::thread_change(touched.now.modseq), schema::encode(schema::ThreadChangeRecord{id, touched.now.created}));
  } else {
    write_.put(Space::scan, keys::thread_gone(touched.now.modseq), schema::encode(schema::ThreadChangeRecord{id, touched.was->created}));
  }
}

// Both lists are sorted alike.
Result<void> ThreadBook::order_members(const Touched& touched) {
  const std::vector<Member> none;
  const std::vector<Member>& was = touched.was ? touched.was->members : none;
  const std::vector<Member>& now = touched.now.members;
  std::vector<Member> gone, come;
  std::set_difference(was.begin(), was.end(), now.begin(), now.end(), std::back_inserter(gone), is_older);
  std::set_difference(now.begin(), now.end(), was.begin(), was.end(), std::back_inserter(come), is_older);
  for (const Member& member : gone) TELEPOST_TRY(orders_.remove(keys::kAllMail, order_key(member.received, member.local)));
  for (const Member& member : come) TELEPOST_TRY(orders_.insert(keys::kAllMail, order_key(member.received, member.local)));
  return {};
}

}  // namespace telepost::store
