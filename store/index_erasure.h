// What an index had before it is made anew (store/reindex.h) is taken out piece by piece, by whoever would read on in that index: until all
// is out, it stands at the log's begin and nothing is read from it or into it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "schema/reindex_record.h"
#include "store/account_write.h"
#include "store/stored_record.h"

namespace telepost::store {

enum class IndexPart : std::uint8_t { threads, words };

class IndexErasure {
 public:
  // Reader: a PartitionReader, or an AccountWrite in a mode with reads. Of an account whose indexes are as they grew: an empty one.
  template <class Reader>
  static Result<schema::ReindexRecord> record(const Reader& reader) {
    TELEPOST_ASSIGN(auto stored_one, stored<schema::decode_ReindexRecord>(reader, Space::point, std::string(schema::keys::kReindex)));
    return stored_one ? *std::move(stored_one) : schema::ReindexRecord{};
  }
  // `position`: of that index in the change log. One that has read anything has nothing left from before, and nothing is asked for it.
  template <class Reader>
  static Result<bool> is_due(const Reader& reader, IndexPart part, schema::Modseq position) {
    if (position.value != 0) return false;
    TELEPOST_ASSIGN(const schema::ReindexRecord found, record(reader));
    return of(found, part).is_due;
  }

  // A bounded piece of it, where it is due: in a batch of its own beside deliveries (blocks), or in this one, which reads. Errors:
  // not_found (no such account, or one that is being deleted), those of reading and writing. That another process wrote meanwhile is none.
  static Result<void> go_on(Rooms& rooms, schema::AccountId account, IndexPart part);
  static Result<void> go_on(AccountWrite& write, IndexPart part);

 private:
  template <class Record>
  static auto& of(Record& record, IndexPart part) { return part == IndexPart::threads ? record.threads : record.words; }
};

}  // namespace telepost::store
