// Samples as FLAC (RFC 9639) and back, bit for bit, over libFLAC. G.711 is held by the order of its values, which is what the
// ear hears nearly linear: predicting these is better than predicting what they stand for, since no value in between occurs.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "transcoders/codec/audio_format.h"

namespace telepost::transcoders::codec {

// The stream, without the sample rate (it decides nothing). Precondition: whole frames, at least one, at most 64 MiB.
std::string write_flac(std::string_view samples, const AudioFormat& format);

// Exactly `size` bytes of samples; memory beyond them: one block of at most 65,535 frames. Errors: corrupt (no such stream,
// another size or number of channels).
Result<std::string> read_flac(std::string_view stream, const AudioFormat& format, std::size_t size);

}  // namespace telepost::transcoders::codec
