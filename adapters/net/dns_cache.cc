#include "adapters/net/dns_cache.h"

#include <iterator>
#include <utility>

namespace telepost::adapters::net {
namespace {

constexpr std::size_t kEntryBytes = 256;  // of the list, the table and the allocator

std::size_t bytes_of(const DnsAnswer& answer) {
  std::size_t bytes = sizeof answer + answer.canonical_name.capacity();
  for (const DnsRecord& record : answer.records) bytes += sizeof record + record.text.capacity();
  return bytes;
}

}  // namespace

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
    drop(entry);
    return nullptr;
  }
  by_use_.splice(by_use_.begin(), by_use_, entry);
  return entry->answer;
}

void DnsCache::keep(const std::string& name, DnsType type, SharedDnsAnswer answer) {
  if (answer->ttl <= Duration(0) || most_ == 0) return;
  std::string key = key_of(name, type);
  const std::size_t answer_bytes = bytes_of(*answer);
  const std::size_t bytes = kEntryBytes + key.capacity() + answer_bytes;
  const std::lock_guard lock(mutex_);
  if (const auto found = entries_.find(key); found != entries_.end()) drop(found->second);
  if (answer_bytes > kMostKeptDnsAnswerBytes || bytes > most_bytes_) return;
  while (entries_.size() >= most_ || bytes_ + bytes > most_bytes_) drop(std::prev(by_use_.end()));
  const SteadyTime until = clock_.steady() + answer->ttl;
  by_use_.push_front({std::move(key), std::move(answer), until, bytes});
  entries_.emplace(by_use_.front().key, by_use_.begin());
  bytes_ += bytes;
}

void DnsCache::drop(std::list<Entry>::iterator entry) {
  bytes_ -= entry->bytes;
  entries_.erase(entry->key);
  by_use_.erase(entry);
}

std::size_t DnsCache::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

}  // namespace telepost::adapters::net
