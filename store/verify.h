// Whether what is stored is what the store promises: every check of records against each other, documents against their
// schema and bytes against their digests. Only reads; on a live store too, where it looks at each account as it stands at
// one moment. What DESIGN allows a crash to leave, and a hint will find, is debris; everything else is damage.
//
// Checks: record (bytes that are no record, keys that nobody knows), account, account-list, directory, mailbox, placement,
// summary, kept, order, blocks, counter, uid, change, due, delivery-key, intent, document, parts, digest, segment, leftover, piece,
// link, orphan, archive, outbox, cdr, audit, visit, dictionary, hold. A thing that breaks several promises at once is told under the one that explains the others.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "schema/ids.h"
#include "schema/partition.h"

namespace telepost::store {

class Store;
struct Rooms;
class SweepRun;

struct Finding {
  enum class Class : std::uint8_t { damage, debris };
  Class as = Class::damage;
  std::string check;
  schema::Partition partition;
  std::string key;   // as it is stored; "" where a whole partition is meant
  std::string what;  // for people
};

inline constexpr std::size_t kMaxFindings = 1000;

struct VerifyReport {
  std::vector<Finding> findings;                 // the first kMaxFindings, damage and debris alike
  std::map<std::string, std::uint64_t> damage;   // all of them, by check
  std::map<std::string, std::uint64_t> debris;
  std::uint64_t accounts = 0;
  std::uint64_t messages = 0;
  std::uint64_t pieces = 0;
  std::string archive_away;  // why what is archived could not be compared; "" if it was
  bool sound() const { return damage.empty(); }
};

struct VerifyOptions {
  std::optional<schema::AccountId> account;  // this one alone, with the pieces that it uses; none: the whole store
  // What is archived is compared with the archive's list, or read there as a whole.
  enum class ArchiveDepth : std::uint8_t { list, content } archive = ArchiveDepth::list;
  std::function<void(const VerifyReport&)> progress;  // after each account and some hundred pieces
};

// Blocks on the disk. About 100 bytes of memory for each message of the largest account. Errors: not_found (no such
// account), io, cancelled (the store is being closed).
Result<VerifyReport> verify(Store& store, const VerifyOptions& options = {});

// The whole store, counted as a sweep's kind verify: what is damaged has failed.
Result<void> verify_as_sweep(SweepRun& run);

// "damage  link  piece 3f…  key 4c…: …", for logs and tests.
std::string to_string(const Finding& finding);

}  // namespace telepost::store
