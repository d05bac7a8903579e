// How what lies in the archive is named, whatever keeps it there: by the account and the message, so that everything of an account
// lies beside each other, then the number of the archiving and the index of the part.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "schema/ids.h"

namespace telepost::schema {

struct ArchiveName {
  MessageId message;
  std::uint64_t number = 0;  // ArchivedSource::number
  std::uint32_t part = 0;
  auto operator<=>(const ArchiveName&) const = default;
};

// "a7zk3m0q2w5rx9/m7zk3m0q2w5rx9-1g0000000004/1g000000000a.0": letters, digits and "/", "-", "." only.
std::string to_string(const ArchiveName& name);
// Of everything of an account, and of one archiving.
std::string archive_folder(AccountId account);
Result<ArchiveName> archive_name_from(std::string_view text);  // the inverse of to_string; invalid for anything else

}  // namespace telepost::schema
