// An index of the account that is made anew (store/reindex.h): how far the records that it had are taken out, and which states of it can be
// told of no more. By the rules of schema/records.h.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "schema/ids.h"

namespace telepost::schema {

struct ReindexRecord {
  struct Erasure {
    bool is_due = false;      // nothing may be read from that index, or into it
    std::uint32_t range = 0;  // of those in which its records lie; those before are empty
    std::string after;        // the last key of that range that is done with
    bool operator==(const Erasure&) const = default;
  };
  Erasure threads, words;
  Modseq threads_since{};     // threads and their counts are known from there on; 0: from the floor on
  bool operator==(const ReindexRecord&) const = default;
};
std::string encode(const ReindexRecord& record);
Result<ReindexRecord> decode_ReindexRecord(std::string_view bytes);

namespace keys {
inline constexpr std::string_view kReindex{"X\x01", 2};  // point X 1:1 in the account's partition
}  // namespace keys

}  // namespace telepost::schema
