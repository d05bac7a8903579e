// What a message says in words, wherever it stands: in its header, its texts, the names of what is attached, and what was learned of it
// later (transcripts, recognised text). The same for every kind.
#pragma once

#include <functional>
#include <map>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "schema/message_records.h"
#include "schema/search_records.h"
#include "store/engine/engine.h"

namespace telepost::store {

struct Rooms;

class MessageTexts {
 public:
  // All outlive it. The snapshot is one of the message's account.
  MessageTexts(Rooms& rooms, schema::AccountId account, const PartitionReader& snapshot) : rooms_(rooms), account_(account), snapshot_(snapshot) {}

  // Every text, at most kMaxTextBytes of its body in all (transcoders/mime/rendition.h). What is damaged, or lies in an archive that does
  // not answer, says what its summary does; that is logged. Errors: io, cancelled.
  using Visit = std::function<void(schema::SearchField field, std::string_view text)>;
  // is_annotated: there is something to be read of what was learned later.
  Result<void> for_each(const schema::Summary& summary, bool is_annotated, const Visit& visit) const;
  // When each of these was annotated last. Those that are not in it have no annotation.
  using Annotated = std::map<schema::LocalId, schema::Modseq>;
  Result<Annotated> annotated(std::vector<schema::LocalId> messages) const;

 private:
  Result<void> read_content(const schema::Summary& summary, const Visit& visit) const;
  Result<void> read_annotations(schema::LocalId local, const Visit& visit) const;
  Rooms& rooms_;
  const schema::AccountId account_;
  const PartitionReader& snapshot_;
};

}  // namespace telepost::store
