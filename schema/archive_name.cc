#include "schema/archive_name.h"

#include "base/bytes.h"

namespace telepost::schema {

std::string archive_folder(AccountId account) { return to_string(account) + "/"; }

std::string to_string(const ArchiveName& name) {
  return archive_folder(name.message.account) + to_string(name.message) + "/" + to_base32(name.number) + "." + std::to_string(name.part);
}

Result<ArchiveName> archive_name_from(std::string_view text) {
  const Error bad{Errc::invalid, "a name that is none of the archive's"};
  const std::size_t message = text.find('/');
  const std::size_t number = text.find('/', message == std::string_view::npos ? message : message + 1);
  const std::size_t part = text.rfind('.');
  if (number == std::string_view::npos || part == std::string_view::npos || part < number) return bad;
  ArchiveName name;
  const auto id = message_id_from(text.substr(message + 1, number - message - 1));
  const auto given = from_base32(text.substr(number + 1, part - number - 1));
  if (!id.ok() || !given.ok()) return bad;
  name.message = *id;
  name.number = *given;
  std::uint64_t index = 0;
  for (const char digit : text.substr(part + 1)) {
    if (digit < '0' || digit > '9' || index > 999'999) return bad;
    index = index * 10 + static_cast<std::uint64_t>(digit - '0');
  }
  name.part = static_cast<std::uint32_t>(index);
  // One text for one name: leading zeros, other cases and other accounts are other objects.
  if (to_string(name) != text) return bad;
  return name;
}

}  // namespace telepost::schema
