// Secrets that people read off one screen and type into another: groups of five letters that look like no other.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/random.h"

namespace telepost::store {

inline constexpr std::size_t kGroupLetters = 5;  // 25 bits

std::string letter_code(Random& random, std::size_t groups);  // "k3v8x-9q2mf"
// What was typed, as the letters that were meant: without spaces and hyphens, in lower case, o as 0, i and l as 1.
std::string meant_letters(std::string_view typed);

}  // namespace telepost::store
