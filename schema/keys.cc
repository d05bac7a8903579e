#include "schema/keys.h"

#include "base/assert.h"
#include "base/bytes.h"
#include "base/sha256.h"
#include "schema/contact_records.h"
#include "schema/index_records.h"
#include "schema/push_subscription_record.h"
#include "schema/search_records.h"
#include "schema/upload_record.h"
#include "schema/vacation_record.h"

namespace telepost::schema::keys {
namespace {

// A hash that every process and version computes alike (FNV-1a, 64 bits): it decides where records lie.
std::uint64_t stable_hash(std::string_view bytes) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (const char byte : bytes) hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3u;
  return hash ^ (hash >> 32);
}

std::uint16_t slice_of(std::string_view bytes, std::uint16_t slices) {
  return static_cast<std::uint16_t>(stable_hash(bytes) % slices);
}

class Key {
 public:
  explicit Key(char letter) { text_.reserve(32); text_.push_back(letter); }
  Key& u8(std::uint8_t value) { ByteWriter(text_).u8(value); return *this; }
  Key& u32(std::uint32_t value) { ByteWriter(text_).u32(value); return *this; }
  Key& u64(std::uint64_t value) { ByteWriter(text_).u64(value); return *this; }
  Key& time(Time value) { return u64(static_cast<std::uint64_t>(to_millis(value)) ^ (1ull << 63)); }
  Key& time_newest_first(Time value) { return u64(~(static_cast<std::uint64_t>(to_millis(value)) ^ (1ull << 63))); }
  Key& raw(std::string_view bytes) { text_.append(bytes); return *this; }
  operator std::string() { return std::move(text_); }  // NOLINT: implicit on purpose

 private:
  std::string text_;
};

}  // namespace

Partition directory_slice(std::string_view address) {
  return Partition::slice(PartitionKind::directory, slice_of(address, kDirectorySlices));
}
Partition account_list_slice(AccountId account) {
  return Partition::slice(PartitionKind::account_list, static_cast<std::uint16_t>(account.value >> 58));
}
Partition calendar_slice(const Partition& target) {
  return Partition::slice(PartitionKind::calendar, slice_of(target.bytes(), kCalendarSlices));
}
Partition audit_slice(AccountId account) {
  return Partition::slice(PartitionKind::audit, static_cast<std::uint16_t>(account.value % kAuditSlices));
}
Partition cdr_slice(AccountId account) {
  return Partition::slice(PartitionKind::cdr, static_cast<std::uint16_t>(account.value % kCdrSlices));
}
Partition queue_slice(std::string_view destination) {
  return Partition::slice(PartitionKind::queue, slice_of(destination, kQueueSlices));
}

std::string mailbox(MailboxId mailbox) { return Key('B').u32(mailbox.value); }
std::string mailbox_name(MailboxId parent, std::string_view name) { return Key('F').u32(parent.value).raw(name); }
std::string delivery_key(std::string_view key) { return Key('K').raw(sha256(key).view().substr(0, 16)); }
std::string message(LocalId local) { return Key('M').u64(local.value); }
std::string intent(LocalId local) { return Key('I').u64(local.value); }
std::string summary(MailboxId mailbox, Uid uid) { return Key('S').u32(mailbox.value).u32(uid.value); }
std::string received_order(MailboxId mailbox) { return Key('R').u32(mailbox.value); }
std::string received(MailboxId mailbox, Time received, LocalId local) {
  return Key('R').u32(mailbox.value).time_newest_first(received).u64(~local.value);
}
std::string block(MailboxId mailbox, std::uint8_t level, std::string_view upper) {
  return Key('C').u32(mailbox.value).u8(level).raw(upper);
}
std::string kept(Time departed, LocalId local) { return Key('Z').time(departed).u64(local.value); }
std::string parked(Time departed, LocalId local) { return Key('U').time(departed).u64(local.value); }
std::string change(Modseq modseq) { return Key('L').u64(modseq.value); }
std::string gone(Modseq modseq) { return Key('G').u64(modseq.value); }
std::string due(Time time, char what, std::string_view id) {
  TELEPOST_ASSERT(id.size() == 16);
  return Key('D').time(time).u8(static_cast<std::uint8_t>(what)).raw(id);
}
std::string cdr(std::uint64_t hint, std::uint64_t sequence) { return Key('E').u64(hint).u64(sequence); }
std::string untouched(Time touched, LocalId local) { return Key('Y').time(touched).u64(local.value); }
std::string document(LocalId local) { return Key('X').u64(local.value); }
std::string segment(LocalId local, std::uint32_t index) { return Key('P').u64(local.value).u32(index); }
std::string packed(LocalId local) { return Key('U').u64(local.value); }
std::string annotations(LocalId local) { return Key('N').u64(local.value); }
std::string annotation(LocalId local, Modseq modseq) { return Key('N').u64(local.value).u64(modseq.value); }

std::string indexed_message(LocalId local) { return Key('V').u64(local.value); }
std::string thread(ThreadId thread) { return Key('Y').u64(thread.value); }
std::string thread_by_id(std::uint64_t hash) { return Key('N').u64(hash); }
std::string threads_by_partner(std::uint64_t hash) { return Key('P').u64(hash); }
std::string order(MailboxId order) { return Key('C').u32(order.value); }
std::string thread_change(Modseq modseq) { return Key('N').u64(modseq.value); }
std::string thread_gone(Modseq modseq) { return Key('O').u64(modseq.value); }
std::string searched_message(LocalId local) { return Key('S').u64(local.value); }
std::string upload(std::uint64_t upload) { return Key('L').u64(upload); }
std::string upload_chunk(std::uint64_t upload, std::uint32_t index) { return Key('L').u64(upload).u32(index); }

std::string answered(std::string_view name) { return Key('R').raw(sha256(name).view().substr(0, 16)); }
std::string push_subscription(std::uint64_t subscription) { return Key('E').u64(subscription); }
std::string card(std::uint64_t number) { return Key('K').u64(number); }
std::string card_by_uid(std::string_view uid) { return Key('J').raw(sha256(uid).view().substr(0, 16)); }
std::string card_change(Modseq modseq) { return Key('M').u64(modseq.value); }

std::string link(MessageId message) { return Key('L').u64(message.account.value).u64(message.local.value); }

std::string address(std::string_view address) { return Key('A').raw(address); }
std::string listed_account(AccountId account) { return Key('A').u64(account.value); }
std::string pushed_account(AccountId account) { return Key('P').u64(account.value); }
std::string hint(Time time, const Partition& target) { return Key('T').time(time).raw(target.bytes()); }
std::string audit(std::uint64_t number) { return Key('A').u64(number); }
std::string cdr_hint(std::uint64_t hint) { return Key('C').u64(hint); }

std::string job_name(std::uint64_t job) { return Key('J').u64(job); }
std::string submission(LocalId local) { return Key('O').u64(local.value); }
std::string submitted_recipients(LocalId local) { return Key('Q').u64(local.value); }
std::string submitted_recipient(LocalId local, std::uint32_t number) { return Key('Q').u64(local.value).u32(number); }
std::string job(std::uint64_t job) { return Key('J').u64(job); }
std::string job_of_network(std::uint8_t network) { return Key('N').u8(network); }
std::string held_job_of_network(std::uint8_t network) { return Key('H').u8(network); }
std::string job_of_destination(std::string_view destination) {
  return Key('D').raw(sha256(destination).view().substr(0, 8));
}
std::string job_at(std::string_view prefix, Time time, std::uint64_t job) {
  return Key(prefix[0]).raw(prefix.substr(1)).time(time).u64(job);
}

std::string archived_part(const ArchiveName& name) { return Key('U').u64(name.message.local.value).u64(name.number).u32(name.part); }
std::string archived_slice(const ArchiveName& name, std::uint32_t slice) {
  return Key('U').u64(name.message.local.value).u64(name.number).u32(name.part).u32(slice);
}
std::optional<ArchiveName> archived_name(AccountId account, std::string_view key) {
  if (key.size() != 21 || key[0] != 'U') return std::nullopt;
  ByteReader reader(key.substr(1));
  const LocalId local{reader.u64()};
  const std::uint64_t number = reader.u64();
  return ArchiveName{{account, local}, number, reader.u32()};
}
std::string dictionary(std::uint32_t number) { return Key('D').u32(number); }
std::string dictionary_bytes(std::uint32_t number) { return Key('B').u32(number); }

std::string after(std::string_view prefix) {
  std::string end(prefix);
  while (!end.empty() && static_cast<unsigned char>(end.back()) == 0xff) end.pop_back();
  if (!end.empty()) end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) + 1);
  return end;
}

}  // namespace telepost::schema::keys
