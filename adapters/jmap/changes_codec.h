// /changes (RFC 8620 section 5.2): what every type's has in common.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/jmap/arguments_codec.h"
#include "schema/ids.h"

namespace telepost::adapters::jmap {

inline constexpr std::uint64_t kMostChanges = 1'000;  // of one answer

// What a client knows at a state. Between two answers of one sequence the state also says where the sequence began: the log has of an
// object its last change alone, so what came after `begun` and changed once more after `at` is news to the client.
struct KnownState {
  KnownState(schema::Modseq everything) : at(everything), begun(everything) {}
  KnownState(schema::Modseq told, schema::Modseq from) : at(told), begun(from) {}
  bool operator==(const KnownState&) const = default;
  schema::Modseq at, begun;
};
std::string to_state(const KnownState& state);  // "at", or "at-begun"
std::optional<KnownState> known_state_from(std::string_view state);
// The state of a client, where all changes since then are known: from `floor` to `now`. unsupported (cannotCalculateChanges).
Result<KnownState> known_state_within(std::string_view state, schema::Modseq floor, schema::Modseq now);
Result<schema::Modseq> state_within(std::string_view state, schema::Modseq floor, schema::Modseq now);  // the same of a query's

struct ChangesArguments {
  std::string since_state;
  std::uint64_t max_changes = 0;  // 1 to kMostChanges
};
Result<ChangesArguments> read_changes(Arguments& arguments);

// The last change of one object.
struct ObjectChange {
  schema::Modseq at;
  std::string id;
  schema::Modseq created;
  enum class Kind : unsigned char { live, gone } kind = Kind::live;
};

struct Changes {
  KnownState old_state, new_state;
  bool has_more = false;
  std::vector<ObjectChange> created, updated, destroyed;
};
// From `since` to `now` or, where that is more than `most`, to a state in between. What came and went meanwhile is left out. What came
// in the sequence and changes again in it may be told as created twice; nothing is left out. unsupported (cannotCalculateChanges): there
// is no state in between, since changes of one moment are more than `most`.
Result<Changes> changes_between(KnownState since, schema::Modseq now, std::vector<ObjectChange> changes, std::uint64_t most);
Json to_json(const Changes& changes, std::string_view account_id);

}  // namespace telepost::adapters::jmap
