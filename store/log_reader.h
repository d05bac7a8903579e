// Reads a log of log_trim.h in the order of its numbers, so many records ahead. What is done with them takes as long as it takes, a send
// to somebody at a pager too: meanwhile no scan is open, which would keep the engine from giving old files back. Inside the store.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/bytes.h"
#include "base/result.h"
#include "store/engine/engine.h"
#include "store/log_trim.h"

namespace telepost::store {

// Of one slice.
template <class Record>
class LogReader {
 public:
  using Key = std::string (*)(std::uint64_t number);  // a letter, then the number
  using Decode = Result<Record> (*)(std::string_view bytes);
  // Those with numbers in [from, end).
  LogReader(std::unique_ptr<PartitionReader> reader, Key key, Decode decode, std::uint64_t from, std::uint64_t end)
      : reader_(std::move(reader)), key_(key), decode_(decode), next_(from), end_(end) {}

  struct Numbered {
    std::uint64_t number;
    Record record;
  };
  // Null behind the last one. Errors: io, corrupt.
  Result<const Numbered*> front() {
    if (ahead_.empty() && !ended_) TELEPOST_TRY(read_ahead());
    return ahead_.empty() ? nullptr : &ahead_.front();
  }
  void pop() { ahead_.pop_front(); }

 private:
  Result<void> read_ahead() {
    Result<void> decoded;
    TELEPOST_TRY(reader_->scan(Space::queue, key_(next_), key_(end_), [&](std::string_view key, std::string_view value) {
      Result<Record> record = decode_(value);
      if (!record.ok()) decoded = record.error();
      else ahead_.push_back({ByteReader(key.substr(1)).u64(), *std::move(record)});
      return decoded.ok() && ahead_.size() < kLogRecordsAtOnce;
    }));
    TELEPOST_TRY(std::move(decoded));
    ended_ = ahead_.size() < kLogRecordsAtOnce;
    if (!ahead_.empty()) next_ = ahead_.back().number + 1;
    return {};
  }

  std::unique_ptr<PartitionReader> reader_;
  Key key_;
  Decode decode_;
  std::uint64_t next_, end_;
  std::deque<Numbered> ahead_;
  bool ended_ = false;
};

}  // namespace telepost::store
