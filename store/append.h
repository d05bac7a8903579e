// A message that a client puts into its account itself (JMAP Email/set and Email/import; APPEND): no policy decides on it but the quota, and
// nothing is written before its bytes. One thread at a time; write() and finish() block on the disk.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "schema/ids.h"
#include "store/source_cutter.h"

namespace telepost::store {

struct Rooms;

class Append {
 public:
  // network: where it came from, as the document tells it ("jmap").
  Append(Rooms& rooms, schema::AccountId account, std::string_view network);
  // What was written of one that was not finished goes; what a crash leaves a hint finds.
  ~Append();
  Append(const Append&) = delete;

  // The next bytes. Memory: at most 4 MiB whatever the message's size. Errors: disk_full, io, busy; then nothing more can be done with it.
  Result<void> write(std::string_view bytes);

  struct Where {
    std::vector<schema::MailboxId> mailboxes;  // 1 to 64, each once
    std::vector<std::string> keywords;         // in any case and order
    std::optional<Time> received;              // of the years 2 to 9998; default: now
  };
  struct Kept {
    schema::MessageId id;
    std::uint64_t size_bytes = 0;
    schema::Modseq before, after;  // of the account
  };
  // Durable at return. Errors: invalid (no mailbox, one that is not there, a keyword, another time), too_many (mailboxes, keywords), over_quota, too_large,
  // refused (a kind that the account does not take), busy, disk_full, io.
  Result<Kept> finish(const Where& where);

 private:
  Result<void> store_pieces();
  schema::Document describe(const Where& where);

  Rooms& rooms_;
  const schema::MessageId id_;
  const std::string network_;
  const Time begun_;
  SourceCutter cutter_;
  bool stored_ = false;  // pieces may be in the store
  bool kept_ = false;
};

}  // namespace telepost::store
