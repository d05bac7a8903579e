#include "store/letter_code.h"

#include "base/bytes.h"

namespace telepost::store {

std::string letter_code(Random& random, std::size_t groups) {
  constexpr std::string_view kLetters = "0123456789abcdefghjkmnpqrstvwxyz";
  const std::string bytes = random.bytes(groups * kGroupLetters);
  std::string code;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i > 0 && i % kGroupLetters == 0) code.push_back('-');
    code.push_back(kLetters[static_cast<unsigned char>(bytes[i]) % kLetters.size()]);
  }
  return code;
}

std::string meant_letters(std::string_view typed) {
  std::string letters;
  for (const char letter : to_lower(typed)) {
    if (letter == ' ' || letter == '-') continue;
    letters.push_back(letter == 'o' ? '0' : letter == 'i' || letter == 'l' ? '1' : letter);
  }
  return letters;
}

}  // namespace telepost::store
