#include "base/log.h"

#include <unistd.h>

#include <atomic>

#include "base/clock.h"

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

// Quotes what would break the line apart; foreign control bytes become \xNN, so that no peer forges a line.
void append_value(std::string& line, std::string_view value) {
  const bool plain = !value.empty() && value.find_first_of(" =\"\\") == std::string_view::npos;
  if (!plain) line.push_back('"');
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      line.push_back('\\');
      line.push_back(c);
    } else if (byte < 0x20 || byte == 0x7f) {
      line.append(fmt::format("\\x{:02x}", byte));
    } else {
      line.push_back(c);
    }
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
