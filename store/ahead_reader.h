// A reader of which it is known what will be asked: many records come by one question. Inside the store.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "store/engine/engine.h"

namespace telepost::store {

class AheadReader {
 public:
  // The reader outlives it, and is one of a partition that stands still: a snapshot.
  explicit AheadReader(const PartitionReader& reader) : reader_(reader) {}

  Result<void> read(Space space, const std::vector<std::string>& keys) {
    TELEPOST_ASSIGN(auto values, reader_.get_many(space, keys));
    for (std::size_t i = 0; i < keys.size(); ++i) read_.insert_or_assign({space, keys[i]}, std::move(values[i]));
    return {};
  }
  // Of what was not read ahead too.
  Result<std::optional<std::string>> get(Space space, const std::string& key) const {
    const auto found = read_.find({space, key});
    return found != read_.end() ? found->second : reader_.get(space, key);
  }

 private:
  const PartitionReader& reader_;
  std::map<std::pair<Space, std::string>, std::optional<std::string>> read_;
};

}  // namespace telepost::store
