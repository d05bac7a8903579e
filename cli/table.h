// What people read: tables for lists, "name  value" lines for one thing. Control characters of foreign text are not printed.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "adapters/admin/exchange.h"

namespace telepost::cli {

struct Column {
  std::string_view title;
  std::string_view key;  // of the object that --json would print
  enum class Show : unsigned char { text, right, time } show = Show::text;
  std::size_t max_width = 40;  // in characters; more is cut with "…"
};

// Takes rows as they come. The widths are those of the first rows, so that a list of a million streams.
class Table {
 public:
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
  // The text that is ready to be printed, often "".
  std::string add(const adapters::admin::Json& object);
  std::string finish();

 private:
  std::string flush();
  std::string line(const std::vector<std::string>& cells) const;

  const std::vector<Column> columns_;
  std::vector<std::vector<std::string>> waiting_;  // rows before the widths are known
  std::vector<std::size_t> widths_;                // empty until then
};

// One object as lines; what is nested is named "origin.network", a list of objects one line an item.
std::string to_record(const adapters::admin::Json& object);

// A value on one line: control characters become spaces, those that turn the direction of text go, what is no UTF-8 becomes U+FFFD.
std::string printable(std::string_view text);

}  // namespace telepost::cli
