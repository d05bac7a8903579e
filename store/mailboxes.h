// The mailbox tree of an account (folders, as in IMAP and JMAP). INBOX is there from the first moment, with id 1.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "schema/ids.h"
#include "schema/kept_record.h"
#include "schema/records.h"

namespace telepost::store {

struct Rooms;
class AccountWrite;

inline constexpr schema::MailboxId kInbox{1};
inline constexpr std::size_t kMaxMailboxNameBytes = 255;  // of one level
inline constexpr std::size_t kMaxMailboxDepth = 16;
inline constexpr std::size_t kMaxMailboxes = 10'000;

struct MailboxInTree {
  schema::MailboxRecord record;
  std::string path;  // names from the top joined by "/": "INBOX", "Work/2026"
};

// All of them at one state of the account.
struct MailboxTree {
  schema::Modseq modseq;
  schema::Modseq floor;                  // of the change log: what was removed before is not told any more
  std::vector<MailboxInTree> mailboxes;  // by path
};

struct RemovedMailbox {
  schema::MailboxId id;
  schema::Modseq created, removed;
};
struct MailboxChanges {
  MailboxTree tree;                     // each tells by its modseq when it changed last, by properties_modseq what
  std::vector<RemovedMailbox> removed;  // after the state that was asked about
};

struct NewMailbox {
  schema::MailboxId parent{0};
  std::string name;
  schema::Role role = schema::Role::none;
  bool subscribed = true;
  std::uint32_t sort_order = 0;
};

struct MailboxChange {
  schema::MailboxId id;
  std::optional<schema::MailboxId> parent = {};  // 0: to the top
  std::optional<std::string> name = {};
  std::optional<schema::Role> role = {};
  std::optional<bool> subscribed = {};
  std::optional<std::uint32_t> sort_order = {};
};

// From which state of the account to which a verb led.
struct Step {
  schema::Modseq before, after;
  bool is_whole = true;  // false: others' changes lie in between
};

// The account's mailbox for what has this role, loaded into its head: by its role, else the one at the top that is named so, which gets
// the role, else one that this write makes. Mode with_reads. Errors: too_many.
Result<schema::MailboxId> mailbox_for(AccountWrite& write, schema::Role role, std::string_view name);

class Mailboxes {
 public:
  explicit Mailboxes(Rooms& rooms) : rooms_(rooms) {}

  Result<std::vector<MailboxInTree>> list(schema::AccountId account);                    // by path; not_found
  Result<schema::MailboxId> find(schema::AccountId account, std::string_view path);      // INBOX in any case; not_found
  Result<MailboxTree> tree(schema::AccountId account);                                   // not_found
  // unsupported: the state lies below the floor, or nobody was given it yet.
  Result<MailboxChanges> changes(schema::AccountId account, schema::Modseq since);
  // Makes missing parents too. Names: 1 to 255 bytes of UTF-8 (RFC 5198), no "/" and no control characters; depth to 16.
  // Errors: exists (the path, or a mailbox of that role), invalid, too_many (10,000 mailboxes).
  Result<schema::MailboxId> create(schema::AccountId account, std::string_view path,
                                   schema::Role role = schema::Role::none);
  // With all that lies inside. Errors: not_found (the mailbox, the new parent), exists, invalid (a name, or inside itself), refused (INBOX),
  // too_large (what lies inside would be over 16 deep).
  Result<void> rename(schema::AccountId account, schema::MailboxId mailbox, std::string_view new_path);

  struct Made {
    schema::MailboxId id;
    Step step;
  };
  // Below its parent. Errors: those of change(), too_many.
  Result<Made> make(schema::AccountId account, const NewMailbox& mailbox);
  // All in one batch or nothing; only the outcome must be right, so that two mailboxes may exchange their names. Errors: not_found (a
  // mailbox or a new parent), invalid (a name), exists (a name beside it), refused (a role that another one has; what INBOX keeps:
  // name, place, role), too_large (over 16 deep, or inside itself).
  Result<Step> change(schema::AccountId account, const std::vector<MailboxChange>& changes);

  // With its messages (those placed nowhere else are expunged), or only without any. Errors: refused (INBOX, or it has children, or
  // messages that were not to go).
  enum class Content { goes, stays };
  Result<Step> remove(schema::AccountId account, schema::MailboxId mailbox, Content content = Content::goes);

 private:
  Rooms& rooms_;
};

// Where a kept message comes back to: the mailbox in which it lay, else the one of that role, else the one of that path, which is made
// where it is missing. Mode with_reads. Errors: too_many.
Result<schema::MailboxId> mailbox_of(AccountWrite& write, const schema::KeptRecord::Place& place);

}  // namespace telepost::store
