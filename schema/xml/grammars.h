// The text of the .xsd files, built into the program (schema/CMakeLists.txt makes the definitions from the files).
#pragma once

#include <string_view>

namespace telepost::schema::xml {

extern const std::string_view kMessageXsd;
extern const std::string_view kPolicyXsd;

}  // namespace telepost::schema::xml
