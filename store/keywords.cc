#include "store/keywords.h"

#include <algorithm>
#include <set>

#include "base/bytes.h"

namespace telepost::store {

Result<std::string> keyword_from(std::string_view text) {
  const bool allowed = !text.empty() && text.size() <= 255 && std::all_of(text.begin(), text.end(), [](char c) {
    return c > 0x20 && c < 0x7f && std::string_view("(){]%*\"\\").find(c) == std::string_view::npos;
  });
  if (!allowed) return {Errc::invalid, "'" + std::string(text.substr(0, 40)) + "' is no keyword (RFC 8621 section 4.1.1)"};
  return to_lower(text);
}

Result<std::vector<std::string>> changed_keywords(const std::vector<std::string>& keywords, const std::vector<std::string>& add,
                                                  const std::vector<std::string>& remove) {
  std::set<std::string> changed(keywords.begin(), keywords.end());
  for (const std::string& text : add) {
    TELEPOST_ASSIGN(std::string keyword, keyword_from(text));
    changed.insert(std::move(keyword));
  }
  for (const std::string& text : remove) changed.erase(to_lower(text));
  if (changed.size() > kMaxKeywords) return {Errc::too_many, "a message has at most 128 keywords"};
  return std::vector<std::string>(changed.begin(), changed.end());
}

}  // namespace telepost::store
