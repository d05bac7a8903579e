// Text as Unicode sees it, for what is compared and what is told: UTF-8 in and out, by ICU.
#pragma once

#include <string>
#include <string_view>

namespace telepost::transcoders {

// Normalisation form C (Unicode Standard Annex 15). What is no UTF-8 becomes U+FFFD.
std::string to_nfc(std::string_view text);

// What two texts have in common that a reader takes for the same: without case and compatibility differences (NFKC_Casefold).
std::string fold_case(std::string_view text);

}  // namespace telepost::transcoders
