#include "store/changed_messages.h"

#include "schema/keys.h"
#include "store/stored_record.h"

namespace telepost::store {
namespace keys = schema::keys;

Result<void> ChangedMessages::read(const std::vector<Change>& changes, std::string (*own)(schema::LocalId)) {
  using What = schema::ChangeRecord::What;
  std::vector<std::string> wanted, summaries;
  for (const Change& change : changes) {
    if (change.record.what != What::message && change.record.what != What::message_gone) continue;
    wanted.push_back(keys::message({change.record.id}));
    wanted.push_back(own({change.record.id}));
  }
  TELEPOST_TRY(records_.read(Space::point, wanted));
  for (const Change& change : changes) {
    if (change.record.what != What::message) continue;
    const auto there = record({change.record.id});
    if (!there.ok() && there.error().kind != Errc::corrupt) return there.error();
    if (!there.ok() || !*there || (*there)->placements.empty()) continue;
    const schema::Placement& first = (*there)->placements.front();
    summaries.push_back(keys::summary(first.mailbox, first.uid));
  }
  return records_.read(Space::scan, summaries);
}

Result<std::optional<schema::MessageRecord>> ChangedMessages::record(schema::LocalId local) const {
  return stored<schema::decode_MessageRecord>(records_, Space::point, keys::message(local));
}

Result<ChangedMessages::Message> ChangedMessages::message(schema::LocalId local) const {
  TELEPOST_ASSIGN(auto there, record(local));
  if (!there || there->placements.empty()) return {Errc::corrupt, "an entry of the change log without its message"};
  const schema::Placement& first = there->placements.front();
  TELEPOST_ASSIGN(auto summary, stored<schema::decode_Summary>(records_, Space::scan, keys::summary(first.mailbox, first.uid)));
  if (!summary) return {Errc::corrupt, "a placement without summary"};
  return Message{*std::move(there), *std::move(summary)};
}

}  // namespace telepost::store
