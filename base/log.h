// Structured logs on stderr, one line an event, logfmt: time, level, event, then fields.
//   log::info("delivered", {{"trace", trace}, {"account", id}, {"size", size}});
// Never a body, a PIN, a password or a token. Log once, where the failure is handled.
#pragma once

#include <fmt/format.h>

#include <concepts>
#include <initializer_list>
#include <string>
#include <string_view>

namespace telepost::log {

enum class Level : unsigned char { debug, info, warning, error };

struct Field {
  std::string_view name;
  std::string value;
  Field(std::string_view field, std::string_view text) : name(field), value(text) {}
  Field(std::string_view field, const char* text) : name(field), value(text) {}
  Field(std::string_view field, const std::string& text) : name(field), value(text) {}
  template <typename Number>
    requires std::integral<Number> || std::floating_point<Number>
  Field(std::string_view field, Number number) : name(field), value(fmt::format("{}", number)) {}
};
using Fields = std::initializer_list<Field>;

// Any thread. Events below the level are dropped before they are formatted.
void set_level(Level level);
bool enabled(Level level);
void write(Level level, std::string_view event, Fields fields);

inline void debug(std::string_view event, Fields fields = {}) { write(Level::debug, event, fields); }
inline void info(std::string_view event, Fields fields = {}) { write(Level::info, event, fields); }
inline void warning(std::string_view event, Fields fields = {}) { write(Level::warning, event, fields); }
inline void error(std::string_view event, Fields fields = {}) { write(Level::error, event, fields); }

}  // namespace telepost::log
