#include "transcoders/codec/stretches.h"

namespace telepost::transcoders::codec {
namespace {
constexpr std::uint8_t kLines = 1, kSound = 2;
}

void write(ByteWriter& out, const Stretch& stretch) {
  out.varint(stretch.gap).u8(static_cast<std::uint8_t>((stretch.lines ? kLines : 0) | (stretch.sound ? kSound : 0))).varint(stretch.size);
  if (stretch.lines) out.varint(stretch.lines->first_line).varint(stretch.lines->line);
  if (!stretch.sound) return;
  const Stretch::Sound& sound = *stretch.sound;
  out.u8(static_cast<std::uint8_t>(sound.format.samples)).u8(static_cast<std::uint8_t>(sound.format.channels));
  out.varint(sound.head_bytes).varint(sound.sample_bytes).varint(sound.flac_bytes);
}

std::optional<Stretch> read_stretch(ByteReader& in) {
  Stretch stretch;
  stretch.gap = in.varint();
  const std::uint8_t what = in.u8();
  stretch.size = in.varint();
  if (what == 0 || (what & ~(kLines | kSound)) != 0) return std::nullopt;
  if ((what & kLines) != 0) {
    const std::uint64_t first_line = in.varint(), line = in.varint();
    if (first_line > kMaxBase64Line || line == 0 || line > kMaxBase64Line) return std::nullopt;
    stretch.lines = Radix64Lines{0, 0, static_cast<std::uint32_t>(first_line), static_cast<std::uint32_t>(line)};
  }
  if ((what & kSound) != 0) {
    const std::uint8_t samples = in.u8(), channels = in.u8();
    if (samples == 0 || samples > static_cast<std::uint8_t>(kLastSamples) || channels < 1 || channels > 2) return std::nullopt;
    const std::uint64_t head = in.varint(), size = in.varint();
    stretch.sound = {{static_cast<Samples>(samples), channels}, head, size, in.varint()};
    if (head > stretch.size || size > stretch.size - head) return std::nullopt;
    if (size == 0 || size % stretch.sound->format.frame_bytes() != 0) return std::nullopt;
  }
  if (in.failed()) return std::nullopt;
  return stretch;
}

}  // namespace telepost::transcoders::codec
