// Dictionaries trained on what this store's messages of one kind have in common, once there are enough of them, and again when a month
// has made another one clearly better. Holds only strings that stand in messages of at least kOwners accounts: what fewer have in
// common may be a secret. A dictionary stays for ever, since what was packed with it stays.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "schema/dictionary_records.h"
#include "transcoders/codec/shared_strings.h"

namespace telepost::store {

struct Rooms;

class DictionaryTraining {
 public:
  static constexpr std::size_t kOwners = 50;
  static constexpr Duration kTryAgain = std::chrono::hours(24);
  static constexpr Duration kRefresh = std::chrono::days(30);

  explicit DictionaryTraining(Rooms& rooms) : rooms_(rooms) {}

  // Trains one where it is time to try; else costs a read. Reads at most some thousand messages, whatever the store holds. Two
  // stores on one engine may both train; one of them keeps its dictionary. Errors: io, corrupt.
  Result<void> run_if_due(schema::Kind kind);

 private:
  Result<bool> is_due(const schema::DictionarySetRecord& set, schema::Kind kind);
  Result<void> gather(schema::Kind kind);
  Result<void> gather_account(schema::AccountId account, schema::Kind kind);
  Result<void> train(schema::DictionarySetRecord& set, schema::Kind kind);
  Result<void> keep(schema::DictionarySetRecord set, schema::Kind kind, const std::string* dictionary);

  Rooms& rooms_;
  std::vector<transcoders::codec::Sample> samples_;
  std::size_t sample_bytes_ = 0;
  std::optional<std::string> set_before_;  // as it was read
};

}  // namespace telepost::store
