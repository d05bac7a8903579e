// The model's classes as files of the policies folder have them: the one way from the simulation's random policies into the store.
#pragma once

#include <map>
#include <string>

#include "tests/simulation/model.h"

namespace telepost::simulation {

std::string to_xml(const std::map<std::string, ClassText>& classes);
std::string to_settings_xml(const ClassText& own);  // what a subscriber may state of it
// ISO 8601, of whole seconds: "P2M", "P31D", "PT90S".
std::string to_duration(Millis period);

}  // namespace telepost::simulation
