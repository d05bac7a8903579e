#include "transcoders/codec/coded.h"

#include <algorithm>
#include <vector>

#include "base/assert.h"
#include "base/bytes.h"
#include "transcoders/codec/radix64_lines.h"
#include "transcoders/codec/flac.h"
#include "transcoders/codec/stretches.h"

namespace telepost::transcoders::codec {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kMinSampleBytes = 1024;
constexpr std::size_t kLargeText = 128u << 10;
constexpr int kLevelOfLargeTexts = 15;

// Takes stretches out of a text.
class Taking {
 public:
  Taking(std::string_view text, const CodingFacts& facts, Compressor& compressor) : text_(text), facts_(facts), compressor_(compressor) {}

  void run() {
    std::size_t at = 0;
    auto found = find_base64(text_, at);
    if (!found) {
      const auto file = sound_file(text_, 0);
      if (file && take_sound(text_, *file, std::nullopt)) return;
    }
    for (; found; found = find_base64(text_, at)) {
      copy(at, found->lines.begin);
      const auto file = sound_file(found->bytes, found->lines.begin);
      if (!file || !take_sound(found->bytes, *file, found->lines)) take_bytes(found->bytes, found->lines);
      at = found->lines.begin + found->lines.size;
    }
    copy(at, text_.size());
  }

  std::string plain, streams;
  std::vector<Stretch> stretches;

 private:
  void copy(std::size_t begin, std::size_t end) {
    plain.append(text_.substr(begin, end - begin));
    gap_ += end - begin;
  }

  // The samples in these bytes: of a file that begins here, or that goes on here.
  std::optional<AudioFile> sound_file(std::string_view bytes, std::uint64_t offset) const {
    if (const auto file = read_audio_header(bytes)) return file;
    if (!facts_.audio || offset > kMaxBase64Line || facts_.audio->text_offset == 0) return std::nullopt;
    AudioFile file = facts_.audio->file;
    file.header_bytes = 0;
    return file;
  }

  // Where in the file these bytes begin, so that samples of several bytes are cut between them.
  std::uint64_t bytes_before(const std::optional<Radix64Lines>& lines) const {
    const std::uint64_t offset = facts_.audio->text_offset + (lines ? lines->begin : 0);
    if (!lines) return offset;
    const std::uint64_t letters = offset / (lines->line + 2) * lines->line + std::min<std::uint64_t>(offset % (lines->line + 2), lines->line);
    return letters / 4 * 3;
  }

  bool take_sound(std::string_view bytes, const AudioFile& file, const std::optional<Radix64Lines>& lines) {
    const std::uint64_t frame = file.format.frame_bytes();
    std::uint64_t head = file.header_bytes;
    if (head == 0) {
      const std::uint64_t into = (bytes_before(lines) + frame - facts_.audio->file.header_bytes % frame) % frame;
      head = (frame - into) % frame;
    }
    if (head >= bytes.size()) return false;
    std::uint64_t size = bytes.size() - head;
    if (file.header_bytes != 0) size = std::min(size, file.sample_bytes);
    size -= size % frame;
    if (size < kMinSampleBytes) return false;
    const std::string_view samples = bytes.substr(head, size);
    const std::string stream = write_flac(samples, file.format);
    // Tones and silence repeat themselves, and zstd sees that better; its highest level gains some hundredths on the quick one.
    const std::size_t quick = compressor_.compress(samples, Compressor::kQuick, nullptr).size();
    if (stream.size() >= quick - quick / 16) return false;
    stretches.push_back({gap_, bytes.size(), lines, Stretch::Sound{file.format, head, size, stream.size()}});
    streams.append(stream);
    plain.append(bytes.substr(0, head)).append(bytes.substr(head + size));
    gap_ = 0;
    return true;
  }

  void take_bytes(std::string_view bytes, const Radix64Lines& lines) {
    stretches.push_back({gap_, bytes.size(), lines, std::nullopt});
    plain.append(bytes);
    gap_ = 0;
  }

  const std::string_view text_;
  const CodingFacts& facts_;
  Compressor& compressor_;
  std::uint64_t gap_ = 0;
};

std::string compress_plain(Compressor& compressor, std::string_view plain, const CodingFacts& facts) {
  if (plain.size() <= kLargeText) return compressor.compress(plain, Compressor::kHighest, facts.dictionary.get());
  std::string quick = compressor.compress(plain, Compressor::kQuick, nullptr);
  if (quick.size() > plain.size() - plain.size() / 32) return quick;
  return compressor.compress(plain, kLevelOfLargeTexts, nullptr);
}

// A coded text as it is undone.
struct Opened {
  CodedFacts facts;
  std::vector<Stretch> stretches;
  std::uint64_t plain_size = 0;
  std::string_view streams;
  std::string_view frame;
};

Error not_coded() { return {Errc::corrupt, "not a coded text of a known version"}; }

Result<Opened> open(std::string_view coded) {
  ByteReader in(coded);
  Opened opened;
  if (in.u8() != kVersion) return not_coded();
  opened.facts.size = opened.plain_size = in.varint();
  const std::uint64_t dictionary = in.varint();
  const std::uint64_t count = in.varint();
  if (opened.facts.size > kMaxCodedText || dictionary > UINT32_MAX || count > in.rest().size()) return not_coded();
  opened.facts.dictionary = static_cast<std::uint32_t>(dictionary);
  std::uint64_t streams = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto stretch = read_stretch(in);
    if (!stretch) return not_coded();
    opened.stretches.push_back(*stretch);
    if (!stretch->sound) continue;
    if (stretch->sound->flac_bytes > coded.size()) return not_coded();
    streams += stretch->sound->flac_bytes;
    opened.facts.flac = true;
  }
  if (count > 0) opened.plain_size = in.varint();
  opened.streams = in.raw(streams);
  opened.frame = in.rest();
  if (in.failed() || opened.plain_size > opened.facts.size) return not_coded();
  return opened;
}

// Puts the stretches back into the plain text.
class PuttingBack {
 public:
  PuttingBack(const Opened& opened, std::string_view plain) : opened_(opened), plain_(plain), streams_(opened.streams) {}

  Result<std::string> run() {
    text_.reserve(opened_.facts.size);
    for (const Stretch& stretch : opened_.stretches) {
      TELEPOST_TRY(take_plain(stretch.gap, text_));
      TELEPOST_TRY(put(stretch));
    }
    if (plain_.size() != room()) return not_coded();
    text_.append(plain_);
    return std::move(text_);
  }

 private:
  std::uint64_t room() const { return opened_.facts.size - text_.size(); }

  Result<void> take_plain(std::uint64_t size, std::string& to) {
    if (size > plain_.size() || size > room()) return not_coded();
    to.append(plain_.substr(0, size));
    plain_.remove_prefix(size);
    return {};
  }

  Result<void> put(const Stretch& stretch) {
    const std::uint64_t written = stretch.size > kMaxCodedText ? stretch.size : stretch.lines ? base64_size(stretch.size, *stretch.lines) : stretch.size;
    if (written > room()) return not_coded();
    std::string bytes;
    if (stretch.sound) {
      TELEPOST_TRY(take_plain(stretch.sound->head_bytes, bytes));
      const std::string_view stream = streams_.substr(0, stretch.sound->flac_bytes);
      streams_.remove_prefix(stream.size());
      TELEPOST_ASSIGN(const std::string samples, read_flac(stream, stretch.sound->format, stretch.sound->sample_bytes));
      bytes.append(samples);
    }
    TELEPOST_TRY(take_plain(stretch.size - bytes.size(), bytes));
    text_.append(stretch.lines ? write_base64(bytes, *stretch.lines) : bytes);
    return {};
  }

  const Opened& opened_;
  std::string_view plain_;
  std::string_view streams_;
  std::string text_;
};

}  // namespace

std::optional<std::string> encode(Compressor& compressor, std::string_view text, const CodingFacts& facts) {
  TELEPOST_ASSERT(text.size() <= kMaxCodedText);
  Taking taken(text, facts, compressor);
  taken.run();
  const std::string frame = compress_plain(compressor, taken.plain, facts);
  const bool learned = facts.dictionary && taken.plain.size() <= kLargeText;
  std::string coded;
  ByteWriter out(coded);
  out.u8(kVersion).varint(text.size()).varint(learned ? facts.dictionary_number : 0).varint(taken.stretches.size());
  for (const Stretch& stretch : taken.stretches) write(out, stretch);
  if (!taken.stretches.empty()) out.varint(taken.plain.size());
  out.raw(taken.streams).raw(frame);
  if (coded.size() > text.size() - text.size() / 16) return std::nullopt;
  return coded;
}

Result<std::string> decode(std::string_view coded, const FindDictionary& find) {
  TELEPOST_ASSIGN(const Opened opened, open(coded));
  std::shared_ptr<const Dictionary> dictionary;
  if (opened.facts.dictionary != 0) {
    TELEPOST_ASSIGN(dictionary, find(opened.facts.dictionary));
  }
  TELEPOST_ASSIGN(std::string plain, decompress(opened.frame, opened.plain_size, dictionary.get()));
  if (opened.stretches.empty()) return plain;
  return PuttingBack(opened, plain).run();
}

Result<CodedFacts> read_coded_facts(std::string_view coded) {
  TELEPOST_ASSIGN(const Opened opened, open(coded));
  return opened.facts;
}

std::optional<AudioFile> find_audio(std::string_view begin_of_body) {
  if (const auto file = read_audio_header(begin_of_body)) return file;
  const auto found = find_base64(begin_of_body.substr(0, 2 * kMaxAudioHeader), 0);
  return found && found->lines.begin == 0 ? read_audio_header(found->bytes) : std::nullopt;
}

std::string text_to_learn_from(std::string_view text) {
  std::string rest;
  std::size_t at = 0;
  while (const auto found = find_base64(text, at)) {
    rest.append(text.substr(at, found->lines.begin - at));
    at = found->lines.begin + found->lines.size;
  }
  rest.append(text.substr(at));
  return rest;
}

}  // namespace telepost::transcoders::codec
