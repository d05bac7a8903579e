// A class of service in words, line by line, for people and for `--json`.
#pragma once

#include <string>
#include <vector>

#include "schema/effective_class.h"

namespace telepost::schema {

struct ClassLine {
  std::string what;   // "quota bytes", "retention 'voice'"
  std::string value;  // "2147483648", "keep P30D since arrival, when kind voice"
  std::string from;   // who states it, and where: "gold", "gold (gold.xml:12)"
};

// What some layer states; what is not there holds by default. Rules in the order in which they are asked.
std::vector<ClassLine> lines_of(const EffectiveClass& service);

}  // namespace telepost::schema
