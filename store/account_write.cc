#include "store/account_write.h"

#include "base/assert.h"
#include "base/bytes.h"
#include "policies/lifecycle.h"
#include "store/automatic.h"
#include "store/due_list.h"
#include "store/holds.h"
#include "store/rooms.h"
#include "store/stored_content.h"

namespace telepost::store {
namespace keys = schema::keys;

namespace {
constexpr std::size_t kFullBytes = kMaxBatchBytes - (1u << 20);
constexpr std::size_t kFullOperations = 16'000;
constexpr std::size_t kEndBytes = 256u << 10;  // kept free for head, mailboxes and due work
}  // namespace

AccountWrite::AccountWrite(Rooms& rooms, std::shared_ptr<Head> head, std::unique_lock<std::mutex> lock)
    : rooms_(&rooms),
      head_(std::move(head)),
      lock_(std::move(lock)),
      batch_(schema::Partition::account(head_->id())),
      profile_(head_->state.profile),
      record_(head_->state.head),
      last_received_(head_->state.last_received) {
  if (head_->idle()) head_->state.assigned_keys.clear();  // all durable by now: the engine tells of them
}

Result<void> AccountWrite::load(Rooms& rooms, Head& head) {
  Head::State& state = head.state;
  if (state.loaded) return {};
  const auto reader = rooms.engine->reader(schema::Partition::account(head.id()));
  TELEPOST_ASSIGN(const auto records, reader->get_many(Space::point, {std::string(keys::kAccount),
                                                                      std::string(keys::kHead),
                                                                      keys::mailbox(schema::MailboxId{1}),
                                                                      std::string(keys::kVacation),
                                                                      std::string(keys::kRules)}));
  state.exists = records[0] && records[1];
  if (state.exists) {
    TELEPOST_ASSIGN(state.profile, schema::decode_AccountRecord(*records[0]));
    TELEPOST_ASSIGN(state.head, schema::decode_HeadRecord(*records[1]));
    state.loaded_head = records[1];
    if (records[2]) {
      TELEPOST_ASSIGN(auto inbox, schema::decode_MailboxRecord(*records[2]));
      state.mailboxes[inbox.id] = std::move(inbox);
    }
    state.automatic = automatic_from(records[3], records[4]);
  }
  state.loaded = true;
  return {};
}

// Another process wrote since. A delivery does not ask: its batch would be refused, and it is tried again.
Result<bool> AccountWrite::is_stale(Rooms& rooms, const Head& head, Mode mode) {
  if (mode == Mode::without_reads || !head.state.loaded || rooms.engine->writers() == Engine::Writers::one) return false;
  const auto reader = rooms.engine->reader(schema::Partition::account(head.id()));
  TELEPOST_ASSIGN(const auto stored, reader->get(Space::point, keys::kHead));
  return stored != head.state.loaded_head;
}

Result<AccountWrite> AccountWrite::begin(Rooms& rooms, schema::AccountId account, Mode mode) {
  for (;;) {
    std::shared_ptr<Head> head = rooms.heads.get(account);
    std::unique_lock lock(head->mutex);
    // With other writers the head is compared with what is stored, which must be all of it.
    const bool alone = rooms.engine->writers() == Engine::Writers::one;
    if (mode == Mode::with_reads || (mode == Mode::beside_deliveries && !alone)) head->wait_until_idle();
    else if (mode == Mode::beside_deliveries) head->wait_for_edits();
    if (head->broken()) continue;  // the next get() gives a new one
    TELEPOST_ASSIGN(const bool stale, is_stale(rooms, *head, mode));
    if (stale) {
      head->give_up();
      continue;
    }
    TELEPOST_TRY(load(rooms, *head));
    if (!head->state.exists) return {Errc::not_found, "no account " + schema::to_string(account)};
    AccountWrite write(rooms, std::move(head), std::move(lock));
    write.remembers_ = mode != Mode::without_reads;
    return Result<AccountWrite>(std::move(write));
  }
}

std::optional<AccountWrite> AccountWrite::try_begin(Rooms& rooms, schema::AccountId account) {
  std::shared_ptr<Head> head = rooms.heads.get(account);
  std::unique_lock lock(head->mutex, std::try_to_lock);
  if (!lock.owns_lock() || head->broken() || !head->state.loaded || !head->state.exists) return std::nullopt;
  return AccountWrite(rooms, std::move(head), std::move(lock));
}

AccountWrite AccountWrite::create(Rooms& rooms, schema::AccountId account) {
  std::shared_ptr<Head> head = rooms.heads.get(account);
  std::unique_lock lock(head->mutex);
  AccountWrite write(rooms, std::move(head), std::move(lock));
  write.profile_changed_ = true;
  return write;
}

void AccountWrite::set_profile(schema::AccountRecord profile) {
  profile_ = std::move(profile);
  profile_changed_ = true;
  service_.reset();
}

const Automatic* AccountWrite::automatic() const { return automatic_ ? automatic_.get() : head_->state.automatic.get(); }
void AccountWrite::set_automatic(Automatic automatic) { automatic_ = std::make_shared<const Automatic>(std::move(automatic)); }

const schema::EffectiveClass& AccountWrite::service() {
  if (service_) return *service_;
  const std::uint64_t generation = rooms_->classes.generation();
  Head::State& state = head_->state;
  if (!profile_changed_ && state.service && state.service_generation == generation) return *(service_ = state.service);
  service_ = effective_class(*rooms_, profile_);
  if (!profile_changed_) {
    state.service = service_;
    state.service_generation = generation;
  }
  return *service_;
}

Time AccountWrite::now() const { return rooms_->clock.now(); }
Time AccountWrite::stamp() const { return rooms_->clock.stamp(); }

// A stamp ahead of the store's time binds nothing that comes later: the wall clock may come back.
Time AccountWrite::received() {
  last_received_ = std::max(last_received_, rooms_->clock.now());
  return std::max(last_received_, rooms_->clock.stamp());
}

std::optional<Time> AccountWrite::noted_access(schema::LocalId local) const { return rooms_->accesses.find({account(), local}); }

std::optional<schema::LocalId> AccountWrite::assigned_key(const std::string& key) const {
  const auto assigned = head_->state.assigned_keys.find(key);
  return assigned == head_->state.assigned_keys.end() ? std::nullopt : std::optional(assigned->second);
}

bool AccountWrite::has_mailbox_loaded(schema::MailboxId id) const { return head_->state.mailboxes.contains(id); }

std::optional<schema::MailboxId> AccountWrite::loaded_mailbox(schema::Role role) const {
  for (const auto& [id, mailbox] : mailboxes_) {
    if (mailbox.role == role) return id;
  }
  for (const auto& [id, mailbox] : head_->state.mailboxes) {
    if (mailbox.role == role) return id;
  }
  return std::nullopt;
}

Result<schema::MailboxRecord*> AccountWrite::mailbox(schema::MailboxId id) {
  const auto touched = mailboxes_.find(id);
  if (touched != mailboxes_.end()) return &touched->second;
  TELEPOST_ASSIGN(const schema::MailboxRecord* const known, peek_mailbox(id));
  return &mailboxes_.emplace(id, *known).first->second;
}

Result<const schema::MailboxRecord*> AccountWrite::peek_mailbox(schema::MailboxId id) {
  const auto touched = mailboxes_.find(id);
  if (touched != mailboxes_.end()) return &touched->second;
  auto known = head_->state.mailboxes.find(id);
  if (known == head_->state.mailboxes.end()) {
    // Mailboxes enter the head's map as they are read, so what is not there has no write in flight.
    const auto reader = rooms_->engine->reader(schema::Partition::account(account()));
    TELEPOST_ASSIGN(const auto bytes, reader->get(Space::point, keys::mailbox(id)));
    if (!bytes) return {Errc::not_found, "no such mailbox"};
    TELEPOST_ASSIGN(auto record, schema::decode_MailboxRecord(*bytes));
    known = head_->state.mailboxes.emplace(id, std::move(record)).first;
  }
  return &known->second;
}

schema::MailboxRecord& AccountWrite::add_mailbox(schema::MailboxRecord mailbox) {
  const schema::MailboxId id = mailbox.id;
  return mailboxes_.insert_or_assign(id, std::move(mailbox)).first->second;
}

void AccountWrite::drop_mailbox(schema::MailboxId id) {
  mailboxes_.erase(id);
  dropped_mailboxes_.push_back(id);
  erase(Space::point, keys::mailbox(id));
}

void AccountWrite::remember(Space space, std::string_view key, std::optional<std::string> value) {
  if (remembers_) known_.insert_or_assign({space, std::string(key)}, std::move(value));
}

void AccountWrite::forget_once(Space space, std::string_view key) {
  if (once_.empty()) return;
  const auto before = once_.find({space, std::string(key)});
  if (before == once_.end()) return;
  once_bytes_ -= key.size() + before->second.size();
  once_.erase(before);
}

void AccountWrite::put_once(Space space, std::string_view key, std::string_view value) {
  forget_once(space, key);
  once_.emplace(std::pair(space, std::string(key)), value);
  once_bytes_ += key.size() + value.size();
  remember(space, key, std::string(value));
}

void AccountWrite::put(Space space, std::string_view key, std::string_view value) {
  forget_once(space, key);
  batch_.put(space, key, value);
  if (space != Space::large) remember(space, key, std::string(value));
}

void AccountWrite::erase(Space space, std::string_view key) {
  forget_once(space, key);
  batch_.erase(space, key);
  remember(space, key, std::nullopt);
}

Result<std::optional<std::string>> AccountWrite::get(Space space, const std::string& key) const {
  TELEPOST_ASSERT(remembers_);
  const auto written = known_.find({space, key});
  if (written != known_.end()) return written->second;
  return rooms_->engine->reader(schema::Partition::account(account()))->get(space, key);
}

Result<void> AccountWrite::read_ahead(Space space, const std::vector<std::string>& keys) {
  TELEPOST_ASSERT(remembers_);
  TELEPOST_ASSIGN(auto values, rooms_->engine->reader(schema::Partition::account(account()))->get_many(space, keys));
  for (std::size_t i = 0; i < keys.size(); ++i) known_.try_emplace({space, keys[i]}, std::move(values[i]));
  return {};
}

Result<std::optional<std::string>> AccountWrite::document(schema::LocalId local) const {
  const auto written = known_.find({Space::large, keys::document(local)});
  if (written != known_.end() && written->second) return written->second;
  const auto reader = rooms_->engine->reader(schema::Partition::account(account()));
  return StoredContent(*reader, rooms_->dictionaries, local).document();
}

Result<std::vector<std::pair<std::string, std::string>>> AccountWrite::scan(Space space, const std::string& begin,
                                                                            const std::string& end,
                                                                            std::size_t limit) const {
  TELEPOST_ASSERT(remembers_);
  std::map<std::string, std::string> merged;
  // Of what this batch erases as many more must be read.
  std::size_t erased = 0;
  const auto first = known_.lower_bound({space, begin});
  const auto in_range = [&](const auto& entry) { return entry->first.first == space && (end.empty() || entry->first.second < end); };
  for (auto entry = first; entry != known_.end() && in_range(entry); ++entry) erased += entry->second ? 0u : 1u;
  const auto reader = rooms_->engine->reader(schema::Partition::account(account()));
  TELEPOST_TRY(reader->scan(space, begin, end, [&](std::string_view key, std::string_view value) {
    merged.emplace(key, value);
    return merged.size() < limit + erased;
  }));
  for (auto entry = first; entry != known_.end() && in_range(entry); ++entry) {
    if (entry->second) merged.insert_or_assign(entry->first.second, *entry->second);
    else merged.erase(entry->first.second);
  }
  std::vector<std::pair<std::string, std::string>> records;
  for (auto& record : merged) {
    if (records.size() == limit) break;
    records.emplace_back(record.first, std::move(record.second));
  }
  return records;
}

// What was due before the calendar's cursor may be looked for by nobody: a hint whose commit was under way while the store's time leapt ahead
// lies behind it. So one that is so old is written again, at the present time.
Time AccountWrite::add_due(Time time, char what, std::string_view id, std::string_view value) {
  const Time now = rooms_->clock.now();
  const Time at = std::max(time, now);
  put(Space::queue, keys::due(at, what, id), value);
  const std::optional<Time> standing = record_.earliest_hint;
  const bool is_lost = standing && *standing < now - kCursorLag;
  if (standing && *standing <= at && !is_lost) return at;
  record_.earliest_hint = is_lost ? now : at;
  before(Calendar::write(*record_.earliest_hint, schema::Partition::account(account())));
  return at;
}

void AccountWrite::add_cdr(schema::CdrRecord cdr) {
  cdr.time = rooms_->clock.now();
  if (record_.cdr_hint == 0) {
    opening_ = rooms_->cdr_hints.begin();
    record_.cdr_hint = opening_.number();
    CommitEntry hint{Batch(keys::cdr_slice(account()))};
    std::string value;
    ByteWriter(value).u64(account().value);
    hint.batch.put(Space::queue, keys::cdr_hint(record_.cdr_hint), value);
    before(std::move(hint));
  }
  ++record_.cdr_sequence;
  // Unique by construction: an account's sequence never goes back and account ids are never reused.
  cdr.id.clear();
  ByteWriter(cdr.id).u64(account().value).u64(record_.cdr_sequence);
  put(Space::queue, keys::cdr(record_.cdr_hint, record_.cdr_sequence), schema::encode(cdr));
}

void AccountWrite::expect_holds(std::uint64_t revision) {
  if (!holds_revision_) holds_revision_ = revision;
}

void AccountWrite::log(schema::Modseq modseq, const schema::ChangeRecord& change, schema::Modseq replaces) {
  if (replaces.value != 0) erase(Space::scan, keys::change(replaces));
  put(Space::scan, change.gone() ? keys::gone(modseq) : keys::change(modseq), schema::encode(change));
  if (!change.gone() || record_.trim_due) return;
  record_.trim_due = change.time + rooms_->configuration.changes_keep;
  add_due(*record_.trim_due, due::kTrimChanges, due::no_id());
}

bool AccountWrite::has_room(std::size_t size_bytes) const {
  return this->size_bytes() + size_bytes + kEndBytes <= kMaxBatchBytes;
}

bool AccountWrite::full() const {
  return size_bytes() > kFullBytes || batch_.operations() + once_.size() > kFullOperations;
}

}  // namespace telepost::store
