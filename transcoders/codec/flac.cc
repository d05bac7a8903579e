#include "transcoders/codec/flac.h"

#include <FLAC/stream_decoder.h>
#include <FLAC/stream_encoder.h>

#include <algorithm>
#include <array>
#include <memory>
#include <vector>

#include "base/assert.h"

namespace telepost::transcoders::codec {
namespace {

constexpr unsigned kBlockFrames = 512;  // 64 ms at 8 kHz: speech changes sooner than music, for which larger blocks are made
constexpr unsigned kPretendedRate = 8000;

// G.711 values from the quietest negative to the loudest positive. A-law differs in the bits that lines invert; in both the
// highest bit says positive.
int ordered(Samples samples, unsigned char byte) {
  switch (samples) {
    case Samples::pcm_u8: return byte - 128;
    case Samples::pcm_s8: return static_cast<signed char>(byte);
    case Samples::mulaw: return (byte & 0x80) != 0 ? 0x7f - (byte & 0x7f) : -1 - (0x7f - byte);
    case Samples::alaw: {
      const int size = (byte ^ 0x55) & 0x7f;
      return (byte & 0x80) != 0 ? size : -1 - size;
    }
    case Samples::pcm_s16le:
    case Samples::pcm_s16be: break;
  }
  TELEPOST_ASSERT(false);
}

struct Map {
  std::array<std::int8_t, 256> to{};
  std::array<char, 256> from{};
};
Map map_of(Samples samples) {
  Map map;
  for (unsigned byte = 0; byte < 256; ++byte) {
    const int value = ordered(samples, static_cast<unsigned char>(byte));
    map.to[byte] = static_cast<std::int8_t>(value);
    map.from[static_cast<unsigned char>(value)] = static_cast<char>(byte);
  }
  return map;
}

std::vector<FLAC__int32> to_values(std::string_view samples, Samples kind) {
  std::vector<FLAC__int32> values(samples.size() / bytes_of(kind));
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(samples[i]); };
  if (bytes_of(kind) == 2) {
    const std::size_t high = kind == Samples::pcm_s16le ? 1 : 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      values[i] = static_cast<std::int16_t>(byte(2 * i + high) << 8 | byte(2 * i + 1 - high));
    }
  } else {
    const Map map = map_of(kind);
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = map.to[byte(i)];
  }
  return values;
}

// Reads one stream into bytes that are already as long as they may become.
class Reading {
 public:
  Reading(std::string_view stream, const AudioFormat& format, std::size_t size)
      : stream_(stream), format_(format), map_(bytes_of(format.samples) == 1 ? map_of(format.samples) : Map{}), bytes_(size, '\0') {}

  Result<std::string> run() {
    struct Free {
      void operator()(FLAC__StreamDecoder* decoder) const { FLAC__stream_decoder_delete(decoder); }
    };
    const std::unique_ptr<FLAC__StreamDecoder, Free> decoder(FLAC__stream_decoder_new());
    TELEPOST_ASSERT(decoder);
    const auto begun = FLAC__stream_decoder_init_stream(decoder.get(), take, nullptr, nullptr, nullptr, nullptr, give, nullptr, fail, this);
    TELEPOST_ASSERT(begun == FLAC__STREAM_DECODER_INIT_STATUS_OK);
    const bool read = FLAC__stream_decoder_process_until_end_of_stream(decoder.get()) != 0;
    if (!read || failed_ || filled_ != bytes_.size()) return {Errc::corrupt, "flac: not the stream that was written"};
    return std::move(bytes_);
  }

 private:
  static FLAC__StreamDecoderReadStatus take(const FLAC__StreamDecoder*, FLAC__byte* buffer, std::size_t* size, void* self) {
    auto& reading = *static_cast<Reading*>(self);
    const std::string_view next = reading.stream_.substr(0, *size);
    *size = next.copy(reinterpret_cast<char*>(buffer), next.size());
    reading.stream_.remove_prefix(*size);
    return *size == 0 ? FLAC__STREAM_DECODER_READ_STATUS_END_OF_STREAM : FLAC__STREAM_DECODER_READ_STATUS_CONTINUE;
  }
  static FLAC__StreamDecoderWriteStatus give(const FLAC__StreamDecoder*, const FLAC__Frame* frame, const FLAC__int32* const* values, void* self) {
    return static_cast<Reading*>(self)->fill(frame->header, values) ? FLAC__STREAM_DECODER_WRITE_STATUS_CONTINUE
                                                                    : FLAC__STREAM_DECODER_WRITE_STATUS_ABORT;
  }
  static void fail(const FLAC__StreamDecoder*, FLAC__StreamDecoderErrorStatus, void* self) { static_cast<Reading*>(self)->failed_ = true; }

  bool fill(const FLAC__FrameHeader& header, const FLAC__int32* const* values) {
    const std::size_t size = std::size_t{header.blocksize} * format_.frame_bytes();
    const bool fits = !failed_ && header.channels == format_.channels && header.bits_per_sample == 8 * bytes_of(format_.samples) &&
                      size <= bytes_.size() - filled_;
    if (!fits) return false;
    for (unsigned i = 0; i < header.blocksize; ++i) {
      for (unsigned channel = 0; channel < format_.channels; ++channel) put(values[channel][i]);
    }
    return true;
  }

  void put(FLAC__int32 value) {
    const char low = static_cast<char>(value & 0xff);
    const char high = static_cast<char>(value >> 8 & 0xff);
    switch (format_.samples) {
      case Samples::pcm_s16le: bytes_[filled_++] = low, bytes_[filled_++] = high; break;
      case Samples::pcm_s16be: bytes_[filled_++] = high, bytes_[filled_++] = low; break;
      case Samples::pcm_u8:
      case Samples::pcm_s8:
      case Samples::mulaw:
      case Samples::alaw: bytes_[filled_++] = map_.from[static_cast<unsigned char>(low)]; break;
    }
  }

  std::string_view stream_;
  const AudioFormat format_;
  const Map map_;
  std::string bytes_;
  std::size_t filled_ = 0;
  bool failed_ = false;
};

FLAC__StreamEncoderWriteStatus append(const FLAC__StreamEncoder*, const FLAC__byte* bytes, std::size_t size, std::uint32_t, std::uint32_t, void* out) {
  static_cast<std::string*>(out)->append(reinterpret_cast<const char*>(bytes), size);
  return FLAC__STREAM_ENCODER_WRITE_STATUS_OK;
}

}  // namespace

std::string write_flac(std::string_view samples, const AudioFormat& format) {
  TELEPOST_ASSERT(!samples.empty() && samples.size() % format.frame_bytes() == 0 && samples.size() <= 64u << 20);
  struct Free {
    void operator()(FLAC__StreamEncoder* encoder) const { FLAC__stream_encoder_delete(encoder); }
  };
  const std::unique_ptr<FLAC__StreamEncoder, Free> encoder(FLAC__stream_encoder_new());
  TELEPOST_ASSERT(encoder);
  FLAC__StreamEncoder* const e = encoder.get();
  FLAC__stream_encoder_set_compression_level(e, 8);
  FLAC__stream_encoder_set_channels(e, format.channels);
  FLAC__stream_encoder_set_bits_per_sample(e, 8 * bytes_of(format.samples));
  FLAC__stream_encoder_set_sample_rate(e, kPretendedRate);
  FLAC__stream_encoder_set_blocksize(e, kBlockFrames);
  std::string stream;
  const auto begun = FLAC__stream_encoder_init_stream(e, append, nullptr, nullptr, nullptr, &stream);
  TELEPOST_ASSERT(begun == FLAC__STREAM_ENCODER_INIT_STATUS_OK);
  const std::vector<FLAC__int32> values = to_values(samples, format.samples);
  const bool taken = FLAC__stream_encoder_process_interleaved(e, values.data(), static_cast<unsigned>(values.size() / format.channels)) != 0;
  TELEPOST_ASSERT(taken && FLAC__stream_encoder_finish(e) != 0);
  return stream;
}

Result<std::string> read_flac(std::string_view stream, const AudioFormat& format, std::size_t size) {
  return Reading(stream, format, size).run();
}

}  // namespace telepost::transcoders::codec
