#include "store/dictionary_training.h"

#include <set>

#include "base/log.h"
#include "schema/content_dictionary.h"
#include "schema/keys.h"
#include "store/accounts.h"
#include "store/mailboxes.h"
#include "store/message_reader.h"
#include "store/rooms.h"
#include "store/stored_content.h"

namespace telepost::store {
namespace keys = schema::keys;
namespace codec = transcoders::codec;
using schema::Partition;

namespace {

constexpr std::size_t kAccountsAsked = 2000;
constexpr std::size_t kMessagesOfAccount = 4;
constexpr std::size_t kListed = 32;            // of a mailbox, the newest
constexpr std::size_t kSampleBytes = 8u << 10;
constexpr std::size_t kSharedBytes = 48u << 10;

// Document and inline segments. Nothing: archived, on its way out, or damaged, which is told where the message itself is packed.
Result<std::optional<std::string>> text_of(Rooms& rooms, const PartitionReader& reader, schema::LocalId local) {
  using Text = std::optional<std::string>;
  const auto read = [&]() -> Result<Text> {
    TELEPOST_ASSIGN(const auto bytes, reader.get(Space::point, keys::message(local)));
    if (!bytes) return Text();
    TELEPOST_ASSIGN(const auto record, schema::decode_MessageRecord(*bytes));
    if (record.tier != schema::Tier::online) return Text();
    StoredContent content(reader, rooms.dictionaries, local);
    TELEPOST_ASSIGN(const auto document, content.document());
    if (!document) return Text();
    TELEPOST_ASSIGN(const auto segments, content.segments(record));
    return Text(joined_content(*document, segments));
  };
  Result<Text> text = read();
  if (!text.ok() && text.error().kind == Errc::corrupt) return Text();
  return text;
}

// Bytes that the samples take with a dictionary; only every fourth, which are enough to compare.
std::size_t bytes_with(const codec::Dictionary& dictionary, const std::vector<codec::Sample>& samples) {
  codec::Compressor compressor;
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < samples.size(); i += 4) {
    bytes += compressor.compress(samples[i].text, codec::Compressor::kHighest, &dictionary).size();
  }
  return bytes;
}

// Nothing but strings that many have, behind what comes with the program; what is met most often stands last.
std::string dictionary_of(const std::vector<std::string>& strings, const std::vector<codec::Sample>& samples) {
  std::string text(schema::content_dictionary(schema::kContentDictionary));
  for (auto string = strings.rbegin(); string != strings.rend(); ++string) text.append(*string);
  std::string joined;
  std::vector<std::size_t> sizes;
  for (const codec::Sample& sample : samples) {
    joined.append(sample.text);
    sizes.push_back(sample.text.size());
  }
  return codec::finish_dictionary(text, joined, sizes);
}

}  // namespace

Result<void> DictionaryTraining::run_if_due(schema::Kind kind) {
  TELEPOST_ASSIGN(set_before_, rooms_.engine->reader(Partition::dictionary())->get(Space::point, keys::kDictionaries));
  schema::DictionarySetRecord set;
  if (set_before_) {
    TELEPOST_ASSIGN(set, schema::decode_DictionarySetRecord(*set_before_));
  }
  TELEPOST_ASSIGN(const bool due, is_due(set, kind));
  if (!due) return {};
  set.kinds[static_cast<std::size_t>(kind)].tried = rooms_.clock.now();
  TELEPOST_TRY(gather(kind));
  return train(set, kind);
}

Result<bool> DictionaryTraining::is_due(const schema::DictionarySetRecord& set, schema::Kind kind) {
  const auto& of_kind = set.kinds[static_cast<std::size_t>(kind)];
  const Time now = rooms_.clock.now();
  if (now - of_kind.tried < kTryAgain) return false;
  if (of_kind.current == 0) return true;
  TELEPOST_ASSIGN(const auto bytes, rooms_.engine->reader(Partition::dictionary())->get(Space::point, keys::dictionary(of_kind.current)));
  if (!bytes) return {Errc::corrupt, "dictionary " + std::to_string(of_kind.current) + " is missing; run telepost verify"};
  TELEPOST_ASSIGN(const auto record, schema::decode_DictionaryRecord(*bytes));
  return now - record.created >= kRefresh;
}

// From an account picked by chance on, so that a large store is not judged by its oldest accounts for ever.
Result<void> DictionaryTraining::gather(schema::Kind kind) {
  std::vector<schema::AccountId> accounts;
  const auto take = [&](schema::AccountId id, const schema::AccountListRecord&) {
    accounts.push_back(id);
    return accounts.size() < kAccountsAsked;
  };
  Accounts list(rooms_);
  const schema::AccountId begin{rooms_.random.u64()};
  TELEPOST_TRY(list.list(begin, take));
  if (accounts.size() < kAccountsAsked) TELEPOST_TRY(list.list({}, take));
  std::set<schema::AccountId> asked;
  for (const schema::AccountId account : accounts) {
    if (rooms_.stopping.load()) return {Errc::cancelled, "the store is being closed"};
    if (sample_bytes_ + kMessagesOfAccount * kSampleBytes > codec::kMaxSampleBytes) return {};
    if (asked.insert(account).second) TELEPOST_TRY(gather_account(account, kind));
  }
  return {};
}

Result<void> DictionaryTraining::gather_account(schema::AccountId account, schema::Kind kind) {
  const auto page = MessageReader(rooms_).list_by_received(account, kInbox, {}, {}, kListed);
  // On its way out, or damaged.
  if (!page.ok() && (page.error().kind == Errc::not_found || page.error().kind == Errc::corrupt)) return {};
  TELEPOST_TRY(page);
  const auto reader = rooms_.engine->bulk_reader(Partition::account(account));
  std::size_t taken = 0;
  for (const Listed& listed : page->messages) {
    if (listed.summary.kind != kind) continue;
    TELEPOST_ASSIGN(const auto text, text_of(rooms_, *reader, listed.summary.local));
    if (!text) continue;
    samples_.push_back({account.value, codec::text_to_learn_from(*text).substr(0, kSampleBytes)});
    sample_bytes_ += samples_.back().text.size();
    if (++taken == kMessagesOfAccount) return {};
  }
  return {};
}

Result<void> DictionaryTraining::train(schema::DictionarySetRecord& set, schema::Kind kind) {
  const auto strings = codec::shared_strings(samples_, kOwners, kSharedBytes);
  if (strings.empty()) return keep(set, kind, nullptr);
  const std::string bytes = dictionary_of(strings, samples_);
  const auto made = codec::Dictionary::make(bytes);
  if (!made.ok()) return keep(set, kind, nullptr);
  TELEPOST_ASSIGN(const auto current, rooms_.dictionaries.current(kind));
  const std::size_t before = bytes_with(*current.dictionary, samples_), after = bytes_with(**made, samples_);
  const bool better = after + after / 16 < before;
  if (better) log::info("dictionary_trained", {{"kind", std::string(schema::name_of(kind))}, {"samples", samples_.size()}, {"bytes", bytes.size()}});
  return keep(set, kind, better ? &bytes : nullptr);
}

// Expects the set as it was read: of two that train at a time, the second has worked for nothing.
Result<void> DictionaryTraining::keep(schema::DictionarySetRecord set, schema::Kind kind, const std::string* dictionary) {
  CommitEntry entry{Batch(Partition::dictionary()), {{Space::point, std::string(keys::kDictionaries), set_before_}}};
  if (dictionary != nullptr) {
    const std::uint32_t number = set.next++;
    set.kinds[static_cast<std::size_t>(kind)].current = number;
    const schema::DictionaryRecord record{kind, rooms_.clock.now(), kOwners, static_cast<std::uint32_t>(samples_.size()),
                                          dictionary->size(), sha256(*dictionary)};
    entry.batch.put(Space::point, keys::dictionary(number), schema::encode(record));
    entry.batch.put(Space::large, keys::dictionary_bytes(number), *dictionary);
  }
  entry.batch.put(Space::point, keys::kDictionaries, schema::encode(set));
  CommitList list;
  list.push_back(std::move(entry));
  const Result<void> committed = rooms_.committer.commit(std::move(list));
  if (!committed.ok() && committed.error().kind == Errc::conflict) return {};
  return committed;
}

}  // namespace telepost::store
