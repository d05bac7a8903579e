// Groups of an address list (RFC 5322 section 3.4): where they begin and end is found here, what lies in them by parse_addresses().
#include "base/bytes.h"
#include "transcoders/mime/fields.h"

namespace telepost::transcoders::mime {
namespace {

// Walks over a list and tells which of its characters stand outside of quotes, comments, angle brackets and domain literals.
class Walk {
 public:
  explicit Walk(std::string_view value) : value_(value) {}
  // The next character that stands there; npos at the end.
  std::size_t next() {
    while (position_ < value_.size()) {
      const std::size_t at = position_++;
      const char c = value_[at];
      if (c == '\\' && (quoted_ || depth_ > 0)) ++position_;
      else if (quoted_) quoted_ = c != '"';
      else if (depth_ > 0) depth_ += c == '(' ? 1u : c == ')' ? ~0u : 0u;
      else if (closing_ != '\0') closing_ = c == closing_ ? '\0' : closing_;
      else if (c == '"') quoted_ = true;
      else if (c == '(') depth_ = 1;
      else if (c == '<' || c == '[') closing_ = c == '<' ? '>' : ']';
      else return at;
    }
    return std::string_view::npos;
  }

 private:
  std::string_view value_;
  std::size_t position_ = 0;
  bool quoted_ = false;
  unsigned depth_ = 0;    // of comments
  char closing_ = '\0';
};

// A group's name, read as the name of a mailbox would be.
std::string name_of(std::string_view phrase) {
  const auto mailboxes = parse_addresses(std::string(phrase) + " <group@invalid.invalid>", 1);
  return mailboxes.empty() ? decode_words(trim(phrase)) : mailboxes.front().display_name;
}

}  // namespace

std::vector<AddressGroup> parse_address_groups(std::string_view value, std::size_t max_mailboxes) {
  std::vector<AddressGroup> groups;
  std::size_t left = max_mailboxes;
  const auto add = [&](std::optional<std::string> name, std::string_view list) {
    AddressGroup group{std::move(name), parse_addresses(list, left)};
    left -= group.mailboxes.size();
    if (group.name || !group.mailboxes.empty()) groups.push_back(std::move(group));
  };
  Walk walk(value);
  std::size_t begin = 0, item = 0;  // of what is not added yet, and of its last item
  std::optional<std::string> name;
  for (std::size_t at = walk.next(); at != std::string_view::npos && left > 0 && groups.size() < max_mailboxes; at = walk.next()) {
    if (value[at] == ',') item = at + 1;
    if (value[at] == ':' && !name) {
      add({}, value.substr(begin, item - begin));
      name = name_of(value.substr(item, at - item));
      begin = item = at + 1;
    } else if (value[at] == ';') {
      add(std::exchange(name, std::nullopt), value.substr(begin, at - begin));
      begin = item = at + 1;
    }
  }
  const bool has_room = left > 0 && groups.size() < max_mailboxes;
  if (has_room && (begin < value.size() || name)) add(std::move(name), value.substr(begin));
  return groups;
}

}  // namespace telepost::transcoders::mime
