#include "policies/vacation.h"

#include <algorithm>

#include "base/assert.h"
#include "base/bytes.h"

namespace telepost::policies {
namespace {

std::string first_word(std::string_view value) {
  const std::string_view word = trim(value);
  return to_lower(trim(word.substr(0, word.find_first_of("; \t("))));
}

// RFC 3834 section 2 and RFC 5230 section 4.6: lists by RFC 2369 and RFC 2919, and programs that say what they are.
std::string_view why_by_header(const std::vector<schema::HeaderField>& fields) {
  for (const schema::HeaderField& field : fields) {
    const std::string name = to_lower(field.name);
    if (name.starts_with("list-")) return "list";
    if (name == "auto-submitted" && first_word(field.value) != "no") return "automatic";
    if (name == "x-auto-response-suppress" && first_word(field.value) != "none") return "suppressed";
    if (name != "precedence") continue;
    const std::string word = first_word(field.value);
    if (word == "bulk" || word == "list" || word == "junk") return "list";
  }
  return "";
}

// RFC 5230 section 4.6: who answers for a list or a server, and no person.
bool is_a_programs(std::string_view sender) {
  const std::string local = to_lower(sender.substr(0, sender.rfind('@')));
  for (const std::string_view name : {"mailer-daemon", "listserv", "majordomo", "postmaster", "noreply", "no-reply", "donotreply", "do-not-reply"}) {
    if (local == name) return true;
  }
  return local.starts_with("owner-") || local.ends_with("-owner") || local.ends_with("-request") || local.ends_with("-bounces") ||
         local.starts_with("bounce-") || local.starts_with("bounces+");
}

}  // namespace

bool is_away(bool enabled, std::optional<Time> from, std::optional<Time> to, Time now) {
  return enabled && (!from || *from <= now) && (!to || now < *to);
}

std::string_view why_not_answered(const VacationFacts& facts) {
  TELEPOST_ASSERT(facts.fields != nullptr);
  if (!is_away(facts.enabled, facts.from, facts.to, facts.now)) return "not away";
  if (facts.sender.empty() || facts.sender.find('@') == std::string::npos) return "nobody";
  if (facts.doubtful) return "doubtful";
  if (facts.sender_is_own) return "own";
  if (is_a_programs(facts.sender)) return "program";
  if (const std::string_view why = why_by_header(*facts.fields); !why.empty()) return why;
  if (!facts.names_recipient) return "not named";
  if (facts.answered && facts.now < *facts.answered + facts.again) return "answered";
  return "";
}

}  // namespace telepost::policies
