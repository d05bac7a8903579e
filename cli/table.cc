#include "cli/table.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/unicode.h"

namespace telepost::cli {
namespace {

using adapters::admin::Json;
using adapters::admin::to_line;

constexpr std::size_t kRowsForWidths = 100;

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return !is_continuation(c); }));
}

std::string cut(std::string text, std::size_t max_width) {
  if (width_of(text) <= max_width) return text;
  std::size_t characters = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_continuation(text[i]) || ++characters < max_width) continue;
    text.resize(i);
    break;
  }
  return text + "…";
}

std::string text_of(const Json& value) {
  if (value.is_string()) return printable(value.get_ref<const std::string&>());
  if (value.is_boolean()) return value.get<bool>() ? "yes" : "no";
  if (value.is_null()) return "";
  if (!value.is_array()) return printable(to_line(value));
  std::string text;
  for (const Json& item : value) text += (text.empty() ? "" : " ") + text_of(item);
  return text;
}

std::string cell(const Json& object, const Column& column) {
  const auto found = object.find(std::string(column.key));
  if (found == object.end()) return "";
  std::string text = text_of(*found);
  if (column.show == Column::Show::time && text.size() > 19) {  // 2026-11-20T16:25:30.123Z
    text.resize(19);
    text[10] = ' ';
  }
  return cut(std::move(text), column.max_width);
}

void append_record(std::string& out, const std::string& prefix, const Json& object) {
  for (const auto& [key, value] : object.items()) {
    const std::string name = prefix + key;
    if (value.is_object()) {
      append_record(out, name + ".", value);
    } else if (value.is_array() && !value.empty() && value.front().is_object()) {
      for (const Json& item : value) {
        std::string text;
        for (const auto& [field, one] : item.items())
          text += (text.empty() ? "" : "  ") + field + " " + text_of(one);
        out += fmt::format("{:<16}  {}\n", name, text);
      }
    } else {
      out += fmt::format("{:<16}  {}\n", name, text_of(value));
    }
  }
}

}  // namespace

std::string printable(std::string_view text) {
  // Through the JSON writer, whose replacement of broken UTF-8 is the one that --json shows.
  const std::string clean = is_valid_utf8(text) ? std::string(text)
                                          : Json::parse(to_line(Json(std::string(text)))).get<std::string>();
  std::string shown;
  for (std::string_view rest = clean; !rest.empty();) {
    const Utf8Character character = first_character(rest);
    if (is_control(character.code) || is_line_separator(character.code)) shown.push_back(' ');
    else if (!is_bidi_control(character.code)) shown.append(rest.substr(0, character.size_bytes));
    rest.remove_prefix(character.size_bytes);
  }
  return shown;
}

std::string Table::add(const Json& object) {
  std::vector<std::string> cells;
  for (const Column& column : columns_) cells.push_back(cell(object, column));
  if (!widths_.empty()) return line(cells);
  waiting_.push_back(std::move(cells));
  return waiting_.size() < kRowsForWidths ? "" : flush();
}

std::string Table::finish() { return waiting_.empty() ? "" : flush(); }

std::string Table::flush() {
  std::vector<std::string> titles;
  for (const Column& column : columns_) titles.emplace_back(column.title);
  waiting_.insert(waiting_.begin(), std::move(titles));
  widths_.assign(columns_.size(), 0);
  for (const auto& row : waiting_) {
    for (std::size_t i = 0; i < row.size(); ++i) widths_[i] = std::max(widths_[i], width_of(row[i]));
  }
  std::string text;
  for (const auto& row : waiting_) text += line(row);
  waiting_.clear();
  return text;
}

std::string Table::line(const std::vector<std::string>& cells) const {
  std::string text;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const std::size_t width = width_of(cells[i]);
    const std::string padding(widths_[i] > width ? widths_[i] - width : 0, ' ');
    if (i > 0) text += "  ";
    text += columns_[i].show == Column::Show::right ? padding + cells[i] : cells[i] + padding;
  }
  text.erase(text.find_last_not_of(' ') + 1);
  return text + "\n";
}

std::string to_record(const Json& object) {
  std::string text;
  append_record(text, "", object);
  return text;
}

}  // namespace telepost::cli
