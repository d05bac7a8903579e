// What is known of the dictionaries of zstd, which lie in a partition of their own. A dictionary is never changed and never
// removed: what was packed with it is read with nothing else.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "base/sha256.h"
#include "schema/message.h"
#include "schema/records.h"

namespace telepost::schema {

// Numbers below it are dictionaries that come with the program (schema/content_dictionary.h); 0 is none.
inline constexpr std::uint32_t kFirstTrainedDictionary = 16;

struct DictionaryRecord {
  Kind kind = Kind::email;      // of the messages that it was trained on
  Time created{};
  std::uint32_t accounts = 0;   // each of its strings was seen in at least so many
  std::uint32_t samples = 0;
  std::uint64_t size_bytes = 0;
  Digest digest;
  bool operator==(const DictionaryRecord&) const = default;
};

struct DictionarySetRecord {
  struct OfKind {
    std::uint32_t current = 0;  // what is packed from now on takes it; 0: what comes with the program
    Time tried{};               // when training was last tried
    bool operator==(const OfKind&) const = default;
  };
  std::uint32_t next = kFirstTrainedDictionary;
  std::array<OfKind, kKinds> kinds{};  // by Kind
  bool operator==(const DictionarySetRecord&) const = default;
};

std::string encode(const DictionaryRecord& record);
std::string encode(const DictionarySetRecord& record);
Result<DictionaryRecord> decode_DictionaryRecord(std::string_view bytes);
Result<DictionarySetRecord> decode_DictionarySetRecord(std::string_view bytes);

}  // namespace telepost::schema
