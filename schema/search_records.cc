#include "schema/search_records.h"

#include <utility>

#include "base/bytes.h"
#include "base/mix.h"
#include "schema/record_codec.h"

namespace telepost::schema {
namespace {

// Differences may be negative: messages are indexed by their changes, not by their numbers.
std::uint64_t folded(std::uint64_t value, std::uint64_t before) {
  const auto difference = static_cast<std::int64_t>(value - before);
  return static_cast<std::uint64_t>(difference) << 1 ^ static_cast<std::uint64_t>(difference >> 63);
}
std::uint64_t unfolded(std::uint64_t folded, std::uint64_t before) { return before + (folded >> 1 ^ (0 - (folded & 1))); }

}  // namespace

std::string encode(const SearchRecord& r) {
  return Encoder().number(r.position).number(r.next).number(r.live).number(r.dead).number(r.added).text(r.cursor).number(r.pass).take();
}
Result<SearchRecord> decode_SearchRecord(std::string_view bytes) {
  SearchRecord r;
  Decoder in(bytes, "search record");
  in.number(r.position).number(r.next).number(r.live).number(r.dead).number(r.added).text(r.cursor).number(r.pass);
  return in.finish(std::move(r));
}

std::string encode(const SearchedMessageRecord& r) {
  return Encoder().number(r.number).number(r.annotated).number(r.words).number(r.hashes).take();
}
Result<SearchedMessageRecord> decode_SearchedMessageRecord(std::string_view bytes) {
  SearchedMessageRecord r;
  Decoder in(bytes, "searched message record");
  in.number(r.number).number(r.annotated).number(r.words).number(r.hashes);
  return in.finish(std::move(r));
}

// Of one that is gone a zero and since when; else a one, and how far number and time are from those before.
std::string encode(const SearchDocuments& r) {
  std::uint64_t local = 0, received = 0;
  return Encoder().list(r.list, [&](Encoder& out, const SearchDocuments::One& one) {
    if (one.local.value == 0) {
      out.number(0).number(one.gone);
      return;
    }
    const auto millis = static_cast<std::uint64_t>(to_millis(one.received));
    out.number(1).number(folded(one.local.value, local)).number(folded(millis, received));
    local = one.local.value;
    received = millis;
  }).take();
}
Result<SearchDocuments> decode_SearchDocuments(std::string_view bytes) {
  SearchDocuments r;
  std::uint64_t local = 0, received = 0;
  bool bad = false;
  Decoder in(bytes, "search documents record");
  in.list(r.list, [&](Decoder& from, SearchDocuments::One& one) {
    std::uint64_t sort = 0, far = 0, later = 0;
    from.number(sort);
    bad = bad || sort > 1;
    if (sort == 0) {
      from.number(one.gone);
      return;
    }
    from.number(far).number(later);
    one.local = {local = unfolded(far, local)};
    one.received = from_millis(static_cast<std::int64_t>(received = unfolded(later, received)));
    bad = bad || local == 0;
  });
  if (bad || r.list.size() > kSearchDocumentsInBlock) return {Errc::corrupt, "bytes that are no search documents record"};
  return in.finish(std::move(r));
}

void PostingBlock::add(const Posting& posting) {
  ByteWriter writer(body_);
  if (count_ == 0) first_ = posting.number;
  else writer.varint(posting.number - last_);
  last_ = posting.number;
  ++count_;
  writer.u8(posting.fields).text(posting.positions);
}

std::string PostingBlock::take() {
  std::string bytes;
  bytes.reserve(body_.size() + 8);
  ByteWriter(bytes).u8(kRecordVersion).varint(count_).varint(last_ - first_).raw(body_);
  body_.clear();
  count_ = 0;
  return bytes;
}

PostingReader::PostingReader(std::string_view bytes, SearchNumber last) : at_(bytes.data()), end_(bytes.data() + bytes.size()), last_(last) {
  const bool is_known = !bytes.empty() && static_cast<std::uint8_t>(*at_++) == kRecordVersion;
  left_ = is_known ? varint() : 0;
  const std::uint64_t span = is_known ? varint() : 0;
  broken_ = broken_ || !is_known || left_ == 0 || span > last;
  if (!broken_) number_ = static_cast<SearchNumber>(last - span);
}

std::uint64_t PostingReader::varint() {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64 && at_ != end_; shift += 7) {
    const auto byte = static_cast<std::uint8_t>(*at_++);
    value |= std::uint64_t{byte & 0x7fu} << shift;
    if (byte < 0x80) return value;
  }
  broken_ = true;
  return 0;
}

bool PostingReader::next(Posting& posting) {
  if (broken_) return false;
  if (left_ == 0) {
    broken_ = at_ != end_ || number_ != last_;
    return false;
  }
  --left_;
  if (std::exchange(begun_, true)) {
    const std::uint64_t more = varint();
    broken_ = broken_ || more == 0 || more > last_ - number_;
    if (broken_) return false;
    number_ += static_cast<SearchNumber>(more);
  }
  broken_ = at_ == end_;
  if (broken_) return false;
  posting.fields = static_cast<std::uint8_t>(*at_++);
  const std::uint64_t size = varint();
  broken_ = broken_ || size > static_cast<std::uint64_t>(end_ - at_) || posting.fields == 0;
  if (broken_) return false;
  posting.number = number_;
  posting.positions = {at_, static_cast<std::size_t>(size)};
  at_ += size;
  return true;
}

std::vector<std::uint32_t> positions_in(const Posting& posting, SearchField field) {
  std::vector<std::uint32_t> positions;
  if ((posting.fields & bit(field)) == 0) return positions;
  ByteReader reader(posting.positions);
  for (unsigned mask = 1; mask <= bit(field) && !reader.failed(); mask <<= 1) {
    if ((posting.fields & mask) == 0) continue;
    std::uint32_t position = 0;
    for (std::uint64_t left = reader.varint(); left > 0 && !reader.failed(); --left) {
      position += static_cast<std::uint32_t>(reader.varint());
      if (mask == bit(field) && !reader.failed()) positions.push_back(position);
    }
  }
  return positions;
}

std::uint64_t hash_of(std::string_view word, const Posting& posting) {
  std::uint64_t hash = 0xcbf29ce484222325u;  // FNV-1a, which is the same everywhere
  const auto add = [&](std::string_view bytes) {
    for (const char byte : bytes) hash = (hash ^ static_cast<std::uint8_t>(byte)) * 0x100000001b3u;
  };
  add(word);
  hash = mix(hash ^ posting.fields);
  add(posting.positions);
  return mix(hash);
}

Result<std::vector<Posting>> decode_postings(std::string_view bytes, SearchNumber last) {
  std::vector<Posting> list;
  TELEPOST_TRY(PostingBlock::read(bytes, last, [&](const Posting& posting) {
    list.push_back(posting);
    return true;
  }));
  return list;
}

namespace keys {

std::string postings_of(std::string_view word) {
  std::string key(kPostings);
  return key.append(word).append(1, '\0');
}
std::string postings(std::string_view word, SearchNumber last) {
  std::string key = postings_of(word);
  ByteWriter(key).u32(last);
  return key;
}
std::string postings_from(std::string_view begin) { return std::string(kPostings).append(begin); }
std::string search_documents(SearchNumber number) {
  std::string key(kSearchDocuments);
  ByteWriter(key).u32(number / kSearchDocumentsInBlock);
  return key;
}
std::optional<PostingKey> posting_key(std::string_view key) {
  const bool is_one = key.size() > 6 && key[0] == kPostings[0] && key[key.size() - 5] == '\0';
  if (!is_one) return std::nullopt;
  const std::string_view word = key.substr(1, key.size() - 6);
  if (word.find('\0') != std::string_view::npos) return std::nullopt;
  return PostingKey{word, ByteReader(key.substr(key.size() - 4)).u32()};
}

}  // namespace keys
}  // namespace telepost::schema
