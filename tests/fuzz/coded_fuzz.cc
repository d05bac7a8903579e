// The first byte picks: bytes that claim to be a coded text, a FLAC stream, the begin of a sound file, or a text to be coded,
// which must come back.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "transcoders/codec/coded.h"
#include "transcoders/codec/flac.h"

namespace {

using namespace telepost;
namespace codec = transcoders::codec;

const codec::FindDictionary kFind = [](std::uint32_t) -> Result<std::shared_ptr<const codec::Dictionary>> {
  static const auto dictionary = *codec::Dictionary::make("Content-Type: text/plain; charset=utf-8\r\n");
  return dictionary;
};

void read_anything(std::string_view bytes) {
  const auto facts = codec::read_coded_facts(bytes);
  const auto text = codec::decode(bytes, kFind);
  if (text.ok() && (!facts.ok() || facts->size != text->size())) std::abort();
}

void read_stream(std::string_view bytes) {
  if (bytes.size() < 2) return;
  const auto samples = static_cast<codec::Samples>(1 + static_cast<unsigned char>(bytes[0]) % static_cast<unsigned>(codec::kLastSamples));
  const codec::AudioFormat format{samples, 1u + (static_cast<unsigned char>(bytes[0]) >> 7)};
  const std::size_t size = static_cast<unsigned char>(bytes[1]) * std::size_t{64};
  const auto read = codec::read_flac(bytes.substr(2), format, size);
  if (read.ok() && read->size() != size) std::abort();
}

void come_back(std::string_view text, const codec::CodingFacts& facts) {
  static codec::Compressor compressor;
  const auto coded = codec::encode(compressor, text, facts);
  if (!coded) return;
  const auto back = codec::decode(*coded, kFind);
  if (!back.ok() || *back != text || coded->size() > text.size()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 6) {
    case 0: read_anything(bytes); break;
    case 1: read_stream(bytes); break;
    case 2: codec::read_audio_header(bytes), codec::find_audio(bytes); break;
    case 3: come_back(bytes, {}); break;
    case 4: come_back(bytes, {*kFind(7), 7, {}}); break;
    case 5:
      if (const auto audio = codec::find_audio(bytes)) come_back(bytes.substr(bytes.size() / 2), {nullptr, 0, codec::ContinuedAudio{*audio, bytes.size() / 2}});
      break;
    default: break;
  }
  return 0;
}
