// DATA as RFC 5321 sections 4.1.1.4 and 4.5.2 tell it, byte by byte over a whole buffer: what the decoder is compared with.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace telepost::test {

struct DataModel {
  std::string content;
  bool bare = false;
  std::optional<std::size_t> end;  // behind the line that ends the data; none: it goes on
};

// Where the data does not end, content is exact up to what a later byte could still change (its last three bytes).
inline DataModel model_of_data(std::string_view raw) {
  DataModel model;
  const auto line_starts_at = [raw](std::size_t i) { return i == 0 || (i >= 2 && raw.substr(i - 2, 2) == "\r\n"); };
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (line_starts_at(i) && raw.substr(i, 3) == ".\r\n") {
      model.end = i + 3;
      return model;
    }
    if (raw[i] == '\r' && i + 1 < raw.size() && raw[i + 1] != '\n') model.bare = true;
    if (raw[i] == '\n' && (i == 0 || raw[i - 1] != '\r')) model.bare = true;
    if (!(line_starts_at(i) && raw[i] == '.')) model.content.push_back(raw[i]);
  }
  return model;
}

}  // namespace telepost::test
