#include "schema/setting_screen.h"

namespace telepost::schema {
namespace {

constexpr std::size_t kMaxDots = 200;  // of one line, whatever they are part of

class Screen {
 public:
  explicit Screen(std::string_view toml) : rest_(toml) {}

  std::optional<ScreenFault> run() {
    while (!rest_.empty()) {
      if (place_ == Place::outside) enter();
      if (rest_.empty()) break;
      const char c = rest_[0];
      if ((c & 0x80) != 0 && (place_ == Place::outside || is_multi_line())) {
        return fault("letters beyond ASCII may stand in one-line texts in quotes and in comments alone");
      }
      if (is_control(c)) return fault("a control character; TOML allows none but TAB and line ends");
      if (c == '.' && ++dots_ > kMaxDots) return fault("too many dots in one line; break it");
      step(c);
    }
    return std::nullopt;
  }

 private:
  enum class Place : unsigned char { outside, comment, basic, literal, multi_line_basic, multi_line_literal };

  static bool is_control(char c) {
    return (c >= 0 && c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7f;
  }
  bool is_multi_line() const {
    return place_ == Place::multi_line_basic || place_ == Place::multi_line_literal;
  }
  ScreenFault fault(std::string_view why) const { return {line_, column_, why}; }

  void skip(std::size_t count) {
    for (const char c : rest_.substr(0, count)) {
      ++column_;
      if (c == '\n') ++line_, column_ = 1, dots_ = 0;
    }
    rest_.remove_prefix(count);
  }

  void enter() {
    struct Opening {
      std::string_view mark;
      Place place;
    };
    for (const Opening& opening :
         {Opening{"\"\"\"", Place::multi_line_basic}, Opening{"'''", Place::multi_line_literal},
          Opening{"\"", Place::basic}, Opening{"'", Place::literal}, Opening{"#", Place::comment}}) {
      if (!rest_.starts_with(opening.mark)) continue;
      place_ = opening.place;
      return skip(opening.mark.size());
    }
  }

  void step(char c) {
    if (c == '\n' && !is_multi_line()) place_ = Place::outside;
    const bool escapes = place_ == Place::basic || place_ == Place::multi_line_basic;
    if (escapes && c == '\\' && rest_.size() > 1 && rest_[1] != '\n') {
      return skip((rest_[1] & 0x80) != 0 || is_control(rest_[1]) ? 1 : 2);
    }
    if ((place_ == Place::basic && c == '"') || (place_ == Place::literal && c == '\''))
      place_ = Place::outside;
    const std::string_view closing = place_ == Place::multi_line_basic ? "\"\"\"" : "'''";
    if (is_multi_line() && rest_.starts_with(closing)) {
      place_ = Place::outside;
      std::size_t quotes = 3;  // one or two more belong to the text (TOML 1.0, "String")
      while (quotes < 5 && quotes < rest_.size() && rest_[quotes] == closing[0]) ++quotes;
      return skip(quotes);
    }
    skip(1);
  }

  std::string_view rest_;
  Place place_ = Place::outside;
  std::size_t line_ = 1;
  std::size_t column_ = 1;
  std::size_t dots_ = 0;
};

}  // namespace

std::optional<ScreenFault> screen_settings(std::string_view toml) {
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  return Screen(toml.substr(toml.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0)).run();
}

}  // namespace telepost::schema
