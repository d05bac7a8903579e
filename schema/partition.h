// What every key belongs to, and the unit in which an engine is atomic. The names are prefix-free: a kind byte, then a
// number of bytes that the kind fixes; an engine may put one before a key, or name an object by it.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/sha256.h"
#include "schema/ids.h"

namespace telepost::schema {

enum class PartitionKind : char {
  account = 'a',       // one account: 8 bytes of account id
  calendar = 'c',      // hints by time: 2 bytes of slice
  directory = 'd',     // addresses: 2 bytes of slice
  cdr = 'e',           // accounts with unread CDRs: 2 bytes of slice
  account_list = 'l',  // accounts in the order of their ids: 2 bytes of slice
  meta = 'm',          // the store itself: nothing follows
  piece = 'p',         // one shared piece: 32 bytes of SHA-256
  audit = 'u',         // what was done to accounts by policy: 2 bytes of slice
  dictionary = 'z',    // the dictionaries of zstd: nothing follows
  queue = 'q',         // send jobs of a slice of the destinations: 2 bytes of slice
};

class Partition {
 public:
  static Partition account(AccountId id);
  static Partition piece(const Digest& digest);
  static Partition meta();
  // kind: audit, calendar, directory, cdr, account_list or queue
  static Partition dictionary();
  static Partition slice(PartitionKind kind, std::uint16_t slice);
  // Splits a partition off the front of an engine key; corrupt if no kind begins so.
  static Result<Partition> take_from(std::string_view& key);

  PartitionKind kind() const { return static_cast<PartitionKind>(bytes_[0]); }
  std::string_view bytes() const { return {bytes_.data(), size_}; }
  AccountId account_id() const;  // precondition: kind() == account
  Digest digest() const;         // precondition: kind() == piece
  std::uint16_t slice() const;   // precondition: a sliced kind
  std::string to_string() const; // "account a7zk3m0q2w5rx9", "calendar 17", for people

  bool operator==(const Partition& other) const { return bytes() == other.bytes(); }
  bool operator<(const Partition& other) const { return bytes() < other.bytes(); }

 private:
  Partition(PartitionKind kind, std::string_view name);
  std::array<char, 33> bytes_{};
  std::uint8_t size_;
};

}  // namespace telepost::schema

template <>
struct std::hash<telepost::schema::Partition> {
  std::size_t operator()(const telepost::schema::Partition& partition) const noexcept {
    return std::hash<std::string_view>{}(partition.bytes());
  }
};
