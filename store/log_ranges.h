// A log of an account that lies in two ranges, live entries and what is gone, each by modseq (schema/keys.h). Inside the store.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "schema/ids.h"
#include "schema/keys.h"

namespace telepost::store {

// From the two keys on, at most `limit` in the order of what happened. scan(begin, end, visit) gives a range's records in order, until
// visit(key, value) gives false; entry(modseq, value, is_gone) makes a Result<Entry> of one.
template <class Entry, class ScanRange, class MakeEntry>
Result<std::vector<Entry>> gather_log(const std::string& live, const std::string& gone, std::size_t limit, const ScanRange& scan, const MakeEntry& entry) {
  std::vector<Entry> list;
  if (limit == 0) return list;
  for (const bool is_gone : {false, true}) {
    const std::string& begin = is_gone ? gone : live;
    Result<void> decoded;
    std::size_t taken = 0;
    TELEPOST_TRY(scan(begin, schema::keys::after(begin.substr(0, 1)), [&](std::string_view key, std::string_view value) {
      Result<Entry> made = entry(schema::Modseq{ByteReader(key.substr(1)).u64()}, value, is_gone);
      if (!made.ok()) decoded = made.error();
      else list.push_back(*std::move(made));
      return decoded.ok() && ++taken < limit;
    }));
    TELEPOST_TRY(std::move(decoded));
  }
  std::sort(list.begin(), list.end(), [](const Entry& a, const Entry& b) { return a.modseq < b.modseq; });
  if (list.size() > limit) list.resize(limit);
  return list;
}

}  // namespace telepost::store
