// Reports of ours to the senders of messages (RFC 3461, 3464): made, and sent on their way. Inside the store only.
//
// A report to one of our accounts is delivered through the one door under a delivery key; one to somebody else becomes a send job.
// Nothing is ever reported to the null reverse path, and what becomes of a report is reported to nobody.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "schema/mail_job.h"
#include "store/outbox.h"
#include "transcoders/mime/report.h"

namespace telepost::store {

struct Rooms;

// The message that a report is about.
struct Reported {
  std::string from;                // its reverse path: "ann@example.net"; "" : nobody is told
  schema::MessageRequest request;
  schema::MessageId message{};     // whose source is at hand; local 0: none
  std::uint64_t header_offset = 0; // where what arrived begins in it
  std::uint64_t size = 0;          // of what arrived
  Time arrived{};
  std::string trace;
};

// Whether RFC 3461 section 4.1 wants a report of this to be sent. Relayed: by a peer that takes no NOTIFY.
bool is_wanted(const schema::Notify& notify, transcoders::mime::ReportAction action);

class Reports {
 public:
  explicit Reports(Rooms& rooms) : rooms_(rooms) {}

  // `key` names the report: with the same one it is sent once. Local senders: the report is durable at return, or dropped for good,
  // with a log line. Others: the job to enqueue in the batch that keeps what the report tells. May block; the caller holds
  // no account's lock. Errors: those that pass by themselves (busy, io, disk_full …): try again, with the same key.
  Result<std::optional<NewJob>> send(const Reported& about, const std::vector<transcoders::mime::ReportedRecipient>& recipients,
                                     const std::string& key);

  // One that cannot be due where it was to be, for the account goes: due in the first of these accounts that is there and stays, under
  // the id of the message there. With the same key it is written once. Where there is none it is dropped, with a log line. The caller
  // holds no account's lock. Errors: io, disk_full, conflict, corrupt.
  Result<void> leave_with(const std::vector<schema::MessageId>& others, const std::string& key, const schema::ReportRecord& report);

 private:
  Result<std::string> source(const Reported& about, std::uint64_t size);
  Result<transcoders::mime::DeliveryReport> compose(const Reported& about, const std::vector<transcoders::mime::ReportedRecipient>& recipients,
                                                    const std::string& key);
  Rooms& rooms_;
};

// Whether an error passes by itself: what met it is done again later.
bool passes(Errc kind);

// What we call ourselves to other servers.
std::string reporting_host(const Rooms& rooms);

// Everything that is written down when a report is not sent after all.
void drop_report(std::string_view why, std::string_view to, std::string_view trace, const std::string& reason);

}  // namespace telepost::store
