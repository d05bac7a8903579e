#include "adapters/jmap/email_sort.h"

#include <algorithm>

#include "base/bytes.h"
#include "transcoders/unicode.h"

namespace telepost::adapters::jmap {
namespace mime = transcoders::mime;

namespace {

std::string name_or_address(std::string_view name, std::string_view address) { return std::string(name.empty() ? address : name); }

// Of the first address in the field; "" where there is none.
std::string first_of(const HeaderFields& header, const char* field) {
  const Json addresses = header.value({field, HeaderForm::addresses, false});
  if (!addresses.is_array() || addresses.empty()) return {};
  const Json& first = addresses[0];
  return name_or_address(first["name"].is_string() ? first["name"].get<std::string>() : "", first["email"].get<std::string>());
}

}  // namespace

const std::vector<std::string>& EmailSort::properties() {
  static const std::vector<std::string> names = {"receivedAt", "size", "from", "to", "subject", "sentAt", "hasKeyword", "allInThreadHaveKeyword",
                                                 "someInThreadHaveKeyword"};
  return names;
}

std::variant<EmailSort, MethodError> EmailSort::read(const std::vector<Comparator>& sort) {
  constexpr std::pair<const char*, By> kBy[] = {{"receivedAt", By::received}, {"size", By::size}, {"from", By::from}, {"to", By::to},
                                                {"subject", By::subject}, {"sentAt", By::sent}, {"hasKeyword", By::keyword},
                                                {"allInThreadHaveKeyword", By::thread_keyword}, {"someInThreadHaveKeyword", By::thread_keyword}};
  EmailSort read;
  for (const Comparator& comparator : sort) {
    const auto found = std::find_if(std::begin(kBy), std::end(kBy), [&](const auto& each) { return comparator.property == each.first; });
    if (found == std::end(kBy)) return MethodError{"unsupportedSort", "emails are not sorted by '" + comparator.property.substr(0, 80) + "'"};
    const std::string collation = comparator.collation.value_or("i;unicode-casemap");
    const bool is_octet = collation == "i;octet";
    if (!is_octet && collation != "i;ascii-casemap" && collation != "i;unicode-casemap") {
      return MethodError{"unsupportedSort", "there is no collation '" + collation.substr(0, 80) + "'"};
    }
    One one{found->second, comparator.is_ascending, is_octet, {}, 0};
    if (one.by == By::keyword || one.by == By::thread_keyword) {
      Arguments members(*comparator.object);
      const Result<std::string> keyword = members.text("keyword");
      if (!keyword.ok()) return method_error_of(keyword.error());
      one.keyword = to_lower(*keyword);
    }
    if (one.by == By::thread_keyword) {
      one.thread = read.thread_keywords_.size();
      const auto which = comparator.property.starts_with("all") ? ThreadKeyword::Which::all : ThreadKeyword::Which::some;
      read.thread_keywords_.push_back({which, one.keyword});
    }
    read.sort_.push_back(std::move(one));
  }
  return read;
}

Result<EmailSort::Key> EmailSort::key_of(const One& one, const schema::Summary& email, const EmailFilter::Known& known, HeaderSource& headers) const {
  const auto text = [&](std::string_view value) { return Key(one.is_octet ? std::string(value) : transcoders::fold_case(value)); };
  switch (one.by) {
    case By::received: return Key(to_millis(email.received));
    case By::size: return Key(static_cast<std::int64_t>(email.size_bytes));
    case By::subject: return text(base_subject(email.subject));
    case By::keyword: return Key(std::int64_t{has_keyword(email, one.keyword)});
    case By::thread_keyword: {
      const LocalSet& set = known.threads.at(thread_keywords_[one.thread]);
      return Key(std::int64_t{std::binary_search(set.begin(), set.end(), email.local)});
    }
    case By::from:
      if (email.sender_is_whole) return text(name_or_address(email.from_name, email.from.substr(email.from.find(':') + 1)));
      break;
    case By::to:
    case By::sent: break;
  }
  TELEPOST_ASSIGN(const HeaderFields* const header, headers.header(email));
  if (one.by == By::from) return text(first_of(*header, "From"));
  if (one.by == By::to) return text(first_of(*header, "To"));
  const auto date = header->find("Date");
  const Result<Time> time = date ? mime::parse_date(*date) : Result<Time>(Errc::invalid, "");
  return Key(time.ok() ? to_millis(*time) : std::int64_t{0});
}

Result<EmailSort::Sorted> EmailSort::keys_of(const schema::Summary& email, const EmailFilter::Known& known, HeaderSource& headers) const {
  Sorted sorted{email.local, email.received, {}};
  for (const One& one : sort_) {
    TELEPOST_ASSIGN(Key key, key_of(one, email, known, headers));
    sorted.keys.push_back(std::move(key));
  }
  return sorted;
}

// What is equal to all of them stands as the store has it; the other way round under a receivedAt that ascends.
bool EmailSort::is_before(const Sorted& a, const Sorted& b) const {
  bool is_ascending = false;
  for (std::size_t i = 0; i < sort_.size(); ++i) {
    if (sort_[i].by == By::received) is_ascending = sort_[i].is_ascending;
    if (a.keys[i] == b.keys[i]) continue;
    return (a.keys[i] < b.keys[i]) == sort_[i].is_ascending;
  }
  const auto order = std::pair(a.received, a.local) <=> std::pair(b.received, b.local);
  return is_ascending ? order < 0 : order > 0;
}

}  // namespace telepost::adapters::jmap
