#include "policies/lifecycle.h"

#include <algorithm>
#include <array>

#include "policies/selector.h"
#include "schema/quantity.h"

namespace telepost::policies {
namespace {

using schema::Since;
using Place = LifecycleFacts::Place;

constexpr std::array kSinces = {Since::arrival, Since::reading, Since::trash, Since::expires_header};

constexpr Duration kLeastToExpires = std::chrono::days(1);  // from the arrival, whatever the Expires field says

// Dates come from peers and files: what lies beyond the calendar never comes.
constexpr Time kEndOfTime{std::chrono::milliseconds(253'402'300'799'999)};  // 9999-12-31T23:59:59.999Z

std::optional<Dated> dated(Time from, Duration period, const schema::Rule& rule, std::string reason) {
  if (from > kEndOfTime || period > kEndOfTime - from) return std::nullopt;
  return Dated{from + period, &rule, std::move(reason)};
}

const std::optional<Dated>& earlier(const std::optional<Dated>& a, const std::optional<Dated>& b) {
  if (!a || !b) return a ? a : b;
  return b->time < a->time ? b : a;
}

// None is never.
const std::optional<Dated>& later(const std::optional<Dated>& a, const std::optional<Dated>& b) {
  if (!a || !b) return a ? b : a;
  return b->time > a->time ? b : a;
}

template <typename R>
const R* first_about(const std::vector<R>& rules, const LifecycleFacts& facts, const Place& place) {
  const auto found = std::find_if(rules.begin(), rules.end(), [&](const R& each) { return is_about(each.rule, facts, place); });
  return found == rules.end() ? nullptr : &*found;
}

// Who sends the message states it: one that has passed must not take the place of what the subscriber deleted.
std::optional<Time> stated_end(const LifecycleFacts& facts) {
  if (!facts.expires_header) return std::nullopt;
  return std::max(*facts.expires_header, facts.received + kLeastToExpires);
}

std::optional<Time> start_of(Since since, const LifecycleFacts& facts) {
  switch (since) {
    case Since::arrival: return facts.received;
    case Since::reading: return facts.seen;
    case Since::trash: return facts.trashed;
    case Since::expires_header: return stated_end(facts);
  }
  return std::nullopt;
}

std::string reason_of(const schema::Retention& rule) {
  switch (rule.since) {
    case Since::arrival: return schema::to_iso8601(*rule.keep) + " after its arrival";
    case Since::reading: return schema::to_iso8601(*rule.keep) + " after it was read";
    case Since::trash: return schema::to_iso8601(*rule.keep) + " after it came into Trash";
    case Since::expires_header: return "its Expires field";
  }
  return "";
}

// By the one rule that is the first about the message among those of this kind.
std::optional<Dated> expires_since(Since since, const schema::EffectiveClass& service, const LifecycleFacts& facts, const Place& place) {
  const std::optional<Time> start = start_of(since, facts);
  if (!start) return std::nullopt;
  for (const schema::Retention& rule : service.rules.retention) {
    if (rule.since != since || !is_about(rule.rule, facts, place)) continue;
    const bool flagged = std::find(facts.keywords.begin(), facts.keywords.end(), "$flagged") != facts.keywords.end();
    if (!rule.keep || (rule.keep_flagged && flagged)) return std::nullopt;
    std::optional<Dated> expires = dated(*start, *rule.keep, rule.rule, reason_of(rule));
    if (expires) expires->on_server_only = leaves_clients_alone(rule);
    return expires;
  }
  return std::nullopt;
}

std::optional<Dated> expires(const schema::EffectiveClass& service, const LifecycleFacts& facts, const Place& place) {
  std::optional<Dated> first;
  for (const Since since : kSinces) first = earlier(first, expires_since(since, service, facts, place));
  return first;
}

std::optional<Dated> archive_after(const schema::EffectiveClass& service, const LifecycleFacts& facts, const Place& place) {
  const schema::ArchiveRule* const rule = first_about(service.rules.archive, facts, place);
  if (rule == nullptr || !rule->untouched || facts.size_bytes < rule->min_size_bytes) return std::nullopt;
  const Time touched = std::max(facts.received, facts.accessed.value_or(facts.received));
  return dated(touched, *rule->untouched, rule->rule, "untouched for " + schema::to_iso8601(*rule->untouched));
}

std::optional<Dated> compress_after(const schema::EffectiveClass& service, const LifecycleFacts& facts, const Place& place) {
  const schema::CompressRule* const rule = first_about(service.rules.compress, facts, place);
  if (rule == nullptr || !rule->after) return std::nullopt;
  return dated(facts.received, *rule->after, rule->rule, schema::to_iso8601(*rule->after) + " after its arrival");
}

// A message that lies nowhere is judged as if no mailbox were meant.
const std::vector<Place>& places_of(const LifecycleFacts& facts) {
  static const std::vector<Place> kNowhere(1);
  return facts.places.empty() ? kNowhere : facts.places;
}

template <typename Decide>
std::optional<Dated> in_kindest(const std::vector<Place>& places, const Decide& decide) {
  std::optional<Dated> last = decide(places.front());
  for (std::size_t i = 1; i < places.size() && last; ++i) last = later(last, decide(places[i]));
  return last;
}

}  // namespace

std::string policy_of(const schema::Rule& rule) {
  return rule.of + ": " + rule.name + (rule.place.empty() ? "" : " (" + rule.place + ")");
}

// The longest of all, in whichever mailbox it lies.
std::optional<Dated> retain_until(const schema::EffectiveClass& service, const LifecycleFacts& facts) {
  const std::vector<Place>& places = places_of(facts);
  std::optional<Dated> last;
  for (const schema::Retain& each : service.rules.retain) {
    const bool about = std::any_of(places.begin(), places.end(), [&](const Place& place) { return may_be_about(each.rule, facts, place); });
    if (!about) continue;
    // Beyond the calendar is still a date: retained content must not go for being retained too long.
    const Duration keep = std::min(each.keep, kEndOfTime - std::min(facts.received, kEndOfTime));
    Dated until{facts.received + keep, &each.rule, "kept for at least " + schema::to_iso8601(each.keep)};
    if (!last || until.time > last->time) last = std::move(until);
  }
  return last;
}

Lifecycle decide_lifecycle(const schema::EffectiveClass& service, const LifecycleFacts& facts) {
  Lifecycle decided;
  decided.retain_until = retain_until(service, facts);
  if (!service.dates_messages()) return decided;
  const std::vector<Place>& places = places_of(facts);
  decided.expires = in_kindest(places, [&](const Place& place) { return expires(service, facts, place); });
  decided.archive_after = in_kindest(places, [&](const Place& place) { return archive_after(service, facts, place); });
  decided.compress_after = in_kindest(places, [&](const Place& place) { return compress_after(service, facts, place); });
  return decided;
}

const schema::ArchiveRule* archive_rule(const schema::EffectiveClass& service, const LifecycleFacts& facts) {
  const schema::ArchiveRule* kindest = nullptr;
  for (const Place& place : places_of(facts)) {
    const schema::ArchiveRule* const rule = first_about(service.rules.archive, facts, place);
    if (rule == nullptr || !rule->untouched) return rule;
    if (kindest == nullptr || *rule->untouched > *kindest->untouched) kindest = rule;
  }
  return kindest;
}

std::optional<Relief> relief(const schema::EffectiveClass& service) {
  const schema::Allocation& allocation = service.settings.allocation;
  if (!allocation.bytes || service.rules.archive.empty()) return std::nullopt;
  return Relief{schema::share_of(*allocation.bytes, allocation.factor_percent), schema::share_of(*allocation.bytes, allocation.low_water_percent)};
}

bool notifies(const schema::EffectiveClass& service, const LifecycleFacts& facts) {
  for (const Place& place : places_of(facts)) {
    const schema::NotifyRule* const rule = first_about(service.rules.notify, facts, place);
    if (rule == nullptr || rule->notify) return true;
  }
  return false;
}

}  // namespace telepost::policies
