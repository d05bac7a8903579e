#include "schema/partition.h"

#include "base/assert.h"
#include "base/bytes.h"

namespace telepost::schema {
namespace {

// Bytes of the name behind the kind byte; -1 for what is no kind.
int name_size(char kind) {
  switch (static_cast<PartitionKind>(kind)) {
    case PartitionKind::account: return 8;
    case PartitionKind::calendar:
    case PartitionKind::directory:
    case PartitionKind::audit:
    case PartitionKind::cdr:
    case PartitionKind::account_list:
    case PartitionKind::queue: return 2;
    case PartitionKind::dictionary:
    case PartitionKind::meta: return 0;
    case PartitionKind::piece: return 32;
  }
  return -1;
}

std::string_view kind_name(PartitionKind kind) {
  switch (kind) {
    case PartitionKind::account: return "account";
    case PartitionKind::calendar: return "calendar";
    case PartitionKind::directory: return "directory";
    case PartitionKind::audit: return "audit";
    case PartitionKind::cdr: return "cdr";
    case PartitionKind::account_list: return "account-list";
    case PartitionKind::dictionary: return "dictionary";
    case PartitionKind::meta: return "meta";
    case PartitionKind::piece: return "piece";
    case PartitionKind::queue: return "queue";
  }
  return "unknown";
}

}  // namespace

Partition::Partition(PartitionKind kind, std::string_view name) : size_(static_cast<std::uint8_t>(1 + name.size())) {
  TELEPOST_ASSERT(name_size(static_cast<char>(kind)) == static_cast<int>(name.size()));
  bytes_[0] = static_cast<char>(kind);
  name.copy(bytes_.data() + 1, name.size());
}

Partition Partition::account(AccountId id) {
  std::string name;
  ByteWriter(name).u64(id.value);
  return {PartitionKind::account, name};
}
Partition Partition::piece(const Digest& digest) { return {PartitionKind::piece, digest.view()}; }
Partition Partition::meta() { return {PartitionKind::meta, {}}; }
Partition Partition::dictionary() { return {PartitionKind::dictionary, {}}; }
Partition Partition::slice(PartitionKind kind, std::uint16_t slice) {
  std::string name;
  ByteWriter(name).u16(slice);
  return {kind, name};
}

Result<Partition> Partition::take_from(std::string_view& key) {
  const int size = key.empty() ? -1 : name_size(key[0]);
  if (size < 0 || key.size() < 1 + static_cast<std::size_t>(size)) {
    return {Errc::corrupt, "a key that begins with no partition: " + to_hex(key.substr(0, 40))};
  }
  const Partition partition(static_cast<PartitionKind>(key[0]), key.substr(1, static_cast<std::size_t>(size)));
  key.remove_prefix(partition.bytes().size());
  return partition;
}

AccountId Partition::account_id() const {
  TELEPOST_ASSERT(kind() == PartitionKind::account);
  return {ByteReader(bytes().substr(1)).u64()};
}
Digest Partition::digest() const {
  TELEPOST_ASSERT(kind() == PartitionKind::piece);
  return digest_from_bytes(bytes().substr(1));
}
std::uint16_t Partition::slice() const {
  TELEPOST_ASSERT(name_size(bytes_[0]) == 2);
  return ByteReader(bytes().substr(1)).u16();
}

std::string Partition::to_string() const {
  std::string text(kind_name(kind()));
  switch (kind()) {
    case PartitionKind::account: return text + " " + schema::to_string(account_id());
    case PartitionKind::piece: return text + " " + to_hex(digest());
    case PartitionKind::dictionary:
    case PartitionKind::meta: return text;
    case PartitionKind::calendar:
    case PartitionKind::directory:
    case PartitionKind::audit:
    case PartitionKind::cdr:
    case PartitionKind::account_list:
    case PartitionKind::queue: return text + " " + std::to_string(slice());
  }
  return text;
}

}  // namespace telepost::schema
