#include "schema/setting_screen.h"

namespace telepost::schema {
namespace {

constexpr std::size_t kMaxDots = 200;  // of one line, whatever they are part of

bool is_forbidden_control(char c) { return (c >= 0 && c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7f; }

}  // namespace

std::optional<ScreenFault> screen_settings(std::string_view toml) {
  std::size_t line = 1, column = 1, dots = 0;
  for (const char c : toml) {
    if (is_forbidden_control(c)) return ScreenFault{line, column, "a control character; TOML allows none but TAB and line ends"};
    if (c == '.' && ++dots > kMaxDots) return ScreenFault{line, column, "too many dots in one line; break it"};
    ++column;
    if (c == '\n') ++line, column = 1, dots = 0;
  }
  return std::nullopt;
}

}  // namespace telepost::schema
