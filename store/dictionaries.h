// The dictionaries of zstd that packed content was written with: those that come with the program, and those that this store
// trained on strings which many accounts hold (store/dictionary_training.h). Any thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "base/result.h"
#include "schema/dictionary_records.h"
#include "store/engine/engine.h"
#include "transcoders/codec/coded.h"

namespace telepost::store {

class Dictionaries {
 public:
  explicit Dictionaries(Engine& engine) : engine_(engine) {}

  using Shared = std::shared_ptr<const transcoders::codec::Dictionary>;
  // Kept in memory from its first use on: there are few. Errors: corrupt (missing, or not the bytes of its record), io.
  Result<Shared> find(std::uint32_t number);
  // As decode() wants it; must not outlive this.
  transcoders::codec::FindDictionary finder() {
    return [this](std::uint32_t number) { return find(number); };
  }

  // What content of that kind is packed with now.
  struct Current {
    std::uint32_t number;
    Shared dictionary;
  };
  Result<Current> current(schema::Kind kind);

  // As it stands; a new one where nothing was trained yet.
  static Result<schema::DictionarySetRecord> read_set(Engine& engine);

 private:
  Engine& engine_;
  std::mutex mutex_;
  std::map<std::uint32_t, Shared> loaded_;  // guarded by mutex_
};

}  // namespace telepost::store
