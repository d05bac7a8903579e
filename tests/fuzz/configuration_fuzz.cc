// Configuration files, overrides, durations, sizes and endpoints from hostile bytes. The last line of the
// input is an override, the lines before it the file.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "schema/configuration.h"
#include "schema/quantity.h"

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size_bytes) {
  using namespace telepost::schema;
  const std::string_view text(reinterpret_cast<const char*>(bytes), size_bytes);
  const std::size_t last_line = text.rfind('\n') == std::string_view::npos ? 0 : text.rfind('\n') + 1;
  const std::string_view line = text.substr(last_line);
  const auto whole = parse_configuration(text, "fuzz.toml");
  if (!whole.ok()) require(whole.error().detail.starts_with("fuzz.toml:"));
  static_cast<void>(parse_configuration(text.substr(0, last_line), "fuzz.toml", {std::string(line)}));
  if (const auto duration = duration_from(line); duration.ok()) {
    require(duration_from(to_iso8601(*duration)).value() == *duration);
  }
  if (const auto endpoint = endpoint_from(line); endpoint.ok()) {
    require(endpoint_from(to_string(*endpoint)).value() == *endpoint);
  }
  static_cast<void>(size_from(line));
  return 0;
}
