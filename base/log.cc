#include "base/log.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>

#include "base/clock.h"
#include "base/unicode.h"

namespace telepost::log {
namespace {

std::atomic<Level> threshold{Level::info};

std::string_view name_of(Level level) {
  switch (level) {
    case Level::debug: return "debug";
    case Level::info: return "info";
    case Level::warning: return "warning";
    case Level::error: return "error";
  }
  return "error";
}

bool may_be_shown(char32_t code) { return !is_control(code) && !is_bidi_control(code) && !is_line_separator(code); }

// Quotes what would break the line apart. Bytes of controls, of characters that turn or end a line and of what is no UTF-8
// become \xNN, so that no peer forges a line or speaks to the terminal of who reads it.
void append_value(std::string& line, std::string_view value) {
  const bool plain = !value.empty() && value.find_first_of(" =\"\\") == std::string_view::npos;
  if (!plain) line.push_back('"');
  while (!value.empty()) {
    const Utf8Character character = first_character(value);
    const std::string_view bytes = value.substr(0, std::max<std::size_t>(1, character.size_bytes));
    if (bytes == "\"" || bytes == "\\") line.append("\\").append(bytes);
    else if (character.size_bytes > 0 && may_be_shown(character.code)) line.append(bytes);
    else for (const char c : bytes) line.append(fmt::format("\\x{:02x}", static_cast<unsigned char>(c)));
    value.remove_prefix(bytes.size());
  }
  if (!plain) line.push_back('"');
}

}  // namespace

void set_level(Level level) { threshold.store(level, std::memory_order_relaxed); }
bool enabled(Level level) { return level >= threshold.load(std::memory_order_relaxed); }

void write(Level level, std::string_view event, Fields fields) {
  if (!enabled(level)) return;
  std::string line = fmt::format("time={} level={} event={}", to_rfc3339(SystemClock().now()), name_of(level), event);
  for (const Field& field : fields) {
    line.append(" ").append(field.name).append("=");
    append_value(line, field.value);
  }
  line.push_back('\n');
  // One write per line keeps lines whole between threads; a closed stderr is no reason to stop serving.
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace telepost::log
