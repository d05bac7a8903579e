// Stored bytes in fewer bytes, and back bit for bit: zstd over what is left when base64 is seen as the bytes it stands for and
// PCM and G.711 samples lie apart as FLAC. A coded text says in its first bytes how to undo it; it is on disk, so every
// layout since version 1 is read.
//
//   version:1  size  dictionary  stretches  (each: gap, what:1, how …)  [plain size]  the FLAC streams  the zstd frame
//
// Numbers are varints. The plain text is the frame's; a stretch lies `gap` bytes of it behind the one before.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "transcoders/codec/audio_format.h"
#include "transcoders/codec/zstd.h"

namespace telepost::transcoders::codec {

inline constexpr std::size_t kMaxCodedText = 16u << 20;  // before coding; reading holds at most about three times a text's size

// Of a text that is a later piece of a sound file in a message: how the file began, in the piece before.
struct ContinuedAudio {
  AudioFile file;
  std::uint64_t text_offset = 0;  // of this piece in the part's body
};

struct CodingFacts {
  std::shared_ptr<const Dictionary> dictionary;  // none: without one
  std::uint32_t dictionary_number = 0;
  std::optional<ContinuedAudio> audio;
};

// Nothing where it would not save at least a sixteenth. Precondition: at most kMaxCodedText.
std::optional<std::string> encode(Compressor& compressor, std::string_view text, const CodingFacts& facts);

using FindDictionary = std::function<Result<std::shared_ptr<const Dictionary>>(std::uint32_t number)>;

// Errors: corrupt, and what finding the dictionary gives.
Result<std::string> decode(std::string_view coded, const FindDictionary& find);

// What a coded text says of itself. Errors: corrupt.
struct CodedFacts {
  std::uint64_t size = 0;
  std::uint32_t dictionary = 0;
  bool flac = false;
};
Result<CodedFacts> read_coded_facts(std::string_view coded);

// How a sound file in a part's body begins, looking through base64.
std::optional<AudioFile> find_audio(std::string_view begin_of_body);

// The text without the dense stretches: what a dictionary may learn from.
std::string text_to_learn_from(std::string_view text);

}  // namespace telepost::transcoders::codec
