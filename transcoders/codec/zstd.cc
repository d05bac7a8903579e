#include "transcoders/codec/zstd.h"

#include <zdict.h>
#include <zstd.h>


#include "base/assert.h"

namespace telepost::transcoders::codec {

namespace {

// One for each thread that reads: making one costs as much as reading a small text.
ZSTD_DCtx* reading_context() {
  struct Free {
    void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
  };
  thread_local const std::unique_ptr<ZSTD_DCtx, Free> context(ZSTD_createDCtx());
  return context.get();
}

}  // namespace

void Dictionary::Free::operator()(ZSTD_CDict_s* digested) const { ZSTD_freeCDict(digested); }
void Dictionary::Free::operator()(ZSTD_DDict_s* digested) const { ZSTD_freeDDict(digested); }
void Compressor::Free::operator()(ZSTD_CCtx_s* context) const { ZSTD_freeCCtx(context); }

Dictionary::Dictionary(std::string bytes)
    : bytes_(std::move(bytes)),
      for_writing_(ZSTD_createCDict(bytes_.data(), bytes_.size(), Compressor::kHighest)),
      for_reading_(ZSTD_createDDict(bytes_.data(), bytes_.size())) {}

Dictionary::~Dictionary() = default;

Result<std::shared_ptr<const Dictionary>> Dictionary::make(std::string bytes) {
  if (bytes.size() > kMaxBytes) return {Errc::too_large, "a dictionary of " + std::to_string(bytes.size()) + " bytes"};
  std::shared_ptr<const Dictionary> made(new Dictionary(std::move(bytes)));
  if (!made->for_writing_ || !made->for_reading_) return {Errc::invalid, "not a dictionary"};
  return made;
}

Compressor::Compressor() : context_(ZSTD_createCCtx()) { TELEPOST_ASSERT(context_); }
Compressor::~Compressor() = default;

std::string Compressor::compress(std::string_view bytes, int level, const Dictionary* dictionary) {
  ZSTD_CCtx* const context = context_.get();
  ZSTD_CCtx_reset(context, ZSTD_reset_session_and_parameters);
  ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level);
  // Who keeps the frame keeps its size and its dictionary's number beside it, and the engine has checksums of its own.
  ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 0);
  ZSTD_CCtx_setParameter(context, ZSTD_c_dictIDFlag, 0);
  if (dictionary != nullptr) ZSTD_CCtx_refCDict(context, dictionary->for_writing_.get());
  std::string frame(ZSTD_compressBound(bytes.size()), '\0');
  const std::size_t size = ZSTD_compress2(context, frame.data(), frame.size(), bytes.data(), bytes.size());
  TELEPOST_ASSERT(!ZSTD_isError(size));  // the bound leaves nothing that could fail but memory
  frame.resize(size);
  return frame;
}

Result<std::string> decompress(std::string_view frame, std::size_t size, const Dictionary* dictionary) {
  std::string bytes(size, '\0');
  ZSTD_DCtx* const context = reading_context();
  const std::size_t got =
      dictionary == nullptr ? ZSTD_decompressDCtx(context, bytes.data(), size, frame.data(), frame.size())
                            : ZSTD_decompress_usingDDict(context, bytes.data(), size, frame.data(), frame.size(),
                                                         dictionary->for_reading_.get());
  if (ZSTD_isError(got)) return {Errc::corrupt, std::string("zstd: ") + ZSTD_getErrorName(got)};
  if (got != size) return {Errc::corrupt, "zstd: another size than was written"};
  return bytes;
}

std::string finish_dictionary(std::string_view text, const std::string& samples, const std::vector<std::size_t>& sizes) {
  std::string finished(text.size() + (16u << 10), '\0');
  ZDICT_params_t parameters{};
  parameters.compressionLevel = Compressor::kHighest;
  const std::size_t size = ZDICT_finalizeDictionary(finished.data(), finished.size(), text.data(), text.size(), samples.data(),
                                                    sizes.data(), static_cast<unsigned>(sizes.size()), parameters);
  if (ZDICT_isError(size)) return std::string(text);
  finished.resize(size);
  return finished;
}

}  // namespace telepost::transcoders::codec
