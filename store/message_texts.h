// What a message says in words, wherever it stands: in its header, its texts, the names of what is attached, and what was learned of it
// later (transcripts, recognised text). The same for every kind.
#pragma once

#include <functional>
#include <string_view>

#include "base/result.h"
#include "schema/records.h"
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
  Result<void> for_each(const schema::Summary& summary, const Visit& visit) const;
  // The last of its annotations; 0: none.
  Result<schema::Modseq> annotated(schema::LocalId local) const;

 private:
  Result<void> read_content(const schema::Summary& summary, const Visit& visit) const;
  Result<void> read_annotations(schema::LocalId local, const Visit& visit) const;
  Rooms& rooms_;
  const schema::AccountId account_;
  const PartitionReader& snapshot_;
};

}  // namespace telepost::store
