#include "adapters/jmap/push_states.h"

#include <algorithm>
#include <utility>

#include "adapters/jmap/id_codec.h"
#include "base/sha256.h"
#include "store/accounts.h"
#include "store/message_reader.h"

namespace telepost::adapters::jmap {
namespace {

constexpr std::size_t kMostLookedAt = 256;  // changes, for whether an email came: where there are more, one may have

using TypeStates = Methods::ChangingType::States;

// When the newest email came after that state, if one did.
Result<std::optional<schema::Modseq>> delivered_after(store::Store& store, schema::AccountId account, schema::Modseq told, schema::Modseq now) {
  std::optional<schema::Modseq> delivered;
  if (told == now) return delivered;
  if (told > now) return std::optional(now);  // nobody was given that state
  const auto changes = store.reader().changes(account, told, kMostLookedAt);
  if (!changes.ok() && changes.error().kind != Errc::unsupported) return changes.error();
  if (!changes.ok() || changes->size() == kMostLookedAt) return std::optional(now);
  using What = schema::ChangeRecord::What;
  for (const store::Change& change : *changes) {
    const bool is_email = change.record.what == What::message || change.record.what == What::message_gone;
    if (is_email && change.record.created > told) delivered = std::max(delivered.value_or(told), change.record.created);
  }
  return delivered;
}

std::string digest_of(const std::map<std::string, std::string, std::less<>>& states) {
  return states.empty() ? std::string() : to_hex(sha256(to_text(Json(states)))).substr(0, 16);
}

}  // namespace

PushStates::PushStates(const Context& context, const Methods& methods, Login login, const PushTypes& types)
    : context_(context), methods_(methods), login_(std::move(login)), types_(methods.changing_types()),
      wants_deliveries_(types.wants(kEmailDelivery) && methods.capabilities().contains(kMail) && login_.scopes.contains(scopes_for(kMail))) {
  std::erase_if(types_, [&](const Methods::ChangingType& type) {
    return !types.wants(type.name) || !login_.scopes.contains(scopes_for(type.capability));
  });
}

void PushStates::begin_after(std::string_view token) {
  const std::size_t dash = std::min(token.find('-'), token.size());
  told_ = state_from(token.substr(0, dash)).value_or(schema::Modseq{0});
  told_digest_ = token.substr(std::min(dash + 1, token.size()));
}

void PushStates::begin_after(const schema::ToldStates& told) {
  told_ = told.modseq;
  for (const schema::TypeState& one : told.own) told_own_.insert_or_assign(one.type, one.state);
  told_digest_ = digest_of(told_own_);
}

schema::ToldStates PushStates::told() const {
  schema::ToldStates told{told_.value_or(schema::Modseq{0}), {}};
  for (const auto& [type, state] : told_own_) told.own.push_back({type, state});
  return told;
}

Result<PushStates::Now> PushStates::look() const {
  Readings nothing;
  return look(nothing);
}

Result<PushStates::Now> PushStates::look(Readings& known) const {
  store::Store& store = context_.store;
  if (!known.modseq) {
    TELEPOST_ASSIGN(const store::Account there, store.accounts().show(login_.account));
    known.modseq = there.head.modseq;
  }
  Now now{*known.modseq, {}, {}};
  if (told_ && wants_deliveries_) {
    if (!known.delivered.contains(*told_)) {
      TELEPOST_ASSIGN(known.delivered[*told_], delivered_after(store, login_.account, *told_, now.modseq));
    }
    now.delivered = known.delivered.at(*told_);
  }
  for (const Methods::ChangingType& type : types_) {
    if (type.states == TypeStates::modseq) continue;
    const std::string name(type.name);
    if (!known.own.contains(name)) {
      TELEPOST_ASSIGN(known.own[name], state_of(context_, methods_, login_, type));
    }
    now.own[name] = known.own.at(name);
  }
  return now;
}

std::optional<StateChange> PushStates::tell(Now now) {
  const bool is_first = !told_;
  const std::string digest = digest_of(now.own);
  StateChange change{login_.account, {}, to_state(now.modseq) + (digest.empty() ? "" : "-" + digest)};
  for (const Methods::ChangingType& type : types_) {
    if (type.states == TypeStates::modseq && told_ != now.modseq) change.states.emplace(type.name, to_state(now.modseq));
  }
  if (now.delivered) change.states.emplace(kEmailDelivery, to_state(*now.delivered));
  for (const auto& [type, state] : now.own) {
    const auto before = told_own_.find(type);
    if (digest != told_digest_ && (before == told_own_.end() || before->second != state)) change.states.emplace(type, state);
  }
  told_ = now.modseq;
  told_own_ = std::move(now.own);
  told_digest_ = digest;
  if (is_first || change.states.empty()) return std::nullopt;
  return change;
}

}  // namespace telepost::adapters::jmap
