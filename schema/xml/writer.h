// Writes XML 1.0 as UTF-8 onto a string: well-formed by construction and fast, for it stands on the delivery
// path. Bytes that XML cannot say (control bytes, U+FFFE, U+FFFF, what is no UTF-8) become U+FFFD each, and
// the exact bytes of that value follow in one attribute of its element, raw="name:BASE64 …", where the name
// "." is the element's text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace telepost::schema::xml {

// Appends value with <, >, &, quotes, CR (and inside attributes TAB and LF) escaped. False if U+FFFD had to
// stand for anything.
enum class Place : unsigned char { text, attribute };
bool append_escaped(std::string& out, std::string_view value, Place place);

class Writer {
 public:
  // Names must be XML names and outlive the writer; all of ours are literals.
  explicit Writer(std::string& out) : out_(out) { open_.reserve(16); }
  ~Writer();  // asserts that all is closed

  Writer& open(std::string_view name);
  // Only between open() and the element's text or first child.
  Writer& attribute(std::string_view name, std::string_view value);
  Writer& attribute(std::string_view name, std::uint64_t value);
  // For values that hold nothing to escape: numbers, hex, base64, times, names of ours.
  Writer& plain_attribute(std::string_view name, std::string_view value);
  Writer& attribute_unless_empty(std::string_view name, std::string_view value);
  Writer& text(std::string_view value);  // once per element, and then no children
  Writer& base64(std::string_view bytes);
  Writer& xml(std::string_view element);  // a whole element as text of our own, as it is
  Writer& close();
  Writer& element(std::string_view name, std::string_view value) { return open(name).text(value).close(); }

 private:
  void finish_tag();
  std::string& out_;
  std::vector<std::string_view> open_;
  bool in_tag_ = false;
  std::string raw_;  // what the tag's raw attribute will hold
};

inline constexpr std::string_view kDeclaration = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

}  // namespace telepost::schema::xml
