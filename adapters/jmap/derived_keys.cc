#include "adapters/jmap/derived_keys.h"

#include "base/bytes.h"
#include "base/hmac.h"

namespace telepost::adapters::jmap {

Digest DerivedKeys::under(std::string_view name, std::string_view password) const {
  std::string both;
  ByteWriter(both).text(name).text(password);
  return hmac_sha256(secret_, both);
}

std::optional<ScramKeys> DerivedKeys::find(std::string_view name, std::string_view password) {
  const Digest hash = under(name, password);
  const std::lock_guard lock(mutex_);
  const auto found = by_hash_.find(hash);
  if (found == by_hash_.end()) return std::nullopt;
  if (found->second->until > clock_.steady()) return found->second->keys;
  entries_.erase(found->second);
  by_hash_.erase(found);
  return std::nullopt;
}

void DerivedKeys::add(std::string_view name, std::string_view password, const ScramKeys& keys) {
  const Digest hash = under(name, password);
  const std::lock_guard lock(mutex_);
  if (const auto found = by_hash_.find(hash); found != by_hash_.end()) {
    entries_.erase(found->second);
    by_hash_.erase(found);
  }
  entries_.push_front({hash, keys, clock_.steady() + kKeepDerived});
  by_hash_.emplace(hash, entries_.begin());
  if (entries_.size() <= most_) return;
  by_hash_.erase(entries_.back().under);
  entries_.pop_back();
}

}  // namespace telepost::adapters::jmap
