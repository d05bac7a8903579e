// What a dictionary may hold: strings of at least so many owners, and none of fewer.
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "transcoders/codec/shared_strings.h"
#include "transcoders/codec/zstd.h"

namespace telepost::transcoders::codec {
namespace {

// By looking, not by sorting.
std::size_t owners_of(const std::vector<Sample>& samples, const std::string& text) {
  std::set<std::uint64_t> owners;
  for (const Sample& sample : samples) {
    if (sample.text.find(text) != std::string::npos) owners.insert(sample.owner);
  }
  return owners.size();
}

// Letters of a template that all have, of words that some have, and of secrets of one owner each, some in many messages.
std::vector<Sample> samples() {
  std::mt19937 random(1);
  std::vector<Sample> list;
  for (std::uint64_t owner = 0; owner < 80; ++owner) {
    for (int i = 0; i < 3; ++i) {
      std::string text = "Dear subscriber, your call could not be answered. ";
      if (owner < 49) text += "The secret of forty-nine accounts is here. ";
      if (owner < 50) text += "And fifty know this one already. ";
      text += "PIN of owner " + std::to_string(1'000'000'007 * (owner + 1)) + " ";
      for (int word = 0; word < 20; ++word) text += std::to_string(random()) + " ";
      list.push_back({owner, text + "Yours sincerely, the voicemail service\r\n"});
    }
  }
  return list;
}

TEST(CodecSharedStrings, EachIsKnownToEnoughOwners) {
  const auto all = samples();
  const auto strings = shared_strings(all, 50, 16'384);
  ASSERT_FALSE(strings.empty());
  std::string joined;
  for (const std::string& string : strings) {
    EXPECT_GE(owners_of(all, string), 50u) << string;
    EXPECT_GE(string.size(), kMinSharedString);
    EXPECT_LE(string.size(), kMaxSharedString);
    joined += string + "|";
  }
  EXPECT_NE(joined.find("Dear subscriber, your call could not be answered. "), std::string::npos);
  EXPECT_NE(joined.find("Yours sincerely, the voicemail service"), std::string::npos);
  EXPECT_NE(joined.find("fifty know this one already"), std::string::npos);
  EXPECT_EQ(joined.find("forty-nine"), std::string::npos);
  EXPECT_EQ(joined.find("1000000007"), std::string::npos);
  EXPECT_EQ(strings, shared_strings(all, 50, 16'384)) << "the same samples give the same strings";
}

TEST(CodecSharedStrings, OneOwnerWithManyMessagesIsOne) {
  std::vector<Sample> all;
  for (int i = 0; i < 500; ++i) all.push_back({7, "The same text again and again, from one."});
  for (std::uint64_t owner = 0; owner < 49; ++owner) all.push_back({100 + owner, "Something of others, which they share."});
  EXPECT_TRUE(shared_strings(all, 50, 10'000).empty());
  all.push_back({7, "Something of others, which they share."});
  EXPECT_EQ(shared_strings(all, 50, 10'000), std::vector<std::string>{"Something of others, which they share."});
}

TEST(CodecSharedStrings, KeepsToItsSize) {
  std::size_t bytes = 0;
  for (const std::string& string : shared_strings(samples(), 50, 60)) bytes += string.size();
  EXPECT_LE(bytes, 60u);
  EXPECT_TRUE(shared_strings({}, 50, 100).empty());
  EXPECT_TRUE(shared_strings({{1, "short"}}, 1, 100).empty());
}

TEST(CodecSharedStrings, MakeADictionaryThatHelps) {
  const auto all = samples();
  std::string text, joined;
  for (const std::string& string : shared_strings(all, 50, 16'384)) text.insert(0, string);
  std::vector<std::size_t> sizes;
  for (const Sample& sample : all) {
    joined += sample.text;
    sizes.push_back(sample.text.size());
  }
  const auto plain = *Dictionary::make(text);
  const auto finished = *Dictionary::make(finish_dictionary(text, joined, sizes));
  Compressor compressor;
  const auto size = [&](const Dictionary* dictionary) { return compressor.compress(all[5].text, Compressor::kHighest, dictionary).size(); };
  EXPECT_LT(size(plain.get()), size(nullptr) * 3 / 4);
  EXPECT_LT(size(finished.get()), size(plain.get()));
  const std::string frame = compressor.compress(all[5].text, Compressor::kHighest, finished.get());
  EXPECT_EQ(*decompress(frame, all[5].text.size(), finished.get()), all[5].text);
  EXPECT_FALSE(decompress(frame, all[5].text.size() + 1, finished.get()).ok());
}

}  // namespace
}  // namespace telepost::transcoders::codec
