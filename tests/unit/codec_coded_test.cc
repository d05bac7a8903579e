// Stored bytes in fewer bytes and back, bit for bit, and what the readers do with bytes that nobody wrote.
#include <gtest/gtest.h>

#include <random>

#include "tests/support/sound.h"
#include "transcoders/codec/coded.h"
#include "transcoders/codec/flac.h"
#include "transcoders/mime/transfer.h"

namespace telepost::transcoders::codec {
namespace {

using test::SoundKind;
using test::voice_like;
using test::wave_file;

const FindDictionary kNone = [](std::uint32_t number) -> Result<std::shared_ptr<const Dictionary>> {
  return {Errc::corrupt, "dictionary " + std::to_string(number) + " is missing"};
};

std::string random_bytes(std::size_t size, unsigned seed) {
  std::mt19937 random(seed);
  std::string bytes(size, '\0');
  for (char& c : bytes) c = static_cast<char>(random());
  return bytes;
}

std::string coded(std::string_view text, const CodingFacts& facts = {}) {
  Compressor compressor;
  return encode(compressor, text, facts).value_or("");
}

void expect_same(std::string_view text, const CodingFacts& facts = {}) {
  const std::string bytes = coded(text, facts);
  ASSERT_FALSE(bytes.empty());
  const auto back = decode(bytes, kNone);
  ASSERT_TRUE(back.ok()) << to_string(back.error());
  EXPECT_TRUE(*back == text);
  EXPECT_EQ(read_coded_facts(bytes)->size, text.size());
}

TEST(CodecCoded, GivesTextBack) {
  std::string text;
  for (int i = 0; i < 500; ++i) text += "Received: from mx" + std::to_string(i) + ".example.test by mail.example.test\r\n";
  expect_same(text);
  EXPECT_LT(coded(text).size(), text.size() / 5);
  EXPECT_FALSE(read_coded_facts(coded(text))->flac);
}

TEST(CodecCoded, LeavesAloneWhatItCannotMakeSmaller) {
  EXPECT_EQ(coded(random_bytes(50'000, 1)), "");
  EXPECT_EQ(coded("Hi"), "");
  EXPECT_EQ(coded(""), "");
}

TEST(CodecCoded, SeesDenseBytesThroughBase64) {
  const std::string text = "--b\r\nContent-Type: image/tiff\r\n\r\n" + mime::encode_base64_lines(random_bytes(57'000, 2)) + "--b--\r\n";
  expect_same(text);
  EXPECT_LT(coded(text).size(), 57'300u);  // 78 letters for 57 bytes
}

TEST(CodecCoded, HoldsSoundAsFlacWhateverItsEncoding) {
  const auto voice = voice_like(40'000, 3);
  for (const SoundKind kind : {SoundKind::pcm8, SoundKind::pcm16, SoundKind::mulaw, SoundKind::alaw}) {
    const std::string file = wave_file(voice, kind);
    Compressor compressor;
    const std::size_t by_zstd = compressor.compress(file, Compressor::kHighest, nullptr).size();
    for (const std::string& text : {file, "\r\n" + mime::encode_base64_lines(file), file + "trailing chunk"}) {
      expect_same(text);
      EXPECT_TRUE(read_coded_facts(coded(text))->flac);
      EXPECT_LT(coded(text).size(), by_zstd) << static_cast<int>(kind);
    }
  }
}

TEST(CodecCoded, HoldsBothChannels) {
  std::string file = wave_file(voice_like(40'000, 4), SoundKind::pcm16, 2);
  expect_same(file);
  file.resize(file.size() - 3);  // a frame that was not written to its end
  expect_same(file);
  EXPECT_TRUE(read_coded_facts(coded(file))->flac);
}

TEST(CodecCoded, EverySampleValueComesBack) {
  for (const Samples samples : {Samples::pcm_u8, Samples::pcm_s8, Samples::mulaw, Samples::alaw}) {
    std::string all;
    for (int i = 0; i < 4096; ++i) all.push_back(static_cast<char>(i * 7));
    const AudioFormat format{samples, 1};
    EXPECT_TRUE(*read_flac(write_flac(all, format), format, all.size()) == all);
  }
  std::string all;
  for (int i = 0; i < 65'536; ++i) all += test::little(static_cast<std::uint32_t>(i * 7919), 2);
  for (const Samples samples : {Samples::pcm_s16le, Samples::pcm_s16be}) {
    const AudioFormat format{samples, 2};
    EXPECT_TRUE(*read_flac(write_flac(all, format), format, all.size()) == all);
  }
}

// A body of several pieces: only the first tells what the samples are.
TEST(CodecCoded, HoldsLaterPiecesOfASoundFileToo) {
  for (const SoundKind kind : {SoundKind::pcm16, SoundKind::mulaw}) {
    const std::string file = wave_file(voice_like(120'000, 5), kind, 2);
    for (const std::string& body : {file, mime::encode_base64_lines(file)}) {
      constexpr std::size_t kPiece = 50'003;
      const auto audio = find_audio(std::string_view(body).substr(0, kPiece));
      ASSERT_TRUE(audio);
      for (std::size_t at = kPiece; at + kPiece < body.size(); at += kPiece) {
        const std::string_view piece = std::string_view(body).substr(at, kPiece);
        CodingFacts facts;
        facts.audio = ContinuedAudio{*audio, at};
        expect_same(piece, facts);
        EXPECT_TRUE(read_coded_facts(coded(piece, facts))->flac);
        const std::size_t unknowing = coded(piece).empty() ? piece.size() : coded(piece).size();
        EXPECT_LT(coded(piece, facts).size(), unknowing + unknowing / 50);
      }
    }
  }
}

TEST(CodecCoded, DictionaryMakesSmallTextsSmaller) {
  const std::string known = "<document xmlns=\"urn:telepost:message:1\" kind=\"sms\" received=\"2026-01-01T00:00:00.000Z\"><origin network=\"sms\"/>";
  CodingFacts facts;
  facts.dictionary = *Dictionary::make(known);
  facts.dictionary_number = 9;
  const std::string text = known + "<part type=\"text/plain\"/></document>";
  const std::string with = coded(text, facts);
  ASSERT_FALSE(with.empty());
  EXPECT_LT(with.size(), coded(text).size() / 2);
  EXPECT_EQ(read_coded_facts(with)->dictionary, 9u);
  EXPECT_EQ(decode(with, kNone).error().detail, "dictionary 9 is missing");
  const auto back = decode(with, [&](std::uint32_t number) -> Result<std::shared_ptr<const Dictionary>> {
    EXPECT_EQ(number, 9u);
    return facts.dictionary;
  });
  EXPECT_EQ(*back, text);
}

TEST(CodecCoded, BytesThatNobodyWroteAreCorrupt) {
  const std::string good = coded("\r\n" + mime::encode_base64_lines(wave_file(voice_like(8'000, 6), SoundKind::mulaw)));
  for (std::size_t size = 0; size < good.size(); size += size < 64 ? 1 : 97) {
    EXPECT_FALSE(decode(good.substr(0, size), kNone).ok()) << size;
  }
  std::mt19937 random(7);
  for (int i = 0; i < 3000; ++i) {
    std::string bad = good;
    bad[random() % (i % 2 == 0 ? 32 : bad.size())] = static_cast<char>(random());
    const auto back = decode(bad, kNone);  // an error or other bytes, never more than a coded text may hold
    if (back.ok()) {
      EXPECT_LE(back->size(), kMaxCodedText);
    }
  }
}

TEST(CodecCoded, ReadsWaveHeadersAsTheyAreWritten) {
  const std::string file = wave_file(voice_like(100, 1), SoundKind::alaw);
  const auto read = read_audio_header(file);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->format, (AudioFormat{Samples::alaw, 1}));
  EXPECT_EQ(read->header_bytes, 44u);
  EXPECT_EQ(read->sample_bytes, 100u);
  // A chunk that nobody knows lies before the samples (RFC 2361 leaves room for any).
  const std::string chunk = std::string("LIST") + test::little(5, 4) + "hello" + '\0';
  EXPECT_EQ(read_audio_header(file.substr(0, 12) + chunk + file.substr(12))->header_bytes, 58u);
  for (std::size_t size = 0; size < 44; ++size) EXPECT_FALSE(read_audio_header(file.substr(0, size))) << size;
  std::string gsm = file;
  gsm[20] = 49;  // RFC 2361: GSM 6.10
  EXPECT_FALSE(read_audio_header(gsm));
  const std::string au = std::string(".snd\0\0\0\x18\0\0\0\x64\0\0\0\x01\0\0\x1f\x40\0\0\0\x01", 24);
  ASSERT_TRUE(read_audio_header(au));
  EXPECT_EQ(read_audio_header(au)->format, (AudioFormat{Samples::mulaw, 1}));
  EXPECT_EQ(read_audio_header(au)->header_bytes, 24u);
}

}  // namespace
}  // namespace telepost::transcoders::codec
