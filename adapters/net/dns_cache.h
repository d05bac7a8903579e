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

// Any thread. Bounded by entries; the one that was not asked for the longest goes first.
class DnsCache {
 public:
  DnsCache(std::size_t most, const Clock& clock) : most_(most), clock_(clock) {}

  SharedDnsAnswer find(const std::string& name, DnsType type);  // null: not there, or not valid any more
  void keep(const std::string& name, DnsType type, SharedDnsAnswer answer);

 private:
  struct Entry {
    std::string key;
    SharedDnsAnswer answer;
    SteadyTime until;
  };
  static std::string key_of(const std::string& name, DnsType type);

  const std::size_t most_;
  const Clock& clock_;
  std::mutex mutex_;
  std::list<Entry> by_use_;                                               // guarded by mutex_; the latest first
  std::unordered_map<std::string_view, std::list<Entry>::iterator> entries_;  // guarded by mutex_; views of by_use_
};

}  // namespace telepost::adapters::net
