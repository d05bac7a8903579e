// Policies as operators and subscribers might write them, from a seed: all that a class can say about what stays how long.
#pragma once

#include <map>
#include <random>
#include <string>
#include <vector>

#include "tests/simulation/model.h"

namespace telepost::simulation {

inline const std::vector<std::string> kKinds = {"email", "voice", "fax", "sms", "mms", "video", "image", "text"};
inline const std::vector<std::string> kSenders = {"mailto:bob@sender.test", "mailto:News@list.test", "mailto:shop@list.test", "mailto:boss@firm.example"};
inline const std::vector<std::string> kLists = {"weekly.list.test", "Daily.list.test", "staff.firm.example"};
inline constexpr Millis kSecond = 1000, kHour = 3'600'000, kDay = 86'400'000;

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : engine_(seed) {}
  std::uint64_t below(std::uint64_t bound) { return std::uniform_int_distribution<std::uint64_t>(0, bound - 1)(engine_); }
  Millis between(Millis low, Millis high) { return std::uniform_int_distribution<Millis>(low, high)(engine_); }
  bool percent(unsigned share) { return below(100) < share; }
  template <typename List>
  const auto& of(const List& list) { return *std::next(list.begin(), static_cast<std::ptrdiff_t>(below(list.size()))); }

 private:
  std::mt19937_64 engine_;
};

// Of an operator: the names that accounts and domains refer to, and "standard".
std::map<std::string, ClassText> random_classes(Dice& dice);
ClassText random_settings(Dice& dice);
When random_when(Dice& dice);

}  // namespace telepost::simulation
