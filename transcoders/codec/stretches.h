// The stretches of a coded text: what was taken out of it before zstd, as transcoders/codec/coded.h lays it out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "transcoders/codec/audio_format.h"
#include "transcoders/codec/radix64_lines.h"

namespace telepost::transcoders::codec {

// Bytes that stood as base64 lines, or samples, or both. What is not samples lies in the plain text.
struct Stretch {
  struct Sound {
    AudioFormat format;
    std::uint64_t head_bytes = 0;    // before the samples
    std::uint64_t sample_bytes = 0;
    std::uint64_t flac_bytes = 0;
  };
  std::uint64_t gap = 0;             // bytes of the plain text before it
  std::uint64_t size = 0;            // of what it stands for, without base64
  std::optional<Radix64Lines> lines;
  std::optional<Sound> sound;
};

void write(ByteWriter& out, const Stretch& stretch);
// None: no such description.
std::optional<Stretch> read_stretch(ByteReader& in);

}  // namespace telepost::transcoders::codec
