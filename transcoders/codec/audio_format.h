// What of a sound file are samples that FLAC can hold: PCM and G.711 as they lie in WAVE (RIFF) and AU files. Reads a file's
// begin, trusts nothing in it, and keeps nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace telepost::transcoders::codec {

enum class Samples : std::uint8_t {
  pcm_u8 = 1,   // WAVE, 8 bits: unsigned
  pcm_s8,       // AU, 8 bits
  pcm_s16le,    // WAVE, 16 bits
  pcm_s16be,    // AU, and audio/L16 (RFC 3551 section 4.5.11)
  mulaw,        // ITU-T G.711
  alaw,
};
inline constexpr Samples kLastSamples = Samples::alaw;
constexpr unsigned bytes_of(Samples samples) { return samples == Samples::pcm_s16le || samples == Samples::pcm_s16be ? 2 : 1; }

struct AudioFormat {
  Samples samples = Samples::pcm_u8;
  std::uint32_t channels = 1;  // 1 or 2
  std::uint32_t frame_bytes() const { return bytes_of(samples) * channels; }
  bool operator==(const AudioFormat&) const = default;
};

struct AudioFile {
  AudioFormat format;
  std::uint32_t header_bytes = 0;  // where the samples begin
  std::uint64_t sample_bytes = 0;  // as the file states; more than there is where a file was written as a stream
};

inline constexpr std::size_t kMaxAudioHeader = 4096;

// None: no such file, or samples that FLAC does not hold.
std::optional<AudioFile> read_audio_header(std::string_view begin_of_file);

}  // namespace telepost::transcoders::codec
