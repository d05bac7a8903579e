// The records of the full text: what is written is read, and bytes that are none are told.
#include "schema/search_records.h"

#include <gtest/gtest.h>

#include <random>

#include "base/bytes.h"

namespace telepost {
namespace {

using schema::Posting;
using schema::PostingBlock;
using schema::SearchField;
namespace keys = schema::keys;

std::string positions_of(const std::vector<std::vector<std::uint32_t>>& fields) {
  std::string bytes;
  for (const auto& field : fields) {
    ByteWriter(bytes).varint(field.size());
    std::uint32_t before = 0;
    for (const std::uint32_t position : field) ByteWriter(bytes).varint(position - before), before = position;
  }
  return bytes;
}

TEST(SearchRecords, PostingsComeBackAsTheyWent) {
  std::mt19937 engine(1);
  const auto random = [&] { return static_cast<unsigned>(engine()); };
  for (int round = 0; round < 200; ++round) {
    std::vector<std::string> positions;
    std::vector<Posting> postings;
    schema::SearchNumber number = random() % 3;
    const unsigned count = 1 + random() % 40;
    positions.reserve(count);
    PostingBlock block;
    for (unsigned i = 0; i < count; ++i, number += 1 + (random() % 5 == 0 ? random() % 100'000 : random() % 3)) {
      positions.push_back(positions_of({{0, 3, static_cast<std::uint32_t>(random() % 100'000) + 4}, {7}}));
      postings.push_back({number, static_cast<std::uint8_t>(bit(SearchField::from) | bit(SearchField::body)), positions.back()});
      block.add(postings.back());
    }
    const schema::SearchNumber last = block.last();
    const std::string bytes = block.take();
    EXPECT_EQ(block.postings(), 0u);
    const auto read = schema::decode_postings(bytes, last);
    ASSERT_TRUE(read.ok());
    EXPECT_EQ(*read, postings);
    EXPECT_EQ(positions_in(postings[0], SearchField::body), std::vector<std::uint32_t>{7});
    EXPECT_EQ(positions_in(postings[0], SearchField::from).size(), 3u);
    EXPECT_TRUE(positions_in(postings[0], SearchField::to).empty());
    for (std::size_t cut = 0; cut < bytes.size(); ++cut) EXPECT_FALSE(schema::decode_postings(std::string_view(bytes).substr(0, cut), last).ok());
    EXPECT_FALSE(schema::decode_postings(bytes + "x", last).ok());
  }
}

TEST(SearchRecords, ABlockThatEndsElsewhereThanItsKeySaysIsBroken) {
  PostingBlock block;
  block.add({5, 1, "\x01\x01"});
  block.add({9, 1, "\x01\x01"});
  std::string bytes = block.take();
  EXPECT_TRUE(schema::decode_postings(bytes, 9).ok());
  bytes[2] = 3;  // the span between first and last
  EXPECT_FALSE(schema::decode_postings(bytes, 9).ok());
}

TEST(SearchRecords, DocumentsComeBackAsTheyWent) {
  std::mt19937_64 random(2);
  for (int round = 0; round < 200; ++round) {
    schema::SearchDocuments block;
    for (unsigned i = random() % 256; i > 0; --i) {
      switch (random() % 3) {
        case 0: block.list.emplace_back(); break;
        case 1: block.list.push_back({{}, {}, {random() % 1000 + 1}}); break;
        default: block.list.push_back({{random() | 1}, from_millis(static_cast<std::int64_t>(random() % 2'000'000'000'000) - 1'000'000'000'000), {}});
      }
    }
    const auto read = schema::decode_SearchDocuments(encode(block));
    ASSERT_TRUE(read.ok());
    EXPECT_EQ(*read, block);
  }
  const schema::SearchRecord record{{77}, 5, 4, 1, 9, std::string("W\0x", 3), {70}};
  EXPECT_EQ(*schema::decode_SearchRecord(encode(record)), record);
  const schema::SearchedMessageRecord message{8, {12}, 300, ~std::uint64_t{0}};
  EXPECT_EQ(*schema::decode_SearchedMessageRecord(encode(message)), message);
}

TEST(SearchRecords, KeysSortByWordThenDocument) {
  EXPECT_LT(keys::postings("a", 300), keys::postings("a", 0x10000));
  EXPECT_LT(keys::postings("a", 0xffffffff), keys::postings("ab", 0));
  EXPECT_TRUE(keys::postings("ab", 1).starts_with(keys::postings_from("a")));
  EXPECT_FALSE(keys::postings("ab", 1).starts_with(keys::postings_of("a")));
  const std::string key = keys::postings("grusse", 7);
  ASSERT_TRUE(keys::posting_key(key));
  EXPECT_EQ(keys::posting_key(key)->word, "grusse");
  EXPECT_EQ(keys::posting_key(key)->last, 7u);
  for (const std::string& other : {std::string("W"), std::string("Wx"), std::string("W\0\0\0\0\0", 6), std::string("Wxxxxxx"), "S" + key.substr(1)}) {
    EXPECT_FALSE(keys::posting_key(other)) << to_hex(other);
  }
}

}  // namespace
}  // namespace telepost
