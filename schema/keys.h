// Where every record lies inside its partition: the key layouts, and for each the engine space it belongs to.
// Integers are big-endian, so that keys sort by value; what is wanted newest first carries the complement.
//   account       point  A                                   AccountRecord     schema/records.h
//                        H                                   HeadRecord
//                        B mailbox:4                         MailboxRecord
//                        F parent:4 name                     mailbox:4         a mailbox by its place in the tree
//                        K sha256(delivery key):16           DeliveryKeyRecord
//                        M local:8                           MessageRecord, or what a tombstone needs
//                        I local:8                           IntentRecord      recipients still to be served
//                        J job:8                             JobNameRecord     a send job that the account stands for
//                        O local:8                           SubmissionRecord  a message that was handed in, schema/mail_job.h
//                        Q local:8 number:4                  SubmittedRecipientRecord
//                        T                                   LeaseRecord       who removes it, schema/lease_record.h
//                        U hold:8                            (empty)           it is deleted, and stays for the hold
//                        L upload:8                          UploadRecord      schema/upload_record.h
//                        W sha256(name):16                   AppPasswordRecord schema/app_password.h
//                        V local:8                           IndexedMessageRecord  the index: schema/index_records.h
//                        Y thread:8                          ThreadRecord
//                        N hash:8                            thread:8          a message id, and the thread that it leads to
//                        P hash:8                            PartnerRecord     the same of who is at the other side
//                        C order:4                           OrderRecord
//                        X                                   RecountRecord     while the index counts by another trash
//                        G                                   SearchRecord      the full text: schema/search_records.h
//                        S local:8                           SearchedMessageRecord
//                        D                                   SenderRecord      in whose name it sends: schema/sender_record.h
//                        R                                   VacationRecord    what answers by itself: schema/vacation_record.h
//                        R sha256(sender):16                 AnsweredRecord    who was answered lately
//                        R 1:1                               RulesRecord       schema/rules_record.h
//                        a                                   SecondFactorRecord  schema/sign_in_records.h
//                        t sha256(what names it):16          TokenRecord
//                        E subscription:8                    PushSubscriptionRecord  schema/push_subscription_record.h
//                        Z                                   ContactsRecord    address books and cards: schema/contact_records.h
//                 scan   S mailbox:4 uid:4                   Summary
//                        R mailbox:4 ~received:8 ~local:8    uid:4             newest first
//                        C mailbox:4 level:1 upper:16        BlockRecord       counts over R, see store/received_order.h
//                                                                              orders of the index have R (without value) and C
//                                                                              too: all mail at 2^31, threads at their mailbox + 2^30
//                        N modseq:8                          ThreadChangeRecord  live: one per thread
//                        O modseq:8                          ThreadChangeRecord  gone
//                        W word 0 last:4                     PostingBlock      postings of a word, up to that document
//                        V block:4                           SearchDocuments
//                        K card:8                            CardRecord
//                        J sha256(uid):16                    card:8            the card that has it
//                        M modseq:8                          CardChangeRecord  live: one per card
//                        Z departed:8 local:8                KeptRecord        left its mailboxes; schema/kept_record.h
//                        U departed:8 local:8                KeptRecord        the same, while a hold keeps it
//                        L modseq:8                          ChangeRecord      live: one per message
//                        G modseq:8                          ChangeRecord      gone: tombstones, by time as by modseq
//                 queue  D time:8 what:1 id:16               due work, see store/due_list.h
//                        E hint:8 sequence:8                 CdrRecord
//                        Y touched:8 local:8                 (empty)           may be archived, see store/archive/relief.h
//                 large  X local:8                           document, XML
//                        P local:8 index:4                   inline segment of the source
//                        U local:8                           X and P in few bytes instead (store/stored_content.h)
//                        N local:8 modseq:8                  annotation, XML
//                        L upload:8 index:4                  a chunk of an upload
//   piece         point  H                                   PieceRecord
//                        O                                   OrphanRecord      no link was left when it was written
//                 large  B                                   the bytes
//                        U                                   the same in few bytes; then there is no B
//                 scan   L account:8 local:8                 time:8            a message that uses it, and when to check that
//   directory     point  A address                           AddressRecord
//   account_list  scan   A account:8                         AccountListRecord
//                 point  P account:8                         (empty)           it has push subscriptions
//   calendar      queue  T time:8 partition                  (empty)           something is due there
//                        T time:8 piece message:16           messages:16 each  whose links are to be asked about
//                        T time:8 piece account:8 local:8    messages          their links to the piece are to be checked
//                 point  C                                   cursor
//                        L                                   LeaseRecord       schema/lease_record.h
//                        H                                   revision:8        of the holds, schema/hold_record.h
//   audit         queue  A number:8                          AuditRecord       schema/audit_record.h
//                        V number:8                          VisitRecord       schema/visit_record.h
//   cdr           queue  C hint:8                            account:8
//   queue         point  J job:8                             JobRecord
//                 queue  N network:1 time:8 job:8            destination:8     a job by its time, see store/outbox.h
//                        D sha256(destination):8 time:8 job:8  (empty)         the same, per destination
//                        H network:1 time:8 job:8            (empty)           one that is held instead, by the time it was made
//                        U time:8 job:8                      (empty)           when to ask whether somebody names the job
//   dictionary    point  H                                   DictionarySetRecord  schema/dictionary_records.h
//                        D number:4                          DictionaryRecord
//                 large  B number:4                          a dictionary of zstd
//   meta          point  V                                   StoreRecord
//                        H hold:8                            HoldRecord        schema/hold_record.h
//                        N                                   revision:8        of the holds
//                        R                                   RedatingRecord    schema/redating_record.h
//                        U                                   text              the place of the archive that the store has begun
//                 scan   P hold:8 account:8                  (empty)           where the hold kept something
//
// An archive that lies on an engine of its own (store/archive/engine_archive.h) has in it:
//   account       scan   U local:8 number:8 part:4           size:8            a part of an archived source
//                 large  U local:8 number:8 part:4 slice:4   a slice of it
//   meta          point  U                                   the id of the store whose archive it is
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "schema/archive_name.h"
#include "schema/ids.h"
#include "schema/partition.h"

namespace telepost::schema::keys {

inline constexpr std::uint16_t kDirectorySlices = 1024;
inline constexpr std::uint16_t kAccountListSlices = 64;  // by the top 6 bits of the id: slices in order are ids in order
inline constexpr std::uint16_t kCalendarSlices = 64;
inline constexpr std::uint16_t kAuditSlices = 8;
inline constexpr std::uint16_t kCdrSlices = 8;
inline constexpr std::uint16_t kQueueSlices = 64;

Partition directory_slice(std::string_view address);
Partition account_list_slice(AccountId account);
Partition calendar_slice(const Partition& target);  // the slice that holds the hints for an account or a piece
Partition audit_slice(AccountId account);
Partition cdr_slice(AccountId account);
Partition queue_slice(std::string_view destination);

// account partition
inline constexpr std::string_view kAccount = "A";
inline constexpr std::string_view kHead = "H";
inline constexpr std::string_view kRemovalLease = "T";
std::string mailbox(MailboxId mailbox);
std::string mailbox_name(MailboxId parent, std::string_view name);
std::string delivery_key(std::string_view key);  // of any length and content
std::string message(LocalId local);
std::string intent(LocalId local);
std::string summary(MailboxId mailbox, Uid uid);
std::string job_name(std::uint64_t job);
std::string submission(LocalId local);
std::string submitted_recipients(LocalId local);  // prefix
std::string submitted_recipient(LocalId local, std::uint32_t number);
std::string received(MailboxId mailbox, Time received, LocalId local);
std::string received_order(MailboxId mailbox);  // prefix of all of one order
inline constexpr std::size_t kReceivedOrderOffset = 5;  // where ~received:8 ~local:8 begin in such a key
std::string block(MailboxId mailbox, std::uint8_t level, std::string_view upper);
std::string kept(Time departed, LocalId local);
std::string parked(Time departed, LocalId local);
std::string change(Modseq modseq);
std::string gone(Modseq modseq);
std::string due(Time time, char what, std::string_view id);  // id: 16 bytes
std::string cdr(std::uint64_t hint, std::uint64_t sequence);
std::string untouched(Time touched, LocalId local);
inline constexpr std::string_view kParked = "Y";
std::string document(LocalId local);
std::string segment(LocalId local, std::uint32_t index);
std::string packed(LocalId local);
std::string annotations(LocalId local);  // prefix
std::string annotation(LocalId local, Modseq modseq);

// piece partition
inline constexpr std::string_view kPieceHead = "H";
inline constexpr std::string_view kPieceBytes = "B";
inline constexpr std::string_view kPackedPiece = "U";
inline constexpr std::string_view kOrphan = "O";
std::string link(MessageId message);
inline constexpr std::string_view kLinks = "L";

// the others
std::string address(std::string_view address);
std::string listed_account(AccountId account);
std::string hint(Time time, const Partition& target);
inline constexpr std::string_view kCalendarCursor = "C";
inline constexpr std::string_view kCalendarLease = "L";
std::string audit(std::uint64_t number);
std::string cdr_hint(std::uint64_t hint);
inline constexpr std::string_view kStore = "V";
inline constexpr std::string_view kBegunArchive = "U";

// queue partition
std::string job(std::uint64_t job);
std::string job_of_network(std::uint8_t network);                   // prefix of the jobs by time
std::string held_job_of_network(std::uint8_t network);             // prefix of the held jobs by time
std::string job_of_destination(std::string_view destination);       // prefix of the jobs by time
std::string job_at(std::string_view prefix, Time time, std::uint64_t job);
inline constexpr std::string_view kUnnamedJobs = "U";               // prefix of the jobs to ask about

// of an archive
std::string archived_part(const ArchiveName& name);
std::string archived_slice(const ArchiveName& name, std::uint32_t slice);
std::optional<ArchiveName> archived_name(AccountId account, std::string_view key);  // none: no such key
inline constexpr std::string_view kArchiveOwner = "U";
// dictionary partition
inline constexpr std::string_view kDictionaries = "H";
std::string dictionary(std::uint32_t number);
std::string dictionary_bytes(std::uint32_t number);

// The first key behind every key that begins so: the end of a scan over a prefix.
std::string after(std::string_view prefix);

}  // namespace telepost::schema::keys
