// Answers of name servers while they are valid.
#pragma once

#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "adapters/net/dns_resolver.h"
#include "base/clock.h"

namespace telepost::adapters::net {

inline constexpr std::size_t kMostDnsCacheBytes = 16u << 20;
inline constexpr std::size_t kMostKeptDnsAnswerBytes = 8u << 10;

// Any thread. Bounded by entries and by bytes, since others write the answers; the one that was not asked for the longest goes
// first. An answer of more than kMostKeptDnsAnswerBytes is not kept.
class DnsCache {
 public:
  DnsCache(std::size_t most, const Clock& clock, std::size_t most_bytes = kMostDnsCacheBytes)
      : most_(most), most_bytes_(most_bytes), clock_(clock) {}

  SharedDnsAnswer find(const std::string& name, DnsType type);  // null: not there, or not valid any more
  void keep(const std::string& name, DnsType type, SharedDnsAnswer answer);
  std::size_t bytes() const;  // of what is kept, about

 private:
  struct Entry {
    std::string key;
    SharedDnsAnswer answer;
    SteadyTime until;
    std::size_t bytes;
  };
  static std::string key_of(const std::string& name, DnsType type);

  void drop(std::list<Entry>::iterator entry);  // with mutex_ locked

  const std::size_t most_, most_bytes_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::list<Entry> by_use_;                                               // guarded by mutex_; the latest first
  std::unordered_map<std::string_view, std::list<Entry>::iterator> entries_;  // guarded by mutex_; views of by_use_
  std::size_t bytes_ = 0;                                                 // guarded by mutex_
};

}  // namespace telepost::adapters::net
