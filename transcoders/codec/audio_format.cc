#include "transcoders/codec/audio_format.h"

#include "base/bytes.h"

namespace telepost::transcoders::codec {
namespace {

std::uint32_t little(std::string_view bytes) {
  std::uint32_t value = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

std::optional<Samples> wave_samples(std::uint32_t tag, std::uint32_t bits) {
  if (tag == 1 && bits == 8) return Samples::pcm_u8;  // WAVE_FORMAT_PCM; the others as in RFC 2361
  if (tag == 1 && bits == 16) return Samples::pcm_s16le;
  if (tag == 6 && bits == 8) return Samples::alaw;
  if (tag == 7 && bits == 8) return Samples::mulaw;
  return std::nullopt;
}

std::optional<AudioFile> made(std::optional<Samples> samples, std::uint32_t channels, std::size_t header, std::uint64_t size) {
  if (!samples || channels < 1 || channels > 2) return std::nullopt;
  // Who writes a stream does not know its size yet and leaves 0 or the largest number.
  return AudioFile{{*samples, channels}, static_cast<std::uint32_t>(header), size == 0 ? UINT32_MAX : size};
}

std::optional<AudioFile> read_wave(std::string_view file) {
  std::optional<Samples> samples;
  std::uint32_t channels = 0;
  for (std::size_t at = 12; at + 8 <= file.size();) {
    const std::string_view name = file.substr(at, 4);
    const std::uint32_t size = little(file.substr(at + 4, 4));
    at += 8;
    if (name == "data") return made(samples, channels, at, size);
    if (name == "fmt " && size >= 16 && at + 16 <= file.size()) {
      channels = little(file.substr(at + 2, 2));
      samples = wave_samples(little(file.substr(at, 2)), little(file.substr(at + 14, 2)));
    }
    at += std::size_t{size} + (size & 1u);  // chunks are padded to even sizes
  }
  return std::nullopt;
}

std::optional<AudioFile> read_au(std::string_view file) {
  ByteReader fields(file.substr(4));
  const std::uint32_t header = fields.u32();
  const std::uint32_t size = fields.u32();
  const std::uint32_t encoding = fields.u32();
  fields.u32();  // rate
  const std::uint32_t channels = fields.u32();
  if (fields.failed() || header < 24 || header > kMaxAudioHeader) return std::nullopt;
  switch (encoding) {
    case 1: return made(Samples::mulaw, channels, header, size);
    case 2: return made(Samples::pcm_s8, channels, header, size);
    case 3: return made(Samples::pcm_s16be, channels, header, size);
    case 27: return made(Samples::alaw, channels, header, size);
    default: return std::nullopt;
  }
}

}  // namespace

std::optional<AudioFile> read_audio_header(std::string_view begin_of_file) {
  const std::string_view file = begin_of_file.substr(0, kMaxAudioHeader);
  if (file.starts_with("RIFF") && file.size() >= 12 && file.substr(8, 4) == "WAVE") return read_wave(file);
  if (file.starts_with(".snd")) return read_au(file);
  return std::nullopt;
}

}  // namespace telepost::transcoders::codec
