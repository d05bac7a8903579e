#include "schema/class_digest.h"

#include <algorithm>
#include <string_view>

#include "base/bytes.h"
#include "base/sha256.h"

namespace telepost::schema {
namespace {

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
  void add(std::string_view text) { ByteWriter(text_).text(text); }
  void add_limit(const Limit& limit) {
    add(limit ? 1 : std::uint64_t{0});
    add(limit.value_or(0));
  }
  std::uint64_t digest() const {
    const Digest digest = sha256(text_);
    return (ByteReader(digest.view()).u64() & ~std::uint64_t{3}) | 1;
  }

 private:
  void add(const When& when) {
    add(std::uint64_t{when.kinds});
    add(when.role ? static_cast<std::uint64_t>(*when.role) + 1 : 0);
    for (const Limit& limit : {when.larger_bytes, when.smaller_bytes}) add_limit(limit);
    for (const std::string* text : {&when.mailbox, &when.sender, &when.flag, &when.without_flag, &when.header, &when.matches}) {
      add(std::string_view(*text));
    }
  }
  std::string text_;
};

enum class Layers : unsigned char { apart, merged };  // merged: what is final stands in front already

// Whether there is a date among the rules.
bool add_rules(const ClassRules& rules, Layers layers, Outline& outline) {
  bool dates = false;
  for (const Retention& each : rules.retention) {
    outline.begin('x', each.rule);
    outline.add(each.keep);
    outline.add(static_cast<std::uint64_t>(each.since) * 2 + (each.keep_flagged ? 1 : 0));
    if (layers == Layers::apart) outline.add(each.final ? 1 : std::uint64_t{0});
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
  return dates;
}

// When what a minimum retention alone keeps goes.
bool add_retains(const ClassRules& rules, Outline& outline) {
  for (const Retain& each : rules.retain) {
    outline.begin('r', each.rule);
    outline.add(std::optional(each.keep));
  }
  return !rules.retain.empty();
}

// When what is kept for undelete goes, when an account is over what it may hold online, and when over its soft quota.
bool add_settings(const ClassSettings& settings, bool archives, Outline& outline) {
  const Undelete& undelete = settings.undelete;
  const bool keeps = undelete.keep > Duration(0);
  if (keeps) {
    outline.add(std::string_view("undelete"));
    outline.add(std::optional(undelete.keep));
    for (const Limit& limit : {undelete.bytes, undelete.messages}) outline.add_limit(limit);
  }
  if (archives && settings.allocation.bytes) {
    outline.add(std::string_view("allocation"));
    for (const std::uint64_t number : {*settings.allocation.bytes, std::uint64_t{settings.allocation.factor_percent}}) outline.add(number);
  }
  const Quota& quota = settings.quota;
  const bool warns = quota.soft_percent && (quota.bytes || quota.messages);
  if (warns) {
    outline.add(std::string_view("quota"));
    outline.add(std::uint64_t{*quota.soft_percent});
    for (const Limit& limit : {quota.bytes, quota.messages}) outline.add_limit(limit);
  }
  return keeps || warns;
}

// Of one class alone: what it states.
bool add_stated(const ClassOfService& service, Outline& outline) {
  for (const SettingKey& key : service.stated) {
    const ClassSetting& setting = class_setting_table()[key.row];
    if (setting.element == "kind") continue;
    outline.add(std::string_view(name_of(key)));
    outline.add(std::string_view(setting.write(service.settings, key.kind)));
  }
  return service.settings.undelete.keep > Duration(0) || service.settings.quota.soft_percent;
}

}  // namespace

bool dates_messages(const ClassRules& rules) {
  Outline unused;
  return add_rules(rules, Layers::merged, unused);
}

std::uint64_t revision_of(const ClassRules& rules, const ClassSettings& settings) {
  Outline outline;
  const bool by_rules = add_rules(rules, Layers::merged, outline);
  const bool by_retains = add_retains(rules, outline);
  const bool by_settings = add_settings(settings, !rules.archive.empty(), outline);
  return by_rules || by_retains || by_settings ? outline.digest() : 0;
}

std::uint64_t dates_digest(const ClassSet& classes, std::vector<std::pair<std::string, std::string>> ranges) {
  Outline outline;
  bool dates = false;
  for (const auto& [name, service] : classes.all()) {
    outline.add(std::string_view(name));
    const bool by_rules = add_rules(service.rules, Layers::apart, outline);
    const bool by_retains = add_retains(service.rules, outline);
    const bool by_settings = add_stated(service, outline);
    dates |= by_rules || by_retains || by_settings;
  }
  std::sort(ranges.begin(), ranges.end());
  for (const auto& [range, name] : ranges) {
    outline.add(std::string_view(range));
    outline.add(std::string_view(name));
  }
  return dates ? outline.digest() : 0;
}

}  // namespace telepost::schema
