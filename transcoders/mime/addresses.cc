// Address lists: RFC 5322 section 3.4, RFC 6532. Comments are taken out and lists of plain mailboxes are split here; what has
// groups or white space inside an addr-spec goes to mimetic.
#include <mimetic/rfc822/addresslist.h>

#include <exception>
#include <map>
#include <optional>
#include <utility>

#include "base/bytes.h"
#include "transcoders/mime/fields.h"

namespace telepost::transcoders::mime {
namespace {

// mimetic's time grows with the square of a list's size: 2 ms at this one.
constexpr std::size_t kMaxForMimetic = 8192;

bool is_address(std::string_view address) {
  const std::size_t at = address.rfind('@');
  if (at == std::string_view::npos || at == 0 || at + 1 == address.size() || address.size() > 998) return false;
  const bool quoted = address.front() == '"' && at >= 2 && address[at - 1] == '"';
  for (std::size_t i = 0; i < address.size(); ++i) {
    const auto c = static_cast<unsigned char>(address[i]);
    if (c < 0x20 || c == 0x7f || (c == ' ' && !(quoted && i < at))) return false;
    if (!(quoted && i < at) && std::string_view("<>(),;\"").find(address[i]) != std::string_view::npos)
      return false;
  }
  return clean_text(address) == address &&
         address.substr(0, at).find(quoted ? '\0' : '@') == std::string_view::npos;
}

std::string display_name(std::string_view phrase) {
  std::string plain;
  for (std::size_t i = 0; i < phrase.size(); ++i) {
    if (phrase[i] == '"') continue;
    if (phrase[i] == '\\' && i + 1 < phrase.size()) ++i;
    plain.push_back(phrase[i]);
  }
  return decode_words(trim(plain));
}

std::optional<Mailbox> plain_mailbox(std::string_view item) {
  const auto outside_quotes = [&](char wanted) {
    bool quoted = false;
    for (std::size_t i = 0; i < item.size(); ++i) {
      if (item[i] == '\\' && quoted) ++i;
      else if (item[i] == '"') quoted = !quoted;
      else if (item[i] == wanted && !quoted) return i;
    }
    return std::string_view::npos;
  };
  const std::size_t open = outside_quotes('<');
  std::string_view address = item;
  std::string_view phrase;
  if (open != std::string_view::npos) {
    phrase = trim(item.substr(0, open));
    const std::size_t close = item.find('>', open);
    address = trim(item.substr(open + 1, close == std::string_view::npos ? close : close - open - 1));
    if (address.starts_with('@')) {  // the source route of RFC 5322 section 4.4
      const std::size_t colon = address.find(':');
      address.remove_prefix(colon == std::string_view::npos ? 0 : colon + 1);
    }
    if (close != std::string_view::npos && !trim(item.substr(close + 1)).empty()) return std::nullopt;
  }
  if (!is_address(address)) return std::nullopt;
  return Mailbox{phrase.empty() ? std::string() : display_name(phrase), std::string(address)};
}

// The value without its comments (RFC 5322 section 3.2.2), each a space instead; the text of the last one of each item, which
// older mail has for a name (section 3.4), stands in comments under the item's position. An open comment runs to the end.
std::string without_comments(std::string_view value, std::map<std::size_t, std::string>& comments) {
  std::string out;
  std::string comment;
  bool quoted = false;
  std::size_t depth = 0;
  std::size_t item = 0;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const char c = value[i];
    std::string& into = depth > 0 ? comment : out;
    if (c == '\\' && (quoted || depth > 0) && i + 1 < value.size()) {
      if (quoted) into.push_back(c);
      into.push_back(value[++i]);
      continue;
    }
    if (c == '"' && depth == 0) quoted = !quoted;
    if (c == ',' && depth == 0 && !quoted) ++item;
    if (c == '(' && !quoted && depth++ == 0) continue;
    if (c == ')' && depth > 0 && --depth == 0) {
      comments[item] = std::exchange(comment, {});
      out.push_back(' ');
      continue;
    }
    into.push_back(c);
  }
  return out;
}

// Items between commas that stand outside of quotes and angle brackets. False: a list that is not plain.
struct Item {
  std::string_view text;
  std::size_t number = 0;  // how many commas stand before it
};
bool split(std::string_view value, std::vector<Item>& items, std::size_t max_items) {
  bool quoted = false;
  bool angle = false;
  std::size_t number = 0;
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= value.size() && items.size() < max_items; ++i) {
    const char c = i < value.size() ? value[i] : ',';
    if (i == value.size() || (c == ',' && !quoted && !angle)) {
      const std::string_view item = trim(value.substr(begin, i - begin));
      if (!item.empty()) items.push_back({item, number});
      ++number;
      begin = i + 1;
    } else if (c == '\\' && quoted) {
      ++i;
    } else if (c == '"') {
      quoted = !quoted;
    } else if (!quoted) {
      if (c == '<') angle = true;
      else if (c == '>') angle = false;
      else if ((c == ':' || c == ';') && !angle) return false;
    }
  }
  return true;
}

void append_mailbox(const mimetic::Mailbox& mailbox, std::vector<Mailbox>& mailboxes) {
  std::string address = mailbox.mailbox() + "@" + mailbox.domain();
  if (is_address(address)) mailboxes.push_back({display_name(mailbox.label(1)), std::move(address)});
}

std::vector<Mailbox> parse_with_mimetic(std::string_view value, std::size_t max_mailboxes) {
  std::vector<Mailbox> mailboxes;
  try {
    const mimetic::AddressList list{std::string(value)};
    for (const mimetic::Address& address : list) {
      if (!address.isGroup()) append_mailbox(address.mailbox(), mailboxes);
      else for (const mimetic::Mailbox& member : address.group()) append_mailbox(member, mailboxes);
      if (mailboxes.size() >= max_mailboxes) break;
    }
  } catch (const std::exception&) {
    // A list that it cannot read has the mailboxes found so far.
  }
  if (mailboxes.size() > max_mailboxes) mailboxes.resize(max_mailboxes);
  return mailboxes;
}

}  // namespace

std::vector<Mailbox> parse_addresses(std::string_view value, std::size_t max_mailboxes) {
  std::map<std::size_t, std::string> comments;
  std::string plain_value;
  if (value.find('(') != std::string_view::npos) {
    plain_value = without_comments(value, comments);
    value = plain_value;
  }
  std::vector<Item> items;
  bool plain = split(value, items, max_mailboxes);
  std::vector<Mailbox> mailboxes;
  for (std::size_t i = 0; i < items.size() && plain; ++i) {
    auto mailbox = plain_mailbox(items[i].text);
    plain = mailbox.has_value() || value.size() > kMaxForMimetic;
    if (!mailbox) continue;
    const auto comment = comments.find(items[i].number);
    if (mailbox->display_name.empty() && comment != comments.end()) mailbox->display_name = display_name(comment->second);
    mailboxes.push_back(std::move(*mailbox));
  }
  if (plain || value.size() > kMaxForMimetic) return mailboxes;
  return parse_with_mimetic(value, max_mailboxes);
}

}  // namespace telepost::transcoders::mime
