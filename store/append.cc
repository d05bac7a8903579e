#include "store/append.h"

#include <set>

#include "store/account_write.h"
#include "store/keywords.h"
#include "store/message_changer.h"
#include "store/message_writer.h"
#include "store/quota.h"
#include "store/rooms.h"
#include "transcoders/mime/describe.h"

namespace telepost::store {
namespace {

// What a document can say, with room for zones.
constexpr Time kFirstReceived{std::chrono::sys_days(std::chrono::year(2) / 1 / 1)};
constexpr Time kLastReceived{std::chrono::sys_days(std::chrono::year(9999) / 1 / 1)};

Result<void> check_mailboxes(AccountWrite& write, const std::vector<schema::MailboxId>& mailboxes) {
  const std::set<schema::MailboxId> each(mailboxes.begin(), mailboxes.end());
  if (each.empty() || each.size() != mailboxes.size()) return {Errc::invalid, "a message lies in at least one mailbox, and once in each"};
  if (each.size() > kMaxPlacements) return {Errc::too_many, "a message lies in at most 64 mailboxes"};
  for (const schema::MailboxId mailbox : mailboxes) {
    const auto found = write.peek_mailbox(mailbox);
    if (!found.ok() && found.error().kind == Errc::not_found) return {Errc::invalid, "there is no such mailbox"};
    TELEPOST_TRY(found);
  }
  return {};
}

}  // namespace

Append::Append(Rooms& rooms, schema::AccountId account, std::string_view network)
    : rooms_(rooms), id_{account, rooms.numbers.next_local()}, network_(network), begun_(rooms.clock.now()) {}

Append::~Append() {
  if (!stored_ || kept_) return;
  std::vector<Pieces::Link> links;
  for (const Digest& piece : cutter_.content().pieces()) links.push_back({piece, id_});
  (void)Pieces(rooms_).unlink(links);  // else the hints find them
}

Result<void> Append::store_pieces() {
  const auto pieces = cutter_.take_pieces();
  cutter_.pieces_written();
  if (pieces.empty()) return {};
  TELEPOST_TRY(rooms_.health.check());
  stored_ = true;
  return Pieces(rooms_).store(pieces, {id_});
}

Result<void> Append::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t size = std::min<std::size_t>(bytes.size(), kPieceBytes);
    cutter_.write(bytes.substr(0, size));
    bytes.remove_prefix(size);
    if (cutter_.piece_bytes_held() >= kPieceBytes) TELEPOST_TRY(store_pieces());
  }
  return {};
}

schema::Document Append::describe(const Where& where) {
  schema::Document document;
  document.id = id_;
  document.origin.network = network_;
  document.received = where.received.value_or(rooms_.clock.now());
  transcoders::mime::describe(cutter_.finish(""), document);
  document.size_bytes = cutter_.arrived_bytes();
  document.digest = cutter_.arrived_digest();
  return document;
}

Result<Append::Kept> Append::finish(const Where& where) {
  if (where.received && (*where.received < kFirstReceived || *where.received >= kLastReceived)) return {Errc::invalid, "it was received in no year of ours"};
  TELEPOST_ASSIGN(const auto keywords, changed_keywords({}, where.keywords, {}));
  const schema::Document document = describe(where);
  TELEPOST_TRY(rooms_.health.check());
  {
    // Asked before the last pieces are written, so that a full account leaves little behind; what is decided is decided below.
    TELEPOST_ASSIGN(AccountWrite asking, AccountWrite::begin(rooms_, id_.account, AccountWrite::Mode::without_reads));
    TELEPOST_TRY(ask_quota(asking, document.kind, document.size_bytes));
  }
  TELEPOST_TRY(store_pieces());
  const auto pieces = cutter_.content().pieces();
  if (!pieces.empty() && rooms_.clock.now() - begun_ > kLinkCheck / 2) {
    const Result<void> linked = Pieces(rooms_).link(pieces, {id_});  // the check of its first links is near or was
    if (!linked.ok() && linked.error().kind == Errc::not_found) return {Errc::busy, "the message took too long to arrive"};
    TELEPOST_TRY(linked);
  }
  TELEPOST_ASSIGN(AccountWrite write, AccountWrite::begin(rooms_, id_.account, AccountWrite::Mode::with_reads));
  TELEPOST_TRY(check_mailboxes(write, where.mailboxes));
  TELEPOST_TRY(ask_quota(write, document.kind, document.size_bytes));
  Kept kept{id_, document.size_bytes, write.head().modseq, {}};
  TELEPOST_TRY(write_message(write, {&document, &cutter_.content(), where.mailboxes, keywords}));
  kept.after = write.head().modseq;
  TELEPOST_TRY(write.commit());
  kept_ = true;
  return kept;
}

}  // namespace telepost::store
