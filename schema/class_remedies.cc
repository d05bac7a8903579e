#include "schema/class_remedies.h"

#include <array>

namespace telepost::schema {
namespace {

struct Known {
  std::string_view element;
  std::string_view attributes;
};
constexpr std::array kKnown = {
    Known{"policies", "no attribute"},
    Known{"class", "name"},
    Known{"settings", "no attribute"},
    Known{"allocation", "bytes, factor, low-water"},
    Known{"quota", "bytes, messages, soft, grace"},
    Known{"undelete", "keep, bytes, messages"},
    Known{"kind", "name, allow, max-size, quota-bytes, quota-messages"},
    Known{"retention", "keep, since, keep-flagged, on-server-only, final (of a class), name"},
    Known{"expires-header", "honour, keep-flagged, on-server-only, name"},
    Known{"retain", "keep, name"},
    Known{"archive", "untouched, min-size, bring-back, name"},
    Known{"compress", "after, name"},
    Known{"notify", "on, name"},
    Known{"when", "kind, mailbox, role, sender, larger, smaller, flag, without-flag, header, matches"},
};

// By a part of what the validator says.
struct Remedy {
  std::string_view part;
  std::string_view text;
};
constexpr std::array kRemedies = {
    Remedy{"[KMGT]i?B)?|unlimited", "write a size such as 500KB or 2GiB, or unlimited"},
    Remedy{"[KMGT]i?B)?", "write a size such as 500KB or 2GiB"},
    Remedy{"[0-9]{1,19}|unlimited", "write a number, or unlimited"},
    Remedy{"100)%|none", "write a share from 1% to 100%, or none"},
    Remedy{"100)%", "write a share from 1% to 100%"},
    Remedy{"[0-9]{0,2}%", "write a share such as 120%"},
    Remedy{"[a-z0-9][a-z0-9._", "a class's name is 1 to 63 lower-case letters, digits, dots, hyphens and underscores, a letter or digit first"},
    Remedy{"member types of the union", "write an ISO 8601 duration such as P30D or PT12H, or forever (of archive and compress: never)"},
    Remedy{"duration", "write an ISO 8601 duration such as P30D or PT12H"},
    Remedy{"boolean", "write true or false"},
    Remedy{"not in enumeration", "kinds are email, voice, fax, sms, mms, video, image and text; roles inbox, sent, drafts, trash, junk and archive; since is "
                                 "arrival, reading or trash"},
    Remedy{"content model", "put in what it names and nothing else, in this order"},
    Remedy{"required attribute", "add it"},
};

std::string elements() {
  std::string names;
  for (const Known& known : kKnown) names.append(names.empty() ? "" : ", ").append(known.element);
  return names;
}

}  // namespace

std::string remedy_for(std::string_view words) {
  if (words.find(" such as ") != std::string_view::npos || words.find("; ") != std::string_view::npos) return "";  // says it already
  if (words.find("is not declared for element") != std::string_view::npos) {
    for (const Known& known : kKnown) {
      if (words.find("element '" + std::string(known.element) + "'") != std::string_view::npos) {
        return "; remove it: " + std::string(known.element) + " takes " + std::string(known.attributes);
      }
    }
  }
  if (words.find("no declaration found") != std::string_view::npos) return "; there are " + elements();
  for (const Remedy& remedy : kRemedies) {
    if (words.find(remedy.part) != std::string_view::npos) return "; " + std::string(remedy.text);
  }
  return "";
}

}  // namespace telepost::schema
