#include "store/verify_search.h"

#include <algorithm>

#include "base/bytes.h"
#include "schema/keys.h"

namespace telepost::store {
namespace keys = schema::keys;

namespace {
constexpr schema::SearchNumber kMostNumbersAhead = schema::kSearchDocumentsInBlock;  // a broken key costs no memory
}

Result<void> SearchVerification::scan(Space space, std::string_view prefix, const Visit& visit) {
  return snapshot_.scan(space, prefix, keys::after(prefix), [&](std::string_view key, std::string_view value) {
    visit(key, value);
    return true;
  });
}

Result<void> SearchVerification::run() {
  TELEPOST_ASSIGN(const bool stands, read_record());
  if (stands) documents_.resize(record_.next);
  TELEPOST_TRY(read_untold());
  TELEPOST_TRY(scan(Space::scan, keys::kSearchDocuments, [this](std::string_view key, std::string_view value) { read_documents(key, value); }));
  TELEPOST_TRY(scan(Space::scan, keys::kPostings, [this](std::string_view key, std::string_view value) { read_postings(key, value); }));
  TELEPOST_TRY(scan(Space::point, "S", [this](std::string_view key, std::string_view value) { read_message(key, value); }));
  compare();
  return {};
}

Result<bool> SearchVerification::read_record() {
  TELEPOST_ASSIGN(const auto bytes, snapshot_.get(Space::point, keys::kSearch));
  if (!bytes) return false;
  const auto record = schema::decode_SearchRecord(*bytes);
  if (!record.ok()) return scope_.damage("record", partition_, keys::kSearch, record.error().detail), false;
  record_ = *record;
  if (record_.position > facts_.head.modseq) damage(keys::kSearch, "the full text has read further than the change log goes");
  return true;
}

Result<void> SearchVerification::read_untold() {
  const std::string begin = keys::gone({record_.position.value + 1});
  return snapshot_.scan(Space::scan, begin, keys::after("G"), [&](std::string_view, std::string_view value) {
    const auto change = schema::decode_ChangeRecord(value);
    if (change.ok() && change->what == schema::ChangeRecord::What::message_gone) untold_.insert(change->id);
    return true;
  });
}

void SearchVerification::read_documents(std::string_view key, std::string_view value) {
  const auto block = schema::decode_SearchDocuments(value);
  if (key.size() != 5 || !block.ok()) return scope_.damage("record", partition_, key, block.ok() ? "no key of an account looks so" : block.error().detail);
  std::size_t number = std::size_t{ByteReader(key.substr(1)).u32()} * schema::kSearchDocumentsInBlock;
  if (number + block->list.size() > documents_.size() + kMostNumbersAhead) return damage(key, "documents with numbers that were never given");
  for (const auto& one : block->list) {
    const bool is_any = one != schema::SearchDocuments::One{};
    if (number < documents_.size()) documents_[number].told = one;
    else if (is_any) damage(key, "a document with a number that was never given");
    if (one.gone > record_.position) damage(key, "a document that went after what the full text has read");
    ++number;
  }
}

void SearchVerification::read_postings(std::string_view key, std::string_view value) {
  const auto parts = keys::posting_key(key);
  if (!parts) return scope_.damage("record", partition_, key, "no key of an account looks so");
  const bool is_same = parts->word == word_;
  bool is_known = true, is_ordered = true;
  const Result<void> read = schema::PostingBlock::read(value, parts->last, [&](const schema::Posting& posting) {
    is_ordered = is_ordered && (!is_same || posting.number > last_);
    is_known = is_known && posting.number < documents_.size() && documents_[posting.number].told != schema::SearchDocuments::One{};
    if (!is_known) return true;
    Document& document = documents_[posting.number];
    ++document.words;
    document.hashes += schema::hash_of(parts->word, posting);
    return true;
  });
  if (!read.ok()) damage(key, read.error().detail);
  else if (!is_known) damage(key, "a posting of a document that is not there");
  else if (!is_ordered) damage(key, "blocks of a word that overlap");
  word_ = parts->word;
  last_ = parts->last;
}

void SearchVerification::read_message(std::string_view key, std::string_view value) {
  const auto record = schema::decode_SearchedMessageRecord(value);
  if (key.size() != 9 || !record.ok()) return scope_.damage("record", partition_, key, record.ok() ? "no key of an account looks so" : record.error().detail);
  const schema::LocalId local{ByteReader(key.substr(1)).u64()};
  searched_.insert(local.value);
  const auto known = std::lower_bound(facts_.messages.begin(), facts_.messages.end(), local, [](const auto& message, schema::LocalId wanted) { return message.local < wanted; });
  const bool is_there = known != facts_.messages.end() && known->local == local && !facts_.unplaced.contains(local.value);
  if (!is_there && !untold_.contains(local.value) && !facts_.explained.contains(local.value)) damage(key, "words of a message that is not there");
  const bool has_document = record->number < documents_.size() && documents_[record->number].told.local == local;
  if (!has_document) return damage(key, "a message whose document is another's, or not there");
  Document& document = documents_[record->number];
  if (std::exchange(document.met, true)) return damage(key, "two messages with one document");
  if (is_there && known->received != document.told.received) damage(key, "a document with another time than its message");
  if (record->words != document.words || record->hashes != document.hashes) damage(key, "the postings of a message are not those that were made of it");
}

void SearchVerification::compare() {
  std::uint64_t live = 0, dead = 0;
  for (std::size_t number = 0; number < documents_.size(); ++number) {
    const Document& document = documents_[number];
    live += document.told.local.value != 0 ? 1u : 0u;
    dead += document.told.gone.value != 0 ? 1u : 0u;
    if (document.told.local.value != 0 && !document.met) damage(keys::search_documents(static_cast<schema::SearchNumber>(number)), "a document that no message has");
  }
  if (live != record_.live || dead != record_.dead) damage(keys::kSearch, "the full text counts other documents than there are");
  for (const auto& message : facts_.messages) {
    const bool is_read = message.modseq <= record_.position && !facts_.unplaced.contains(message.local.value);
    if (is_read && !searched_.contains(message.local.value)) damage(keys::searched_message(message.local), "a message without its words");
  }
}

}  // namespace telepost::store
