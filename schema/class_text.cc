#include "schema/class_text.h"

#include <string_view>

#include "schema/class_values.h"

namespace telepost::schema {
namespace {

std::string place_of(const Rule& rule) { return rule.place.empty() ? "" : " (" + rule.place + ")"; }

std::string kinds_of(std::uint16_t kinds) {
  std::string names;
  for (unsigned kind = 1; kind < 16; ++kind) {
    if ((kinds >> kind & 1U) != 0) names.append(names.empty() ? "" : " or ").append(name_of(static_cast<Kind>(kind)));
  }
  return names;
}

std::string text_of(const When& when) {
  std::string text;
  const auto add = [&](std::string_view what, std::string_view value) {
    if (!value.empty()) text.append(text.empty() ? "" : " and ").append(what).append(" ").append(value);
  };
  add("kind", kinds_of(when.kinds));
  add("mailbox", when.mailbox);
  add("role", when.role ? name_of(*when.role) : std::string_view());
  add("sender", when.sender);
  add("larger than", when.larger_bytes ? class_values::write(when.larger_bytes) : "");
  add("smaller than", when.smaller_bytes ? class_values::write(when.smaller_bytes) : "");
  add("flag", when.flag);
  add("no flag", when.without_flag);
  add("header", when.header + (when.matches.empty() ? "" : ": " + when.matches));
  return text;
}

std::string whens_of(const Rule& rule) {
  std::string text;
  for (const When& when : rule.when) text.append(text.empty() ? ", when " : "; or when ").append(text_of(when));
  return text;
}

std::string text_of(const Retention& rule) {
  const std::string flagged = rule.keep_flagged ? ", flagged ones for ever" : "";
  const std::string reach = !rule.on_server_only ? "" : *rule.on_server_only ? ", on the server only" : ", from all clients";
  if (rule.since == Since::expires_header) return (rule.keep ? "honoured" : "not honoured") + flagged + reach;
  return "keep " + class_values::write(rule.keep) + " since " + std::string(name_of(rule.since)) + flagged + reach + (rule.final ? ", final" : "");
}

std::string text_of(const ArchiveRule& rule) {
  if (!rule.untouched) return "never";
  return "untouched for " + class_values::write(rule.untouched) + ", from " + std::to_string(rule.min_size_bytes) + " bytes" +
         (rule.bring_back ? ", brought back by reading" : "");
}

ClassLine line_of(const std::string& what, const Rule& rule, const std::string& value) {
  return {what + " '" + rule.name + "'", value + whens_of(rule), rule.of + place_of(rule)};
}

}  // namespace

std::vector<ClassLine> lines_of(const EffectiveClass& service) {
  std::vector<ClassLine> lines;
  for (const auto& [key, layer] : service.stated_by) {
    lines.push_back({name_of(key), class_setting_table()[key.row].write(service.settings, key.kind), layer});
  }
  for (const Retention& each : service.rules.retention) {
    lines.push_back(line_of(each.since == Since::expires_header ? "expires-header" : "retention", each.rule, text_of(each)));
  }
  for (const Retain& each : service.rules.retain) lines.push_back(line_of("retain", each.rule, "for " + class_values::write(each.keep)));
  for (const ArchiveRule& each : service.rules.archive) lines.push_back(line_of("archive", each.rule, text_of(each)));
  for (const CompressRule& each : service.rules.compress) {
    lines.push_back(line_of("compress", each.rule, each.after ? "after " + class_values::write(each.after) : "never"));
  }
  for (const NotifyRule& each : service.rules.notify) lines.push_back(line_of("notify", each.rule, each.notify ? "yes" : "no"));
  return lines;
}

}  // namespace telepost::schema
