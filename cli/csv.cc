#include "cli/csv.h"

#include <cstdio>
#include <utility>

namespace telepost::cli {

using adapters::admin::Json;

namespace {

// A field with a comma, a quote or a line end is quoted, and a quote in it doubled.
std::string csv_field(const Json& value) {
  const std::string text = value.is_string() ? value.get<std::string>() : value.dump();
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

std::string csv_line(const Json& object, bool& begun) {
  if (object.size() == 1 && object.contains("cursor")) {
    std::fputs(("cursor " + object["cursor"].get<std::string>() + "\n").c_str(), stderr);
    return "";
  }
  std::string names, values;
  for (const auto& [name, value] : object.items()) {
    names += (names.empty() ? "" : ",") + name;
    values += (values.empty() ? "" : ",") + csv_field(value);
  }
  names = std::exchange(begun, true) ? "" : names + "\r\n";
  return names + values + "\r\n";
}

}  // namespace

std::function<std::string(const Json&)> csv_lines() {
  return [begun = false](const Json& object) mutable { return csv_line(object, begun); };
}

}  // namespace telepost::cli
