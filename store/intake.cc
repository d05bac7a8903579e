#include "store/intake.h"

#include "base/assert.h"
#include "store/pieces.h"
#include "store/trace_block.h"
#include "transcoders/mime/describe.h"
#include "transcoders/mime/service_facts.h"

namespace telepost::store {
namespace mime = transcoders::mime;

namespace {

constexpr std::size_t kFlushBytes = kPieceBytes;  // each piece as it is full: with many sessions every MiB counts

class Delivering final : public Keeping {
 public:
  bool try_keep(Rooms& rooms, const std::shared_ptr<Arrived>& arrived, Completion<DeliveredToAll>& done) override {
    return Recipients::try_deliver(rooms, arrived, done);
  }
  void keep(Rooms& rooms, std::shared_ptr<Arrived> arrived, Completion<DeliveredToAll> done) override {
    Recipients::deliver(rooms, std::move(arrived), std::move(done));
  }
};

}  // namespace

IntakeSession::IntakeSession(Rooms& rooms, Incoming incoming)
    : IntakeSession(rooms, std::move(incoming), std::make_shared<Delivering>()) {}

IntakeSession::IntakeSession(Rooms& rooms, Incoming incoming, std::shared_ptr<Keeping> keeping)
    : rooms_(rooms), cutter_(incoming.to.size()), begun_(rooms.clock.now()), keeping_(std::move(keeping)),
      arrived_(std::make_shared<Arrived>()) {
  TELEPOST_ASSERT(!incoming.to.empty());
  for (const Recipient& recipient : incoming.to) arrived_->ids.push_back({recipient.account, rooms_.numbers.next_local()});
  arrived_->incoming = std::move(incoming);
}

// Broken off or refused: what was written for it need not wait for the check of its links.
IntakeSession::~IntakeSession() {
  if (!flushed_ || delivered_) return;
  rooms_.workers.run_anyway([&rooms = rooms_, pieces = cutter_.content().pieces(), arrived = arrived_] {
    for (const schema::MessageId& message : arrived->ids) {
      std::vector<Pieces::Link> links;
      for (const Digest& piece : pieces) links.push_back({piece, message});
      const Result<void> unlinked = Pieces(rooms).unlink(links);
      if (!unlinked.ok()) return;  // the hints find them
    }
  });
}

void IntakeSession::write(std::string_view bytes) { cutter_.write(bytes); }

bool IntakeSession::must_flush() const { return cutter_.piece_bytes_held() >= kFlushBytes; }

std::function<Result<void>()> IntakeSession::begin_flush() {
  auto pieces = std::make_shared<std::vector<Pieces::Bytes>>(cutter_.take_pieces());
  cutter_.pieces_written();
  flushed_ = true;
  return [&rooms = rooms_, pieces, arrived = arrived_, failed = failed_]() -> Result<void> {
    if (!*failed) {
      const Result<void> health = rooms.health.check();
      const Result<void> stored = health.ok() ? Pieces(rooms).store(*pieces, arrived->ids) : health;
      if (!stored.ok()) *failed = stored.error();
    }
    return *failed ? Result<void>(**failed) : Result<void>();
  };
}

void IntakeSession::flush(Completion<void> done) {
  const Result<void> taken = rooms_.workers.run([write = begin_flush(), done] { done(write()); });
  if (taken.ok()) return;
  if (!*failed_) *failed_ = taken.error();
  done(taken);
}

// Everything of the document that is the same for all recipients.
void IntakeSession::describe() {
  const Incoming& incoming = arrived_->incoming;
  mime::Structure structure = cutter_.finish(incoming.trace_block);
  schema::Document& document = arrived_->document;
  document.trace_size_bytes = incoming.trace_block.size();
  document.size_bytes = cutter_.arrived_bytes() + document.trace_size_bytes;
  document.digest = cutter_.arrived_digest();
  document.envelope.from = incoming.from;
  document.origin = incoming.origin;
  if (incoming.origin.identity) {
    Result<mime::ServiceFacts> facts = mime::read_service_facts(structure);
    if (facts.ok()) {
      document.kind = facts->kind;
      document.facts = std::move(facts->facts);
    } else {
      arrived_->invalid = facts.error();
    }
  }
  mime::describe(std::move(structure), document);
  document.defects.insert(document.defects.end(), incoming.judgement.defects.begin(), incoming.judgement.defects.end());
  if (!incoming.trace_block.empty()) put_trace_block_first(incoming.trace_block, document);
}

// A delivery that took this long, or a clock that jumped: the check of its first links is near or was.
bool links_may_be_gone(Rooms& rooms, const Arrived& arrived, Time begun) {
  return !arrived.content.pieces().empty() && rooms.clock.now() - begun > kLinkCheck / 2;
}

bool IntakeSession::take_refusal(Completion<DeliveredToAll>& done) {
  const Result<void> health = rooms_.health.check();
  const std::optional<Error> refused = *failed_ ? *failed_ : !health.ok() ? std::optional(health.error()) : arrived_->invalid;
  if (refused) done(DeliveredToAll(arrived_->incoming.to.size(), *refused));
  return refused.has_value();
}

std::function<void()> IntakeSession::keep_later(Completion<DeliveredToAll> done) {
  auto pieces = std::make_shared<std::vector<Pieces::Bytes>>(cutter_.take_pieces());
  delivered_ = true;
  return [&rooms = rooms_, pieces, begun = begun_, arrived = arrived_, keeping = keeping_, done = std::move(done)] {
    Result<void> stored = Pieces(rooms).store(*pieces, arrived->ids);
    if (stored.ok() && links_may_be_gone(rooms, *arrived, begun)) stored = Pieces(rooms).link(arrived->content.pieces(), arrived->ids);
    if (!stored.ok() && stored.error().kind == Errc::not_found) stored = {Errc::busy, "the message took too long to arrive"};
    if (stored.ok()) keeping->keep(rooms, arrived, done);
    else done(DeliveredToAll(arrived->incoming.to.size(), stored.error()));
  };
}

void IntakeSession::finish(Completion<DeliveredToAll> done) {
  describe();
  arrived_->content = cutter_.content();
  if (take_refusal(done)) return;
  const bool at_once = cutter_.piece_bytes_held() == 0 && !links_may_be_gone(rooms_, *arrived_, begun_);
  if (at_once && keeping_->try_keep(rooms_, arrived_, done)) {
    delivered_ = true;
    return;
  }
  const Result<void> taken = rooms_.workers.run(keep_later(done));
  if (!taken.ok()) done(DeliveredToAll(arrived_->incoming.to.size(), taken.error()));
}

Result<Delivered> IntakeSession::deliver_here(Rooms& rooms, Incoming incoming, std::string_view message) {
  IntakeSession session(rooms, std::move(incoming));
  session.write(message);
  return session.finish_here();
}

Result<Delivered> IntakeSession::finish_here() {
  describe();
  arrived_->content = cutter_.content();
  auto all = wait_for<DeliveredToAll>([this](Completion<DeliveredToAll> done) {
    if (!take_refusal(done)) keep_later(std::move(done))();
  });
  if (!all.ok()) return all.error();
  return std::move((*all)[0]);
}

}  // namespace telepost::store
