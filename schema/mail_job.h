// What a send job of the network mail carries as its payload (schema/job_records.h): one SMTP transaction's worth of a message,
// for one destination; and what the sender's account keeps of each message that it handed in. By the rules of schema/records.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "schema/dsn.h"
#include "schema/ids.h"

namespace telepost::schema {

inline constexpr std::size_t kMailJobRecipients = 100;        // RFC 5321 section 4.5.3.1.8: what every server takes
inline constexpr std::size_t kMailJobContent = 48u << 10;     // inline: leaves room for the rest of a payload

enum class MailBody : std::uint8_t { seven_bit = 1, eight_bit, binary };  // BODY= (RFC 6152, RFC 3030)
std::string_view name_of(MailBody body);                                  // "7BIT", "8BITMIME", "BINARYMIME"

// Where a message stands with one recipient. relayed: a server of the recipient's took it; delivered: it lies in a mailbox.
enum class SendState : std::uint8_t { waiting = 1, deferred, relayed, delivered, failed };
std::string_view name_of(SendState state);
inline bool is_final(SendState state) { return state >= SendState::relayed; }

struct MailRecipient {
  std::string address;        // "bob@example.net", as the sender wrote it
  RecipientRequest request;   // NOTIFY and ORCPT
  std::uint32_t number = 0;   // its place among the message's recipients (SubmittedRecipientRecord)
  SendState state = SendState::waiting;
  std::string reply;          // the last one: "451 4.7.1 try later"; our own words in the same form; "" before the first
  std::string remote;         // the server that gave it; "" for our own
  Time when{};                // of the reply
  bool operator==(const MailRecipient&) const = default;
};

struct MailJob {
  std::string from;           // "ann@example.test"; "" is the null reverse path
  MessageRequest request;     // RET, ENVID, REQUIRETLS
  MailBody body = MailBody::seven_bit;
  bool smtputf8 = false;
  bool report = false;        // a report of ours: nobody is told when it fails
  std::string trace;
  // What is sent: `header` (our Received and what else our servers put on top), then the content.
  std::string header;
  std::optional<std::string> content;  // none: bytes [offset, offset + size) of the source of the job's message
  std::uint64_t content_offset = 0;
  std::uint64_t content_size = 0;      // also of inline content
  std::vector<MailRecipient> to;       // 1 to kMailJobRecipients; final ones are not to be sent to any more
  std::uint32_t outcomes = 0;          // told so far: names the reports of the last one
  enum class Delay : std::uint8_t { untold = 1, due, told } delay = Delay::untold;  // due: its report is on the way
  bool watched = false;       // its sender's program follows it: each outcome is a change of its submission
  bool operator==(const MailJob&) const = default;
};

// Of a message that its account handed in, as long as changes.keep after it is final: the head, and one for each recipient.
struct SubmissionRecord {
  std::string from;
  MessageRequest request;
  Time created{};
  Time send_at{};              // FUTURERELEASE; else as created
  std::uint32_t recipients = 0;
  std::uint32_t open = 0;      // recipients that are not final
  std::optional<Time> final;   // when the last of them was
  bool canceled = false;       // RFC 8621 section 7: undoStatus
  std::uint64_t content_offset = 0;  // of what arrived, in the message's source
  std::uint64_t content_size = 0;
  std::string trace;
  bool sent = false;           // to one recipient at least: it cannot be called back as a whole
  // Of one that the sender's program follows as an object (RFC 8621 section 7).
  struct Followed {
    LocalId email{};           // never 0: what leaves is a copy of it
    ThreadId thread{};
    std::uint64_t identity = 0;
    std::string envelope;      // as its program said it
    Modseq created_modseq{}, modseq{};
    bool destroyed = false;    // the object is gone; this stays for those who knew it
    bool operator==(const Followed&) const = default;
  };
  std::optional<Followed> followed;
  bool operator==(const SubmissionRecord&) const = default;
};
struct SubmittedRecipientRecord {
  std::string address;         // "bob@example.net"
  std::string orcpt;
  Notify notify;
  std::uint64_t job = 0;       // 0: local
  MessageId copy{};            // of a local one, fixed before it is written
  SendState state = SendState::waiting;  // deferrals stand in the job alone
  std::string reply;
  std::string remote;
  Time when{};
  bool operator==(const SubmittedRecipientRecord&) const = default;
};

// A report that is due (store/due_list.h), of recipients that are served here.
struct ReportRecord {
  struct Recipient {
    std::string address;       // "bob@example.test"
    RecipientRequest wanted;
    std::string reply;         // of a failure
    bool operator==(const Recipient&) const = default;
  };
  SendState state = SendState::delivered;  // delivered or failed
  std::string to;              // whom it is for: the message's reverse path, "ann@example.net"
  MessageRequest request;
  std::vector<Recipient> recipients;  // at least one
  MessageId message{};         // whose header stands in the report; of a copy that somebody has
  std::uint64_t content_offset = 0;
  std::uint64_t content_size = 0;
  Time arrived{};
  std::string trace;
  bool operator==(const ReportRecord&) const = default;
};

std::string encode(const MailJob& record);
Result<MailJob> decode_MailJob(std::string_view bytes);
std::string encode(const SubmissionRecord& record);
Result<SubmissionRecord> decode_SubmissionRecord(std::string_view bytes);
std::string encode(const SubmittedRecipientRecord& record);
Result<SubmittedRecipientRecord> decode_SubmittedRecipientRecord(std::string_view bytes);
std::string encode(const ReportRecord& record);
Result<ReportRecord> decode_ReportRecord(std::string_view bytes);

// Parts of the above, for records that hold them: NOTIFY as one number, and back.
std::uint8_t number_of(const Notify& notify);
Notify notify_from(std::uint8_t number);

}  // namespace telepost::schema
