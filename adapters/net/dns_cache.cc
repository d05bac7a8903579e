#include "adapters/net/dns_cache.h"

#include <utility>

namespace telepost::adapters::net {

std::string DnsCache::key_of(const std::string& name, DnsType type) {
  return std::to_string(static_cast<unsigned>(type)) + " " + name;
}

SharedDnsAnswer DnsCache::find(const std::string& name, DnsType type) {
  const std::string key = key_of(name, type);
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(key);
  if (found == entries_.end()) return nullptr;
  const auto entry = found->second;
  if (entry->until <= clock_.steady()) {
    entries_.erase(found);
    by_use_.erase(entry);
    return nullptr;
  }
  by_use_.splice(by_use_.begin(), by_use_, entry);
  return entry->answer;
}

void DnsCache::keep(const std::string& name, DnsType type, SharedDnsAnswer answer) {
  if (answer->ttl <= Duration(0) || most_ == 0) return;
  std::string key = key_of(name, type);
  const std::lock_guard lock(mutex_);
  if (const auto found = entries_.find(key); found != entries_.end()) {
    const auto entry = found->second;
    entries_.erase(found);
    by_use_.erase(entry);
  }
  if (entries_.size() >= most_) {
    entries_.erase(by_use_.back().key);
    by_use_.pop_back();
  }
  const SteadyTime until = clock_.steady() + answer->ttl;
  by_use_.push_front({std::move(key), std::move(answer), until});
  entries_.emplace(by_use_.front().key, by_use_.begin());
}

}  // namespace telepost::adapters::net
