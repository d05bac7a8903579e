#include "policies/selector.h"

#include <algorithm>
#include <string>

#include "base/bytes.h"

namespace telepost::policies {
namespace {

bool has(std::span<const std::string> keywords, std::string_view keyword) {
  return std::find(keywords.begin(), keywords.end(), keyword) != keywords.end();
}

std::string_view without_scheme(std::string_view address) {
  const std::size_t colon = address.find(':');
  return colon == std::string_view::npos ? address : address.substr(colon + 1);
}

bool is_from(const std::string& pattern, std::string_view sender) {
  return matches(pattern, sender) || matches(pattern, without_scheme(sender));
}

bool has_field(const schema::When& when, const LifecycleFacts& facts) {
  return std::any_of(facts.fields.begin(), facts.fields.end(), [&](const schema::HeaderField& field) {
    return equals_ignoring_case(field.name, when.header) && (when.matches.empty() || matches(when.matches, field.value));
  });
}

// What of a message never changes.
bool is_of_kind(const schema::When& when, const LifecycleFacts& facts) {
  if (when.kinds != 0 && (when.kinds >> static_cast<unsigned>(facts.kind) & 1U) == 0) return false;
  if (when.larger_bytes && facts.size_bytes <= *when.larger_bytes) return false;
  if (when.smaller_bytes && facts.size_bytes >= *when.smaller_bytes) return false;
  return when.sender.empty() || is_from(when.sender, facts.sender);
}

// What its owner makes of it.
bool is_seen_as(const schema::When& when, const LifecycleFacts& facts, const LifecycleFacts::Place& place) {
  if (when.role && *when.role != place.role) return false;
  if (!when.flag.empty() && !has(facts.keywords, when.flag)) return false;
  if (!when.without_flag.empty() && has(facts.keywords, when.without_flag)) return false;
  return when.mailbox.empty() || matches(when.mailbox, place.path);
}

enum class Unknown { as_no, as_yes };

bool is_so(const schema::When& when, const LifecycleFacts& facts, const LifecycleFacts::Place& place, Unknown counts) {
  const bool as_yes = counts == Unknown::as_yes;
  return is_of_kind(when, facts) && ((as_yes && facts.view_is_lost) || is_seen_as(when, facts, place)) &&
         (when.header.empty() || (as_yes && facts.header_is_cut) || has_field(when, facts));
}

bool is_any_so(const schema::Rule& rule, const LifecycleFacts& facts, const LifecycleFacts::Place& place, Unknown counts) {
  return rule.when.empty() ||
         std::any_of(rule.when.begin(), rule.when.end(), [&](const schema::When& when) { return is_so(when, facts, place, counts); });
}

}  // namespace

bool is_about(const schema::Rule& rule, const LifecycleFacts& facts, const LifecycleFacts::Place& place) {
  return is_any_so(rule, facts, place, Unknown::as_no);
}

bool may_be_about(const schema::Rule& rule, const LifecycleFacts& facts, const LifecycleFacts::Place& place) {
  return is_any_so(rule, facts, place, Unknown::as_yes);
}

bool matches(std::string_view pattern, std::string_view text) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  std::size_t p = 0, t = 0;
  std::size_t star = std::string_view::npos, from = 0;  // the last star, and what it covers up to
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      from = t;
    } else if (p < pattern.size() && lower(pattern[p]) == lower(text[t])) {
      ++p, ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++from;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace telepost::policies
