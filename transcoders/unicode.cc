#include "transcoders/unicode.h"

#include <unicode/bytestream.h>
#include <unicode/normalizer2.h>
#include <unicode/stringpiece.h>
#include <unicode/unistr.h>

#include "base/assert.h"
#include "base/bytes.h"

namespace telepost::transcoders {
namespace {

using Instance = const icu::Normalizer2*(UErrorCode&);

// Their tables are a part of the library: an error is a broken installation.
const icu::Normalizer2& normalizer(Instance* instance) {
  UErrorCode error = U_ZERO_ERROR;
  const icu::Normalizer2* const found = instance(error);
  TELEPOST_ASSERT(U_SUCCESS(error) && found != nullptr);
  return *found;
}

// The normaliser leaves alone what is no UTF-8.
std::string normalized(const icu::Normalizer2& by, std::string_view text) {
  std::string repaired;
  if (!is_valid_utf8(text)) {
    icu::UnicodeString::fromUTF8(icu::StringPiece(text.data(), static_cast<std::int32_t>(text.size()))).toUTF8String(repaired);
    text = repaired;
  }
  std::string out;
  icu::StringByteSink<std::string> sink(&out);
  UErrorCode error = U_ZERO_ERROR;
  by.normalizeUTF8(0, icu::StringPiece(text.data(), static_cast<std::int32_t>(text.size())), sink, nullptr, error);
  TELEPOST_ASSERT(U_SUCCESS(error));
  return out;
}

}  // namespace

std::string to_nfc(std::string_view text) {
  if (is_ascii(text)) return std::string(text);
  static const icu::Normalizer2& nfc = normalizer(icu::Normalizer2::getNFCInstance);
  return normalized(nfc, text);
}

std::string fold_case(std::string_view text) {
  if (is_ascii(text)) return to_lower(text);
  static const icu::Normalizer2& folding = normalizer(icu::Normalizer2::getNFKCCasefoldInstance);
  return normalized(folding, text);
}

}  // namespace telepost::transcoders
