// Which words a text is found by, in the scripts of the world.
#include "transcoders/words.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "base/bytes.h"

namespace telepost {
namespace {

using transcoders::for_each_word;
using transcoders::Word;
using Words = std::vector<std::string>;

Words words_of(std::string_view text) {
  Words words;
  for_each_word(text, [&](const Word& word) {
    words.emplace_back(word.folded);
    return true;
  });
  return words;
}

TEST(Words, AreRunsOfLettersAndDigits) {
  EXPECT_EQ(words_of("Hello, World! 3.14 (don't)"), (Words{"hello", "world", "3", "14", "don", "t"}));
  EXPECT_EQ(words_of("Ann <ann@example.test>"), (Words{"ann", "ann", "example", "test"}));
  EXPECT_EQ(words_of("tel:+15550100"), (Words{"tel", "15550100"}));
  EXPECT_EQ(words_of("a_b-c/d\\e"), (Words{"a", "b", "c", "d", "e"}));
  EXPECT_EQ(words_of(""), Words{});
  EXPECT_EQ(words_of(" \t\r\n...!?"), Words{});
}

TEST(Words, AreComparedWithoutCaseAndAccents) {
  EXPECT_EQ(words_of("Grüße GRÜSSE grusse Gru\xCC\x88\xC3\x9F" "e"), (Words{"grusse", "grusse", "grusse", "grusse"}));
  EXPECT_EQ(words_of("Zoë Ångström naïve ČESKÝ"), (Words{"zoe", "angstrom", "naive", "cesky"}));
  EXPECT_EQ(words_of("Ёлка ΆΛΦΑ Σίσυφος"), (Words{"елка", "αλφα", "σισυφοσ"}));  // the sigma at a word's end is a sigma
  EXPECT_EQ(words_of("ﬁn ① Ｆｕｌｌ"), (Words{"fin", "full"}));                    // a ring with a number is no digit
  EXPECT_EQ(words_of("Donaudampfschifffahrtsgesellschaft"), Words{"donaudampfschifffahrtsgesellschaft"});
}

TEST(Words, OfArabicAndHebrewHaveNoPoints) {
  EXPECT_EQ(words_of("كِتَابٌ"), words_of("كتاب"));
  EXPECT_EQ(words_of("مرحبا بالعالم"), (Words{"مرحبا", "بالعالم"}));
  EXPECT_EQ(words_of("كـــتاب"), words_of("كتاب"));
  EXPECT_EQ(words_of("שָׁלוֹם"), words_of("שלום"));
}

TEST(Words, OfIndicScriptsKeepTheirVowels) {
  EXPECT_EQ(words_of("हिन्दी भाषा"), (Words{"हिन्दी", "भाषा"}));
  EXPECT_NE(words_of("कि"), words_of("की"));
}

// No dictionary decides, so that whatever part of a text somebody types is a phrase of it.
TEST(Words, OfChineseAndJapaneseAreTheirCharacters) {
  EXPECT_EQ(words_of("中文邮件"), (Words{"中", "文", "邮", "件"}));
  EXPECT_EQ(words_of("東京タワーABC"), (Words{"東", "京", "タ", "ワ", "ー", "abc"}));
  EXPECT_EQ(words_of("한국어 메일"), (Words{"한국어", "메일"}));
  std::size_t characters = 0;
  for_each_word("漢字 and more", [&](const Word& word) { return characters += word.is_character ? 1u : 0u, true; });
  EXPECT_EQ(characters, 2u);
}

TEST(Words, OfThaiAreCutByItsDictionary) {
  EXPECT_EQ(words_of("ภาษาไทย"), (Words{"ภาษา", "ไทย"}));
  EXPECT_EQ(words_of("สวัสดี world"), (Words{"สวัสดี", "world"}));
  EXPECT_GE(words_of("ພາສາລາວ").size(), 1u);
}

TEST(Words, TellWhereTheyStand) {
  const std::string text = "Viele Grüße, 东京 ภาษาไทย";
  std::vector<std::string> stand;
  for_each_word(text, [&](const Word& word) {
    stand.push_back(text.substr(word.begin, word.end - word.begin));
    return stand.size() < 6;
  });
  EXPECT_EQ(stand, (std::vector<std::string>{"Viele", "Grüße", "东", "京", "ภาษา", "ไทย"}));
}

TEST(Words, AreBounded) {
  const Words words = words_of(std::string(1000, 'x') + " " + std::string(100'000, 'y'));
  ASSERT_EQ(words.size(), 2u);
  EXPECT_EQ(words[0], std::string(transcoders::kMaxWordBytes, 'x'));
  std::string accents;
  for (int i = 0; i < 10'000; ++i) accents += "ö";
  EXPECT_EQ(words_of(accents), Words{std::string(64, 'o')});
  std::string letters;
  for (int i = 0; i < 100; ++i) letters += "ж";
  EXPECT_EQ(words_of(letters)[0].size(), 64u);
}

TEST(Words, OfWhateverBytesAreUtf8AndInTheText) {
  std::mt19937 engine(3);
  const auto random = [&] { return static_cast<unsigned>(engine()); };
  const std::string pieces[] = {"a", "Ü", "\xff", "\xc3", "\xe4\xb8", "中", "ภา", " ", "\xf0\x9f\x98\x80", "\xcc\x81", std::string(1, '\0')};
  for (int round = 0; round < 2000; ++round) {
    std::string text;
    for (unsigned i = random() % 30; i > 0; --i) text += pieces[random() % std::size(pieces)];
    std::size_t last = 0;
    for_each_word(text, [&](const Word& word) {
      EXPECT_TRUE(is_valid_utf8(word.folded) && !word.folded.empty() && word.folded.find('\0') == std::string_view::npos);
      EXPECT_TRUE(word.begin >= last && word.begin < word.end && word.end <= text.size());
      last = word.end;
      return true;
    });
  }
}

TEST(Words, StopWhereTheVisitorDoes) {
  int count = 0;
  for_each_word("one two three", [&](const Word&) { return ++count < 2; });
  EXPECT_EQ(count, 2);
}

}  // namespace
}  // namespace telepost
