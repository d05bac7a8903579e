#include "schema/effective_class.h"

#include <algorithm>
#include <string>
#include <vector>

#include "schema/class_digest.h"

namespace telepost::schema {
namespace {

// The layers that are there, those that are asked first in front.
std::vector<const ClassOfService*> layers_of(const ClassSet& classes, const ClassLayers& layers, EffectiveClass& into) {
  std::vector<const ClassOfService*> found;
  const auto add = [&](const ClassOfService* layer) {
    if (layer != nullptr && std::find(found.begin(), found.end(), layer) == found.end()) found.push_back(layer);
  };
  add(layers.subscriber);
  for (const std::string_view name : {layers.account_class, layers.range_class}) {
    if (name.empty()) continue;
    const ClassOfService* const layer = classes.find(name);
    if (layer == nullptr && into.missing.empty()) into.missing = name;
    add(layer);
  }
  add(&classes.standard());
  return found;
}

void take_settings(const ClassOfService& layer, EffectiveClass& into) {
  for (const SettingKey& key : layer.stated) {
    if (!into.stated_by.emplace(key, layer.name).second) continue;  // a layer before it states it
    class_setting_table()[key.row].copy(layer.settings, into.settings, key.kind);
  }
}

template <typename R>
void append(std::vector<R>& to, const std::vector<R>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

void take_rules(const ClassRules& from, ClassRules& to) {
  append(to.retention, from.retention);
  append(to.retain, from.retain);
  append(to.archive, from.archive);
  append(to.compress, from.compress);
  append(to.notify, from.notify);
}

// What is final goes to the front, that of the layer that is asked last first; else the order stays.
void put_final_first(const std::vector<const ClassOfService*>& layers, std::vector<Retention>& rules) {
  std::vector<Retention> ordered;
  for (auto layer = layers.rbegin(); layer != layers.rend(); ++layer) {
    for (const Retention& rule : (*layer)->rules.retention) {
      if (rule.final) ordered.push_back(rule);
    }
  }
  std::erase_if(rules, [](const Retention& rule) { return rule.final; });
  append(ordered, rules);
  rules = std::move(ordered);
}

void note_needs(const Rule& rule, EffectiveClass& into) {
  for (const When& when : rule.when) {
    into.needs_fields |= !when.header.empty();
    into.needs_paths |= !when.mailbox.empty();
    into.needs_places |= !when.mailbox.empty() || when.role.has_value();
  }
}

}  // namespace

EffectiveClass resolve(const ClassSet& classes, const ClassLayers& layers) {
  EffectiveClass effective;
  effective.name = layers.account_class;
  const std::vector<const ClassOfService*> asked = layers_of(classes, layers, effective);
  for (const ClassOfService* layer : asked) {
    take_settings(*layer, effective);
    take_rules(layer->rules, effective.rules);
  }
  put_final_first(asked, effective.rules.retention);
  for (const Retention& each : effective.rules.retention) {
    note_needs(each.rule, effective);
    effective.needs_fields |= each.since == Since::expires_header && each.keep.has_value();
  }
  for (const Retain& each : effective.rules.retain) note_needs(each.rule, effective);
  for (const ArchiveRule& each : effective.rules.archive) note_needs(each.rule, effective);
  for (const CompressRule& each : effective.rules.compress) note_needs(each.rule, effective);
  for (const NotifyRule& each : effective.rules.notify) note_needs(each.rule, effective);
  if (!effective.missing.empty()) return effective;  // nobody knows what it would have said
  effective.dates = dates_messages(effective.rules);
  effective.revision = revision_of(effective.rules, effective.settings);
  return effective;
}

}  // namespace telepost::schema
