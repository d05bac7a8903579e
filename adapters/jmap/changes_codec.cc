#include "adapters/jmap/changes_codec.h"

#include <algorithm>

#include "adapters/jmap/id_codec.h"

namespace telepost::adapters::jmap {
namespace {

Json ids_of(const std::vector<ObjectChange>& changes) {
  Json ids = Json::array();
  for (const ObjectChange& change : changes) ids.push_back(change.id);
  return ids;
}

const Error kNoKnownState{Errc::unsupported, "too old, or no state of this server"};

}  // namespace

std::string to_state(const KnownState& state) {
  return state.begun == state.at ? to_state(state.at) : to_state(state.at) + "-" + to_state(state.begun);
}

std::optional<KnownState> known_state_from(std::string_view state) {
  const std::size_t dash = state.find('-');
  const auto at = state_from(state.substr(0, dash));
  if (!at || dash == std::string_view::npos) return at ? std::optional<KnownState>(*at) : std::nullopt;
  const auto begun = state_from(state.substr(dash + 1));
  return begun && *begun < *at ? std::optional<KnownState>({*at, *begun}) : std::nullopt;
}

Result<KnownState> known_state_within(std::string_view state, schema::Modseq floor, schema::Modseq now) {
  const auto known = known_state_from(state);
  if (!known || known->at < floor || known->at > now) return kNoKnownState;
  return *known;
}

Result<schema::Modseq> state_within(std::string_view state, schema::Modseq floor, schema::Modseq now) {
  const auto known = state_from(state);
  if (!known || *known < floor || *known > now) return kNoKnownState;
  return *known;
}

Result<ChangesArguments> read_changes(Arguments& arguments) {
  ChangesArguments changes;
  TELEPOST_ASSIGN(changes.since_state, arguments.text("sinceState"));
  TELEPOST_ASSIGN(const auto wanted, arguments.unsigned_or_null("maxChanges"));
  changes.max_changes = std::min(wanted.value_or(kMostChanges), kMostChanges);
  if (changes.max_changes == 0) return {Errc::invalid, "maxChanges wants a number above 0"};
  return changes;
}

Result<Changes> changes_between(KnownState since, schema::Modseq now, std::vector<ObjectChange> changes, std::uint64_t most) {
  const auto is_news = [&](const ObjectChange& change) {
    return change.at > since.at && !(change.kind == ObjectChange::Kind::gone && change.created > since.at);
  };
  changes.erase(std::remove_if(changes.begin(), changes.end(), [&](const auto& change) { return !is_news(change); }), changes.end());
  std::sort(changes.begin(), changes.end(), [](const auto& a, const auto& b) { return a.at < b.at; });
  Changes between{since, now, changes.size() > most, {}, {}, {}};
  if (between.has_more) {
    // All of one moment, or none of it: the state in between says of a moment that it is over.
    auto size = static_cast<std::size_t>(most);
    while (size > 0 && changes[size].at == changes[size - 1].at) --size;
    if (size == 0) return {Errc::unsupported, "more changed at one moment than maxChanges allows"};
    changes.resize(size);
    between.new_state = {changes.back().at, since.begun};
  }
  for (ObjectChange& change : changes) {
    auto& list = change.kind == ObjectChange::Kind::gone ? between.destroyed : change.created > since.begun ? between.created : between.updated;
    list.push_back(std::move(change));
  }
  return between;
}

Json to_json(const Changes& changes, std::string_view account_id) {
  return {{"accountId", account_id},
          {"oldState", to_state(changes.old_state)},
          {"newState", to_state(changes.new_state)},
          {"hasMoreChanges", changes.has_more},
          {"created", ids_of(changes.created)},
          {"updated", ids_of(changes.updated)},
          {"destroyed", ids_of(changes.destroyed)}};
}

}  // namespace telepost::adapters::jmap
