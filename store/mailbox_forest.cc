#include "store/mailbox_forest.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "schema/keys.h"
#include "store/redating.h"
#include "store/rooms.h"

namespace telepost::store {
namespace keys = schema::keys;

Result<void> check_mailbox_name(std::string_view name) {
  const bool controls = std::any_of(name.begin(), name.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
  const bool fits = !name.empty() && name.size() <= kMaxMailboxNameBytes && !controls && is_valid_utf8(name) && name.find('/') == std::string_view::npos;
  if (fits) return {};
  return {Errc::invalid, "a mailbox name has 1 to 255 bytes of UTF-8 without controls; '/' separates levels"};
}

Result<schema::MailboxRecord> new_mailbox(AccountWrite& write, schema::MailboxId parent, std::string name, schema::Role role) {
  schema::HeadRecord& head = write.head();
  if (head.next_mailbox.value > kMaxMailboxes * 100) return {Errc::too_many, "the account made too many mailboxes"};
  schema::MailboxRecord record;
  record.id = head.next_mailbox;
  ++head.next_mailbox.value;
  record.parent = parent;
  record.name = std::move(name);
  record.role = role;
  record.uidvalidity = head.next_uidvalidity++;
  return record;
}

std::string id_value(schema::MailboxId id) {
  std::string value;
  ByteWriter(value).u32(id.value);
  return value;
}

Result<MailboxForest> MailboxForest::read(AccountWrite& write) {
  MailboxForest forest(write);
  TELEPOST_ASSIGN(const auto records, write.scan(Space::point, "B", keys::after("B"), kMaxMailboxes + 1));
  for (const auto& [key, value] : records) {
    TELEPOST_ASSIGN(auto record, schema::decode_MailboxRecord(value));
    forest.all_.emplace(record.id, std::move(record));
  }
  return Result<MailboxForest>(std::move(forest));
}

Result<schema::MailboxId> MailboxForest::add(const NewMailbox& mailbox) {
  if (all_.size() >= kMaxMailboxes) return {Errc::too_many, "an account has at most 10,000 mailboxes"};
  TELEPOST_ASSIGN(schema::MailboxRecord record, new_mailbox(write_, mailbox.parent, mailbox.name, mailbox.role));
  record.subscribed = mailbox.subscribed;
  record.sort_order = mailbox.sort_order;
  changed_.emplace(record.id, schema::MailboxRecord());
  return all_.insert_or_assign(record.id, std::move(record)).first->first;
}

Result<void> MailboxForest::change(const MailboxChange& change) {
  const auto found = all_.find(change.id);
  if (found == all_.end()) return {Errc::not_found, "no such mailbox"};
  schema::MailboxRecord& record = found->second;
  schema::MailboxRecord was = record;
  if (change.parent) record.parent = *change.parent;
  if (change.name) record.name = *change.name;
  if (change.role) record.role = *change.role;
  if (change.subscribed) record.subscribed = *change.subscribed;
  if (change.sort_order) record.sort_order = *change.sort_order;
  if (record != was) changed_.emplace(change.id, std::move(was));
  return {};
}

bool MailboxForest::has_inside(schema::MailboxId mailbox, schema::MailboxId other) const {
  auto above = all_.find(other);
  for (std::size_t depth = 0; above != all_.end() && depth < kMaxMailboxDepth; ++depth) {
    if (above->first == mailbox) return true;
    above = all_.find(above->second.parent);
  }
  return false;
}

Result<void> MailboxForest::check(const schema::MailboxRecord& mailbox) const {
  TELEPOST_TRY(check_mailbox_name(mailbox.name));
  if (mailbox.id == kInbox) {
    const schema::MailboxRecord& was = changed_.at(kInbox);
    const bool stays = mailbox.name == was.name && mailbox.parent == was.parent && mailbox.role == was.role;
    return stays ? Result<void>() : Result<void>(Errc::refused, "INBOX keeps its name, place and role");
  }
  const bool is_inbox_too = mailbox.parent.value == 0 && equals_ignoring_case(mailbox.name, "INBOX");  // RFC 9051 section 5.1
  if (is_inbox_too) return {Errc::exists, "INBOX is there already"};
  if (mailbox.parent.value != 0 && !all_.contains(mailbox.parent)) return {Errc::not_found, "the new parent does not exist"};
  return {};
}

Result<void> MailboxForest::check_siblings() const {
  std::set<std::pair<schema::MailboxId, std::string_view>> names;
  std::set<schema::Role> roles;
  for (const auto& [id, mailbox] : all_) {
    if (!names.emplace(mailbox.parent, mailbox.name).second) return {Errc::exists, "mailbox '" + mailbox.name + "' is there already"};
    const bool is_single = mailbox.role == schema::Role::none || roles.insert(mailbox.role).second;
    if (!is_single) return {Errc::refused, "another mailbox of the account is for that already"};
  }
  return {};
}

Result<void> MailboxForest::check_depth() const {
  for (const auto& [id, mailbox] : all_) {
    std::size_t depth = 1;
    for (schema::MailboxId above = mailbox.parent; above.value != 0; ++depth) {
      const auto parent = all_.find(above);
      if (parent == all_.end()) break;
      if (depth == kMaxMailboxDepth) return {Errc::too_large, "mailboxes lie at most 16 deep, and none inside itself"};
      above = parent->second.parent;
    }
  }
  return {};
}

Result<void> MailboxForest::write() {
  bool is_other_path = false, is_moved = false;
  for (const auto& [id, was] : changed_) {
    const schema::MailboxRecord& mailbox = all_.at(id);
    TELEPOST_TRY(check(mailbox));
    is_moved = is_moved || mailbox.parent != was.parent;
    is_other_path = is_other_path || (was.id == id && (mailbox.parent != was.parent || mailbox.name != was.name || mailbox.role != was.role));
  }
  if (!changed_.empty()) TELEPOST_TRY(check_siblings());
  if (is_moved) TELEPOST_TRY(check_depth());
  // All old names go first: two mailboxes may exchange theirs.
  for (const auto& [id, was] : changed_) {
    if (was.id == id) write_.erase(Space::point, keys::mailbox_name(was.parent, was.name));
  }
  for (const auto& [id, was] : changed_) {
    schema::MailboxRecord mailbox = all_.at(id);
    mailbox.properties_modseq = mailbox.modseq = write_.advance();
    if (was.id != id) mailbox.created_modseq = mailbox.modseq;
    write_.put(Space::point, keys::mailbox_name(mailbox.parent, mailbox.name), id_value(id));
    write_.add_mailbox(std::move(mailbox));
  }
  if (is_other_path) Redating::restart(write_);  // what a rule says of a path or a role
  return {};
}

}  // namespace telepost::store
