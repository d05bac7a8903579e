#include "store/dictionaries.h"

#include "schema/content_dictionary.h"
#include "schema/keys.h"

namespace telepost::store {
namespace keys = schema::keys;

namespace {

Result<std::string> read_trained(Engine& engine, std::uint32_t number) {
  const auto reader = engine.reader(schema::Partition::dictionary());
  TELEPOST_ASSIGN(const auto stored, reader->get(Space::point, keys::dictionary(number)));
  TELEPOST_ASSIGN(auto bytes, reader->get(Space::large, keys::dictionary_bytes(number)));
  if (!stored || !bytes) return {Errc::corrupt, "dictionary " + std::to_string(number) + " is missing; run telepost verify"};
  TELEPOST_ASSIGN(const auto record, schema::decode_DictionaryRecord(*stored));
  if (sha256(*bytes) != record.digest) return {Errc::corrupt, "dictionary " + std::to_string(number) + " is damaged; run telepost verify"};
  return std::move(*bytes);
}

}  // namespace

Result<Dictionaries::Shared> Dictionaries::find(std::uint32_t number) {
  const std::lock_guard lock(mutex_);
  if (const auto loaded = loaded_.find(number); loaded != loaded_.end()) return loaded->second;
  std::string bytes(schema::content_dictionary(number));
  if (bytes.empty()) {
    TELEPOST_ASSIGN(bytes, read_trained(engine_, number));
  }
  const auto made = transcoders::codec::Dictionary::make(std::move(bytes));
  if (!made.ok()) return {Errc::corrupt, "dictionary " + std::to_string(number) + ": " + made.error().detail};
  return loaded_.emplace(number, *made).first->second;
}

Result<Dictionaries::Current> Dictionaries::current(schema::Kind kind) {
  TELEPOST_ASSIGN(const auto set, read_set(engine_));
  const std::uint32_t trained = set.kinds[static_cast<std::size_t>(kind)].current;
  const std::uint32_t number = trained != 0 ? trained : schema::kContentDictionary;
  TELEPOST_ASSIGN(Shared dictionary, find(number));
  return Current{number, std::move(dictionary)};
}

Result<schema::DictionarySetRecord> Dictionaries::read_set(Engine& engine) {
  TELEPOST_ASSIGN(const auto bytes, engine.reader(schema::Partition::dictionary())->get(Space::point, keys::kDictionaries));
  if (!bytes) return schema::DictionarySetRecord{};
  return schema::decode_DictionarySetRecord(*bytes);
}

}  // namespace telepost::store
