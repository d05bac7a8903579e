#include "store/removals.h"

#include <algorithm>

#include "policies/selector.h"
#include "schema/hold_record.h"
#include "store/account_write.h"
#include "store/message_dates.h"
#include "store/redating.h"
#include "store/rooms.h"
#include "transcoders/mime/header_cut.h"

namespace telepost::store {
namespace {

using policies::LifecycleFacts;
using schema::HoldRecord;

constexpr Duration kClassMissing = std::chrono::days(1);  // until what a missing class may keep is judged again

bool covers(const Hold& hold, schema::AccountId account) {
  return hold.record.account.value == 0 || hold.record.account == account;
}

std::string name_of(const Hold& hold) { return "hold " + std::to_string(hold.id) + ": " + hold.record.reason; }

FactsWanted wanted_of(const schema::When& when) {
  FactsWanted wanted;
  wanted.paths = !when.mailbox.empty();
  wanted.places = wanted.paths || when.role.has_value();
  wanted.fields = !when.header.empty();
  return wanted;
}

// A message that lies nowhere is judged as one in no mailbox.
bool is_about(const HoldRecord& hold, const LifecycleFacts& facts) {
  schema::Rule rule;
  rule.when = {hold.when};
  if (facts.places.empty()) return policies::may_be_about(rule, facts, {});
  return std::any_of(facts.places.begin(), facts.places.end(),
                     [&](const LifecycleFacts::Place& place) { return policies::may_be_about(rule, facts, place); });
}

std::vector<const Hold*> holds_over(const HoldSet& holds, schema::AccountId account) {
  std::vector<const Hold*> over;
  for (const Hold& hold : holds.active) {
    if (covers(hold, account)) over.push_back(&hold);
  }
  return over;
}

// With what is not known of the message.
Result<MessageFacts> facts_of(AccountWrite& write, const DatedMessage& message, const std::vector<const Hold*>& holds) {
  FactsWanted wanted;
  for (const Hold* hold : holds) wanted.add(wanted_of(hold->record.when));
  if (!write.service().rules.retain.empty()) wanted.add(wanted_by(write.service()));
  TELEPOST_ASSIGN(MessageFacts read, read_facts(write, message, wanted));
  read.facts.header_is_cut = transcoders::mime::is_header_cut(read.document.defects);
  read.facts.view_is_lost = message.lay != nullptr && std::any_of(message.lay->begin(), message.lay->end(), is_lost);
  return read;
}

std::string name_of_missing(const schema::EffectiveClass& service) { return "class " + service.missing + ", which no file defines"; }

// A class that is defined nowhere may have a minimum retention: until it is back nothing goes for good.
std::optional<Removals::Held> retained(const schema::EffectiveClass& service, const LifecycleFacts& facts, Time now) {
  std::optional<Removals::Held> held;
  const auto until = policies::retain_until(service, facts);
  if (until && until->time > now) held = Removals::Held{policies::policy_of(*until->rule), 0, until->time};
  if (service.missing.empty()) return held;
  const Time again = now + kClassMissing;
  return held && *held->until > again ? held : Removals::Held{name_of_missing(service), 0, again};
}

}  // namespace

bool is_lost(const schema::KeptRecord::Place& place) { return place.path.empty(); }

bool Removals::may_hold(AccountWrite& write) const {
  const auto holds = rooms_.holds.get();
  write.expect_holds(holds->revision);
  const bool held = std::any_of(holds->active.begin(), holds->active.end(), [&](const Hold& hold) { return covers(hold, write.account()); });
  return held || !write.service().rules.retain.empty() || !write.service().missing.empty();
}

Result<std::optional<Removals::Held>> Removals::what_holds(AccountWrite& write, const Candidate& candidate) const {
  const auto holds = rooms_.holds.get();
  write.expect_holds(holds->revision);
  const schema::EffectiveClass& service = write.service();
  const std::vector<const Hold*> over = holds_over(*holds, write.account());
  if (over.empty() && service.rules.retain.empty()) return retained(service, {}, rooms_.clock.now());
  if (!service.rules.retain.empty()) Redating::note(write);
  TELEPOST_ASSIGN(const MessageFacts read, facts_of(write, {candidate.record, candidate.summary, nullptr, candidate.lay}, over));
  const auto hold = std::find_if(over.begin(), over.end(), [&](const Hold* each) { return is_about(each->record, read.facts); });
  if (hold != over.end()) return std::optional(Held{name_of(**hold), (*hold)->id, {}});
  return retained(service, read.facts, rooms_.clock.now());
}

Result<std::optional<Removals::Held>> Removals::what_holds(AccountWrite& write, const schema::KeptRecord& kept) const {
  if (!may_hold(write)) return std::optional<Held>();
  TELEPOST_ASSIGN(const auto bytes, write.get(Space::point, schema::keys::message(kept.summary.local)));
  if (!bytes) return {Errc::corrupt, "a kept message without its record; run telepost verify"};
  TELEPOST_ASSIGN(const auto record, schema::decode_MessageRecord(*bytes));
  return what_holds(write, {record, kept.summary, &kept.places});
}

std::vector<std::string> Removals::what_may_hold(const schema::AccountRecord& profile, schema::AccountId account) const {
  std::vector<std::string> names;
  const auto holds = rooms_.holds.get();
  for (const Hold& hold : holds->active) {
    if (!covers(hold, account)) continue;
    names.push_back(name_of(hold) + (hold.record.when == schema::When() ? "" : " (what it is about)"));
  }
  const auto service = effective_class(rooms_, profile);
  for (const schema::Retain& retain : service->rules.retain) names.push_back(policies::policy_of(retain.rule));
  if (!service->missing.empty()) names.push_back(name_of_missing(*service));
  return names;
}

}  // namespace telepost::store
