#include "store/posting_pass.h"

#include <algorithm>

#include "base/bytes.h"
#include "schema/keys.h"
#include "store/posting_writer.h"

namespace telepost::store {
namespace keys = schema::keys;

namespace {
constexpr std::size_t kPassBytes = 1u << 20;
constexpr std::size_t kRecordsAtOnce = 6'000;
constexpr std::size_t kDocumentBlocksAtOnce = 500;
constexpr std::size_t kLongBlock = kPostingBlockBytes * 3 / 4;  // nothing is joined to one that is so long
}  // namespace

Result<void> PostingPass::read() {
  if (record_.cursor.empty()) {
    record_.cursor = keys::kPostings;
    record_.pass = record_.position;
  }
  return record_.cursor.starts_with(keys::kPostings) ? read_postings() : read_documents();
}

Result<void> PostingPass::learn_the_dead() {
  if (record_.dead == 0) return {};
  dead_.resize(record_.next);
  Result<void> decoded;
  TELEPOST_TRY(snapshot_.scan(Space::scan, keys::kSearchDocuments, keys::after(keys::kSearchDocuments), [&](std::string_view key, std::string_view value) {
    const auto block = schema::decode_SearchDocuments(value);
    if (!block.ok()) decoded = block.error();
    if (!block.ok()) return false;
    std::size_t number = std::size_t{ByteReader(key.substr(1)).u32()} * schema::kSearchDocumentsInBlock;
    for (const auto& one : block->list) {
      if (number < dead_.size()) dead_[number] = one.gone.value != 0 && one.gone <= record_.pass;
      ++number;
    }
    return true;
  }));
  return decoded;
}

Result<void> PostingPass::read_postings() {
  TELEPOST_TRY(learn_the_dead());
  Blocks blocks;
  std::size_t bytes = 0;
  bool more = false;
  TELEPOST_TRY(snapshot_.scan(Space::scan, record_.cursor, keys::after(keys::kPostings), [&](std::string_view key, std::string_view value) {
    more = bytes >= kPassBytes || blocks.size() == kRecordsAtOnce;
    if (more) return false;
    blocks.emplace_back(key, value);
    bytes += key.size() + value.size();
    return true;
  }));
  record_.cursor = more ? blocks.back().first + '\0' : std::string(keys::kSearchDocuments);
  for (auto begin = blocks.cbegin(); begin != blocks.cend();) {
    const auto first = keys::posting_key(begin->first);
    if (!first) return {Errc::corrupt, "a key of postings without a word; run telepost verify"};
    const auto end = std::find_if(begin, blocks.cend(), [&](const auto& block) {
      const auto other = keys::posting_key(block.first);
      return !other || other->word != first->word;
    });
    TELEPOST_TRY(join(first->word, begin, end));
    begin = end;
  }
  return {};
}

Result<bool> PostingPass::has_dead(const std::string& key, const std::string& value) const {
  if (dead_.empty()) return false;
  bool found = false;
  TELEPOST_TRY(schema::PostingBlock::read(value, keys::posting_key(key)->last, [&](const schema::Posting& posting) { return !(found = is_dead(posting.number)); }));
  return found;
}

void PostingPass::write(std::string_view word, schema::PostingBlock& block) {
  if (block.postings() == 0) return;
  std::string key = keys::postings(word, block.last());
  written_.emplace_back(std::move(key), block.take());
}

// Blocks of one word that follow each other.
Result<void> PostingPass::join(std::string_view word, Blocks::const_iterator begin, Blocks::const_iterator end) {
  schema::PostingBlock block;
  for (auto at = begin; at != end; ++at) {
    TELEPOST_ASSIGN(const bool with_dead, has_dead(at->first, at->second));
    const bool is_alone = block.postings() == 0 && (at + 1 == end || at->second.size() >= kLongBlock);
    if (!with_dead && is_alone) continue;
    if (!with_dead && at->second.size() >= kLongBlock) {
      write(word, block);
      continue;
    }
    TELEPOST_TRY(schema::PostingBlock::read(at->second, keys::posting_key(at->first)->last, [&](const schema::Posting& posting) {
      if (!is_dead(posting.number)) block.add(posting);
      if (block.size_bytes() >= kPostingBlockBytes) write(word, block);
      return true;
    }));
    erased_.push_back(at->first);
  }
  write(word, block);
  return {};
}

Result<void> PostingPass::read_documents() {
  std::size_t blocks = 0;
  bool more = false;
  Result<void> decoded;
  std::string last;
  TELEPOST_TRY(snapshot_.scan(Space::scan, record_.cursor, keys::after(keys::kSearchDocuments), [&](std::string_view key, std::string_view value) {
    more = blocks == kDocumentBlocksAtOnce;
    if (more) return false;
    ++blocks;
    last = key;
    auto block = schema::decode_SearchDocuments(value);
    if (!block.ok()) decoded = block.error();
    if (!block.ok()) return false;
    std::uint64_t taken = 0;
    for (auto& one : block->list) {
      if (one.gone.value == 0 || one.gone > record_.pass) continue;
      one = {};
      ++taken;
    }
    record_.dead -= taken;
    const bool is_empty = std::all_of(block->list.begin(), block->list.end(), [](const auto& one) { return one == schema::SearchDocuments::One{}; });
    if (is_empty) erased_.emplace_back(key);
    else if (taken > 0) written_.emplace_back(key, schema::encode(*block));
    return true;
  }));
  TELEPOST_TRY(decoded);
  if (more) {
    record_.cursor = last + '\0';
    return {};
  }
  record_.cursor.clear();
  record_.pass = {};
  record_.added = 0;
  return {};
}

}  // namespace telepost::store
