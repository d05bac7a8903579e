#include "tests/simulation/class_text.h"

namespace telepost::simulation {
namespace {

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '&') out += "&amp;";
    else if (c == '<') out += "&lt;";
    else if (c == '"') out += "&quot;";
    else out += c;
  }
  return out;
}

std::string attribute(const std::string& name, const std::string& value) {
  return value.empty() ? "" : " " + name + "=\"" + escaped(value) + "\"";
}

std::string limit(const Limit& value) { return value ? std::to_string(*value) : "unlimited"; }

std::string keep(Millis period) { return period == kNever ? "forever" : to_duration(period); }

std::string to_xml(const When& when) {
  std::string kinds;
  for (const std::string& kind : when.kinds) kinds += (kinds.empty() ? "" : " ") + kind;
  return "<when" + attribute("kind", kinds) + attribute("mailbox", when.mailbox) + attribute("role", when.role) +
         attribute("sender", when.sender) + attribute("larger", when.larger ? std::to_string(*when.larger) : "") +
         attribute("smaller", when.smaller ? std::to_string(*when.smaller) : "") + attribute("flag", when.flag) +
         attribute("without-flag", when.without_flag) + attribute("header", when.header) + attribute("matches", when.matches) + "/>";
}

std::string element(const std::string& name, const std::string& attributes, const std::vector<When>& whens) {
  std::string xml = "<" + name + attributes + ">";
  for (const When& when : whens) xml += to_xml(when);
  return xml + "</" + name + ">\n";
}

std::string since(Rule::Since since) {
  return since == Rule::Since::reading ? "reading" : since == Rule::Since::trash ? "trash" : "arrival";
}

// The schema wants the rules about Expires fields behind those about periods.
std::string retention(const ClassText& layer, bool may_be_final) {
  std::string periods, headers;
  for (const Rule& rule : layer.retention) {
    const std::string flagged = attribute("keep-flagged", rule.keep_flagged ? "true" : "");
    if (rule.since == Rule::Since::expires) {
      headers += element("expires-header", attribute("honour", rule.keep == 0 ? "true" : "false") + flagged, rule.when);
    } else {
      periods += element("retention", attribute("keep", keep(rule.keep)) + attribute("since", since(rule.since)) + flagged +
                                          attribute("final", rule.final && may_be_final ? "true" : ""), rule.when);
    }
  }
  return periods + headers;
}

std::string kinds(const ClassText& layer) {
  std::string xml;
  for (const auto& [kind, allow] : layer.allow) xml += "<kind name=\"" + kind + "\" allow=\"" + (allow ? "true" : "false") + "\"/>\n";
  return xml;
}

std::string to_xml(const ClassText& layer) {
  std::string xml = "<class name=\"" + layer.name + "\">\n";
  if (layer.quota_bytes || layer.quota_messages) {
    xml += "<quota" + attribute("bytes", layer.quota_bytes ? limit(*layer.quota_bytes) : "") +
           attribute("messages", layer.quota_messages ? limit(*layer.quota_messages) : "") + "/>\n";
  }
  const Undelete& undelete = layer.undelete;
  if (undelete.keep || undelete.bytes || undelete.messages) {
    xml += "<undelete" + attribute("keep", undelete.keep ? to_duration(*undelete.keep) : "") +
           attribute("bytes", undelete.bytes ? limit(*undelete.bytes) : "") +
           attribute("messages", undelete.messages ? limit(*undelete.messages) : "") + "/>\n";
  }
  xml += kinds(layer) + retention(layer, true);
  for (const Rule& rule : layer.retain) xml += element("retain", attribute("keep", keep(rule.keep)), rule.when);
  return xml + "</class>\n";
}

}  // namespace

std::string to_duration(Millis period) {
  constexpr Millis kDay = 86'400'000;
  if (period == 0) return "PT0S";
  if (period % (30 * kDay) == 0) return "P" + std::to_string(period / (30 * kDay)) + "M";
  if (period % kDay == 0) return "P" + std::to_string(period / kDay) + "D";
  if (period % 3'600'000 == 0) return "PT" + std::to_string(period / 3'600'000) + "H";
  return "PT" + std::to_string(period / 1000) + "S";
}

std::string to_xml(const std::map<std::string, ClassText>& classes) {
  std::string xml = "<policies xmlns=\"urn:telepost:policy:1\">\n";
  for (const auto& [name, layer] : classes) xml += to_xml(layer);
  return xml + "</policies>\n";
}

std::string to_settings_xml(const ClassText& own) {
  return "<settings xmlns=\"urn:telepost:policy:1\">\n" + kinds(own) + retention(own, false) + "</settings>\n";
}

}  // namespace telepost::simulation
