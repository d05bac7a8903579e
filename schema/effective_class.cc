#include "schema/effective_class.h"

#include <algorithm>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/sha256.h"

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

// What a rule says but for its name and place, so that equal texts are equal dates.
class Outline {
 public:
  void begin(char list, const Rule& rule) {
    ByteWriter out(text_);
    out.u8(static_cast<std::uint8_t>(list)).varint(rule.when.size());
    for (const When& when : rule.when) add(when);
  }
  void add(const std::optional<Duration>& duration) { add(duration ? static_cast<std::uint64_t>(duration->count()) + 1 : 0); }
  void add(std::uint64_t number) { ByteWriter(text_).varint(number); }
  std::uint64_t digest() const {
    const Digest digest = sha256(text_);
    return ByteReader(digest.view()).u64() | 1;  // never 0
  }

 private:
  void add(const When& when) {
    add(std::uint64_t{when.kinds});
    add(when.role ? static_cast<std::uint64_t>(*when.role) + 1 : 0);
    for (const Limit& limit : {when.larger_bytes, when.smaller_bytes}) {
      add(limit ? 1 : std::uint64_t{0});
      add(limit.value_or(0));
    }
    for (const std::string* text : {&when.mailbox, &when.sender, &when.flag, &when.without_flag, &when.header, &when.matches}) {
      add(text->size());
      text_ += *text;
    }
  }
  std::string text_;
};

std::uint64_t revision_of(const ClassRules& rules) {
  Outline outline;
  bool dates = false;
  for (const Retention& each : rules.retention) {
    outline.begin('x', each.rule);
    outline.add(each.keep);
    outline.add(static_cast<std::uint64_t>(each.since) * 2 + (each.keep_flagged ? 1 : 0));
    dates |= each.keep.has_value();
  }
  for (const ArchiveRule& each : rules.archive) {
    outline.begin('v', each.rule);
    outline.add(each.untouched);
    outline.add(each.min_size_bytes);
    dates |= each.untouched.has_value();
  }
  for (const CompressRule& each : rules.compress) {
    outline.begin('c', each.rule);
    outline.add(each.after);
    dates |= each.after.has_value();
  }
  return dates ? outline.digest() : 0;
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
  effective.revision = effective.missing.empty() ? revision_of(effective.rules) : 0;
  return effective;
}

}  // namespace telepost::schema
