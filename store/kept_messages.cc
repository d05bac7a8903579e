#include "store/kept_messages.h"

#include <algorithm>

#include "schema/document.h"
#include "schema/keys.h"
#include "store/due_list.h"
#include "store/mailboxes.h"
#include "store/message_dates.h"
#include "store/message_writer.h"

namespace telepost::store {
namespace keys = schema::keys;
using schema::KeptRecord;

namespace {

void count_in(schema::Usage& usage, const KeptRecord& kept) {
  ++usage.messages;
  usage.bytes += kept.summary.size_bytes;
}

void count_out(schema::Usage& usage, const KeptRecord& kept) {
  --usage.messages;
  usage.bytes -= kept.summary.size_bytes;
}

std::string key_of(const KeptRecord& kept) { return keys::kept(kept.departed.time, kept.summary.local); }
std::string parked_key_of(const KeptRecord& kept) { return keys::parked(kept.departed.time, kept.summary.local); }

}  // namespace

void KeptMessages::add(const KeptRecord& kept, const std::optional<Removals::Held>& held) {
  count_in(write_.head().kept, kept);
  if (held) return put_parked(kept, *held);
  write_.put(Space::scan, key_of(kept), schema::encode(kept));
  purge_at(is_over_bounds() ? write_.now() : purge_time(kept));
}

Result<std::optional<KeptMessages::Entry>> KeptMessages::find(schema::LocalId local, const schema::Departure& departed) const {
  TELEPOST_ASSIGN(auto bytes, write_.get(Space::scan, keys::kept(departed.time, local)));
  const Until until = bytes ? Until::purge : Until::release;
  if (!bytes) {
    TELEPOST_ASSIGN(bytes, write_.get(Space::scan, keys::parked(departed.time, local)));
  }
  if (!bytes) return std::optional<Entry>();
  TELEPOST_ASSIGN(KeptRecord record, schema::decode_KeptRecord(*bytes));
  return std::optional<Entry>({std::move(record), until});
}

// Where none is left, what was due finds nothing: the head names it until then.
void KeptMessages::remove(const Entry& entry) {
  count_out(write_.head().kept, entry.record);
  if (entry.until == Until::release) count_out(write_.head().parked, entry.record);
  write_.erase(Space::scan, entry.until == Until::release ? parked_key_of(entry.record) : key_of(entry.record));
}

void KeptMessages::put_parked(const KeptRecord& kept, const Removals::Held& held) {
  count_in(write_.head().parked, kept);
  park_again(kept, held);
}

void KeptMessages::park(const KeptRecord& kept, const Removals::Held& held) {
  write_.erase(Space::scan, key_of(kept));
  put_parked(kept, held);
}

// While its class is missing the purge takes nothing, and is one due item for all: what that class alone may keep waits for it.
void KeptMessages::park_again(const KeptRecord& kept, const Removals::Held& held) {
  if (held.hold == 0 && !write_.service().missing.empty()) return unpark(kept);
  KeptRecord parked = kept;
  parked.hold = held.hold;
  write_.put(Space::scan, parked_key_of(kept), schema::encode(parked));
  if (held.until) write_.add_due(*held.until, due::kUnpark, due::id_of(kept.summary.local));
  else write_.stay_for_hold(held.hold);
}

void KeptMessages::unpark(const KeptRecord& kept) {
  count_out(write_.head().parked, kept);
  write_.erase(Space::scan, parked_key_of(kept));
  KeptRecord free = kept;
  free.hold = 0;
  write_.put(Space::scan, key_of(kept), schema::encode(free));
  purge_at(is_over_bounds() ? write_.now() : purge_time(kept));
}

Time KeptMessages::purge_time(const KeptRecord& kept) const { return kept.departed.time + write_.service().settings.undelete.keep; }

// What a hold keeps takes nothing from what the subscriber may bring back.
bool KeptMessages::is_over_bounds() const {
  const schema::Undelete& bounds = write_.service().settings.undelete;
  const schema::Usage& kept = write_.head().kept;
  const schema::Usage& parked = write_.head().parked;
  return (bounds.bytes && kept.bytes - parked.bytes > *bounds.bytes) || (bounds.messages && kept.messages - parked.messages > *bounds.messages);
}

void KeptMessages::purge_at(Time time) {
  std::optional<Time>& due = write_.head().purge_due;
  if (due && *due <= std::max(time, write_.now())) return;
  due = write_.add_due(time, due::kPurge, due::no_id());
}

// The one that left first goes first. What a minimum retention keeps is judged again: it may end earlier now.
Result<void> KeptMessages::redate() {
  if (write_.head().parked.messages > 0) write_.add_due(write_.now(), due::kUnpark, due::no_id());
  if (write_.head().kept.messages == write_.head().parked.messages) return {};
  TELEPOST_ASSIGN(const auto first, write_.scan(Space::scan, "Z", keys::after("Z"), 1));
  if (first.empty()) return {};
  TELEPOST_ASSIGN(const KeptRecord kept, schema::decode_KeptRecord(first[0].second));
  purge_at(is_over_bounds() ? write_.now() : purge_time(kept));
  return {};
}

Result<KeptRecord> KeptMessages::of_sent(AccountWrite& write, schema::LocalId local) {
  TELEPOST_ASSIGN(const auto xml, write.document(local));
  if (!xml) return {Errc::corrupt, "a message without its document; run telepost verify"};
  TELEPOST_ASSIGN(const schema::Document document, schema::read_document(*xml));
  KeptRecord kept;
  kept.summary = summary_of(document, {});
  kept.places = {{kInbox, "", schema::Role::none}};  // is_lost()
  kept.departed = {schema::Removal::expunged, write.stamp()};
  return kept;
}

Result<std::vector<KeptRecord::Place>> KeptMessages::places(AccountWrite& write, const std::vector<schema::Placement>& placements) {
  std::vector<KeptRecord::Place> places;
  for (const schema::Placement& placement : placements) {
    TELEPOST_ASSIGN(auto place, place_of(write, placement.mailbox, true));
    places.push_back({placement.mailbox, std::move(place.path), place.role});
  }
  return places;
}

}  // namespace telepost::store
