#include "store/mailboxes.h"

#include <algorithm>
#include <map>

#include "base/bytes.h"
#include "schema/keys.h"
#include "store/account_write.h"
#include "store/index_erasure.h"
#include "store/mailbox_forest.h"
#include "store/mailbox_paths.h"
#include "store/message_edit.h"
#include "store/rooms.h"

namespace telepost::store {
namespace keys = schema::keys;

namespace {

constexpr std::size_t kExpungesAtOnce = 500;

Result<std::vector<std::string>> names_of(std::string_view path) {
  std::vector<std::string> names;
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t slash = std::min(path.find('/', begin), path.size());
    const std::string_view name = path.substr(begin, slash - begin);
    TELEPOST_TRY(check_mailbox_name(name));
    names.emplace_back(name);
    begin = slash + 1;
  }
  if (names.size() > kMaxMailboxDepth) return {Errc::invalid, "mailboxes lie at most 16 deep"};
  if (equals_ignoring_case(names[0], "INBOX")) names[0] = "INBOX";  // RFC 9051 section 5.1
  return names;
}

Result<std::map<schema::MailboxId, schema::MailboxRecord>> read_all(const PartitionReader& reader) {
  std::map<schema::MailboxId, schema::MailboxRecord> all;
  Result<void> decoded;
  TELEPOST_TRY(reader.scan(Space::point, "B", keys::after("B"), [&](std::string_view, std::string_view value) {
    auto record = schema::decode_MailboxRecord(value);
    if (!record.ok()) decoded = record.error();
    else all.emplace(record->id, *record);
    return decoded.ok();
  }));
  TELEPOST_TRY(std::move(decoded));
  return all;
}

std::string path_of(const std::map<schema::MailboxId, schema::MailboxRecord>& all, const schema::MailboxRecord& mailbox) {
  std::string path = mailbox.name;
  schema::MailboxId parent = mailbox.parent;
  for (std::size_t depth = 0; parent.value != 0 && depth < kMaxMailboxDepth; ++depth) {
    const auto found = all.find(parent);
    if (found == all.end()) break;
    path = found->second.name + "/" + path;
    parent = found->second.parent;
  }
  return path;
}

// The mailbox at a path's end, or none where one level is missing.
template <typename Get>
Result<std::optional<schema::MailboxId>> walk(const std::vector<std::string>& names, std::size_t levels, Get get) {
  schema::MailboxId at{0};
  for (std::size_t level = 0; level < levels; ++level) {
    TELEPOST_ASSIGN(const std::optional<std::string> id, get(keys::mailbox_name(at, names[level])));
    if (!id) return std::optional<schema::MailboxId>();
    at = {ByteReader(*id).u32()};
  }
  return std::optional(at);
}

Result<schema::MailboxId> add_level(AccountWrite& write, schema::MailboxId parent, const std::string& name, schema::Role role) {
  TELEPOST_ASSIGN(schema::MailboxRecord record, new_mailbox(write, parent, name, role));
  record.created_modseq = record.modseq = record.properties_modseq = write.advance();
  write.put(Space::point, keys::mailbox_name(parent, name), id_value(record.id));
  const schema::MailboxId id = record.id;
  write.add_mailbox(std::move(record));
  return id;
}

// RFC 8621 section 2: an account has one mailbox of a role at most.
Result<std::optional<schema::MailboxId>> mailbox_with(AccountWrite& write, schema::Role role) {
  if (role == schema::Role::none) return std::optional<schema::MailboxId>();
  if (const auto loaded = write.loaded_mailbox(role)) return loaded;
  TELEPOST_ASSIGN(const auto all, write.scan(Space::point, "B", keys::after("B"), kMaxMailboxes));
  for (const auto& [key, value] : all) {
    TELEPOST_ASSIGN(const auto record, schema::decode_MailboxRecord(value));
    if (record.role == role) return std::optional(record.id);
  }
  return std::optional<schema::MailboxId>();
}

struct PathEnd {
  schema::MailboxId id;
  bool is_new;
};

// The mailbox at a path's end, with what is missing on the way to it.
Result<PathEnd> make_path(AccountWrite& write, const std::vector<std::string>& names, schema::Role role) {
  TELEPOST_ASSIGN(const auto all, write.scan(Space::point, "B", keys::after("B"), kMaxMailboxes));
  if (all.size() + names.size() > kMaxMailboxes) return {Errc::too_many, "an account has at most 10,000 mailboxes"};
  PathEnd made{{0}, false};
  for (std::size_t level = 0; level < names.size(); ++level) {
    TELEPOST_ASSIGN(const auto there, write.get(Space::point, keys::mailbox_name(made.id, names[level])));
    if (there) {
      made.id = {ByteReader(*there).u32()};
      continue;
    }
    TELEPOST_ASSIGN(made.id, add_level(write, made.id, names[level], level + 1 == names.size() ? role : schema::Role::none));
    made.is_new = true;
  }
  return made;
}

}  // namespace

Result<void> check_mailbox_path(std::string_view path) {
  const auto names = names_of(path);
  return names.ok() ? Result<void>() : Result<void>(names.error());
}

Result<schema::MailboxId> mailbox_at(AccountWrite& write, std::string_view path) {
  TELEPOST_ASSIGN(const auto names, names_of(path));
  TELEPOST_ASSIGN(auto at, walk(names, names.size(), [&](const std::string& key) { return write.get(Space::point, key); }));
  if (!at) {
    TELEPOST_ASSIGN(const PathEnd made, make_path(write, names, schema::Role::none));
    at = made.id;
  }
  TELEPOST_TRY(write.mailbox(*at));
  return *at;
}

Result<schema::MailboxId> mailbox_of(AccountWrite& write, const schema::KeptRecord::Place& place) {
  const auto there = write.mailbox(place.mailbox);
  if (there.ok()) return place.mailbox;
  if (there.error().kind != Errc::not_found) return there.error();
  TELEPOST_ASSIGN(const auto of_role, mailbox_with(write, place.role));
  if (of_role) return *of_role;
  TELEPOST_ASSIGN(const auto names, names_of(place.path));
  TELEPOST_ASSIGN(const PathEnd made, make_path(write, names, place.role));
  return made.id;
}

Result<schema::MailboxId> mailbox_for(AccountWrite& write, schema::Role role, std::string_view name) {
  TELEPOST_ASSIGN(const auto of_role, mailbox_with(write, role));
  if (of_role) {
    TELEPOST_TRY(write.mailbox(*of_role));
    return *of_role;
  }
  TELEPOST_ASSIGN(const auto named, write.get(Space::point, keys::mailbox_name(schema::MailboxId{0}, name)));
  if (!named) return add_level(write, schema::MailboxId{0}, std::string(name), role);
  TELEPOST_ASSIGN(schema::MailboxRecord* const mailbox, write.mailbox({ByteReader(*named).u32()}));
  mailbox->role = role;
  mailbox->modseq = mailbox->properties_modseq = write.advance();
  return mailbox->id;
}

namespace {

Result<MailboxTree> read_tree(const PartitionReader& reader, schema::AccountId account) {
  TELEPOST_ASSIGN(const auto bytes, reader.get(Space::point, keys::kHead));
  if (!bytes) return {Errc::not_found, "no account " + schema::to_string(account)};
  TELEPOST_ASSIGN(const auto head, schema::decode_HeadRecord(*bytes));
  TELEPOST_ASSIGN(const auto all, read_all(reader));
  MailboxTree tree{head.modseq, head.floor, {}};
  for (const auto& [id, record] : all) tree.mailboxes.push_back({record, path_of(all, record)});
  std::sort(tree.mailboxes.begin(), tree.mailboxes.end(), [](const MailboxInTree& a, const MailboxInTree& b) { return a.path < b.path; });
  return tree;
}

}  // namespace

Result<MailboxTree> Mailboxes::tree(schema::AccountId account) {
  const auto snapshot = rooms_.engine->snapshot(schema::Partition::account(account));
  return read_tree(*snapshot, account);
}

Result<std::vector<MailboxInTree>> Mailboxes::list(schema::AccountId account) {
  TELEPOST_ASSIGN(MailboxTree all, tree(account));
  return std::move(all.mailboxes);
}

// Tombstones of messages stand between those of mailboxes: it costs what was removed since.
Result<MailboxChanges> Mailboxes::changes(schema::AccountId account, schema::Modseq since) {
  const auto snapshot = rooms_.engine->snapshot(schema::Partition::account(account));
  MailboxChanges changes;
  TELEPOST_ASSIGN(changes.tree, read_tree(*snapshot, account));
  TELEPOST_ASSIGN(const schema::ReindexRecord made_anew, IndexErasure::record(*snapshot));  // what mailboxes count of threads may be other than before
  if (since < std::max(changes.tree.floor, made_anew.threads_since) || since > changes.tree.modseq) return {Errc::unsupported, "changes since that state are not known"};
  Result<void> decoded;
  const auto visit = [&](std::string_view key, std::string_view value) {
    const auto record = schema::decode_ChangeRecord(value);
    if (!record.ok()) decoded = record.error();
    else if (record->what == schema::ChangeRecord::What::mailbox_gone) {
      changes.removed.push_back({{static_cast<std::uint32_t>(record->id)}, record->created, {ByteReader(key.substr(1)).u64()}});
    }
    return decoded.ok();
  };
  TELEPOST_TRY(snapshot->scan(Space::scan, keys::gone({since.value + 1}), keys::after("G"), visit));
  TELEPOST_TRY(std::move(decoded));
  return changes;
}

Result<schema::MailboxId> Mailboxes::find(schema::AccountId account, std::string_view path) {
  TELEPOST_ASSIGN(const auto names, names_of(path));
  const auto snapshot = rooms_.engine->snapshot(schema::Partition::account(account));
  TELEPOST_ASSIGN(const auto found, walk(names, names.size(), [&](const std::string& key) { return snapshot->get(Space::point, key); }));
  if (!found) return {Errc::not_found, "the account has no mailbox '" + std::string(path) + "'"};
  return *found;
}

Result<schema::MailboxId> Mailboxes::create(schema::AccountId account, std::string_view path, schema::Role role) {
  TELEPOST_ASSIGN(const auto names, names_of(path));
  TELEPOST_ASSIGN(AccountWrite write, AccountWrite::begin(rooms_, account, AccountWrite::Mode::with_reads));
  TELEPOST_ASSIGN(const auto of_role, mailbox_with(write, role));
  if (of_role) return {Errc::exists, "another mailbox of the account is for that already"};
  TELEPOST_ASSIGN(const PathEnd made, make_path(write, names, role));
  if (!made.is_new) return {Errc::exists, "mailbox '" + std::string(path) + "' is there already"};
  TELEPOST_TRY(write.commit());
  return made.id;
}

Result<void> Mailboxes::rename(schema::AccountId account, schema::MailboxId mailbox, std::string_view new_path) {
  if (mailbox == kInbox) return {Errc::refused, "INBOX keeps its name"};
  TELEPOST_ASSIGN(const auto names, names_of(new_path));
  TELEPOST_ASSIGN(AccountWrite write, AccountWrite::begin(rooms_, account, AccountWrite::Mode::with_reads));
  const auto get = [&](const std::string& key) { return write.get(Space::point, key); };
  TELEPOST_ASSIGN(const auto taken, walk(names, names.size(), get));
  if (taken) return {Errc::exists, "mailbox '" + std::string(new_path) + "' is there already"};
  TELEPOST_ASSIGN(const auto parent, walk(names, names.size() - 1, get));
  if (!parent) return {Errc::not_found, "the new parent does not exist"};
  TELEPOST_ASSIGN(MailboxForest forest, MailboxForest::read(write));
  if (forest.has_inside(mailbox, *parent)) return {Errc::invalid, "a mailbox cannot lie inside itself"};
  TELEPOST_TRY(forest.change({.id = mailbox, .parent = *parent, .name = names.back()}));
  TELEPOST_TRY(forest.write());
  return write.commit();
}

Result<Mailboxes::Made> Mailboxes::make(schema::AccountId account, const NewMailbox& mailbox) {
  TELEPOST_ASSIGN(AccountWrite write, AccountWrite::begin(rooms_, account, AccountWrite::Mode::with_reads));
  Made made{{}, {write.head().modseq, {}}};
  TELEPOST_ASSIGN(MailboxForest forest, MailboxForest::read(write));
  TELEPOST_ASSIGN(made.id, forest.add(mailbox));
  TELEPOST_TRY(forest.write());
  made.step.after = write.head().modseq;
  TELEPOST_TRY(write.commit());
  return made;
}

Result<Step> Mailboxes::change(schema::AccountId account, const std::vector<MailboxChange>& changes) {
  TELEPOST_ASSIGN(AccountWrite write, AccountWrite::begin(rooms_, account, AccountWrite::Mode::with_reads));
  Step step{write.head().modseq, {}};
  TELEPOST_ASSIGN(MailboxForest forest, MailboxForest::read(write));
  for (const MailboxChange& change : changes) TELEPOST_TRY(forest.change(change));
  TELEPOST_TRY(forest.write());
  step.after = write.head().modseq;
  if (step.after != step.before) TELEPOST_TRY(write.commit());
  return step;
}

namespace {

// Expunges or unplaces as many as a batch takes; false: some are left.
Result<bool> clear(AccountWrite& write, schema::MailboxId mailbox) {
  const std::string first = keys::summary(mailbox, schema::Uid{0});
  TELEPOST_ASSIGN(const auto summaries, write.scan(Space::scan, first, keys::after(first.substr(0, 5)), kExpungesAtOnce));
  std::size_t taken = 0;
  for (const auto& [key, value] : summaries) {
    if (write.full()) break;
    ++taken;
    TELEPOST_ASSIGN(const schema::Summary summary, schema::decode_Summary(value));
    TELEPOST_ASSIGN(MessageEdit edit, MessageEdit::open(write, summary.local));
    if (edit.record().placements.size() > 1) {
      TELEPOST_TRY(edit.unplace(mailbox));
      TELEPOST_TRY(edit.finish());
    } else {
      TELEPOST_TRY(edit.expunge(schema::Removal::expunged, write.now()));
    }
  }
  return taken == summaries.size() && taken < kExpungesAtOnce;
}

void bury(AccountWrite& write, const schema::MailboxRecord& mailbox) {
  schema::ChangeRecord tombstone;
  tombstone.what = schema::ChangeRecord::What::mailbox_gone;
  tombstone.id = mailbox.id.value;
  tombstone.created = mailbox.created_modseq;
  tombstone.time = write.now();
  write.log(write.advance(), tombstone, schema::Modseq{0});
  write.erase(Space::point, keys::mailbox_name(mailbox.parent, mailbox.name));
  write.drop_mailbox(schema::MailboxId(mailbox.id));  // which ends the record
}

}  // namespace

// Messages go in batches, so that a large mailbox costs bounded memory; the mailbox goes with the last of them.
Result<Step> Mailboxes::remove(schema::AccountId account, schema::MailboxId mailbox, Content content) {
  if (mailbox == kInbox) return {Errc::refused, "INBOX cannot be removed"};
  Step step{};
  for (bool is_done = false, is_first = true; !is_done; is_first = false) {
    TELEPOST_ASSIGN(AccountWrite write, AccountWrite::begin(rooms_, account, AccountWrite::Mode::with_reads));
    if (is_first) step.before = write.head().modseq;
    else step.is_whole = step.is_whole && step.after == write.head().modseq;
    TELEPOST_ASSIGN(schema::MailboxRecord* const record, write.mailbox(mailbox));
    TELEPOST_ASSIGN(const auto children, write.scan(Space::point, keys::mailbox_name(mailbox, ""),
                                                    keys::after(keys::mailbox_name(mailbox, "")), 1));
    if (!children.empty()) return {Errc::refused, "the mailbox has mailboxes inside"};
    if (content == Content::stays && record->messages != 0) return {Errc::refused, "the mailbox has messages inside"};
    TELEPOST_ASSIGN(is_done, clear(write, mailbox));
    if (is_done) bury(write, *record);
    step.after = write.head().modseq;
    TELEPOST_TRY(write.commit());
  }
  return step;
}

}  // namespace telepost::store
