// Which files hold classes of service.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace telepost::schema {

// The files that these files and folders stand for: of a folder every *.xml, by name; "" stands for none. Errors: not_found, io,
// too_many.
Result<std::vector<std::string>> class_files(const std::vector<std::string>& paths);

}  // namespace telepost::schema
