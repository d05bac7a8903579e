#include "adapters/smtp/sender/courier.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>

#include <algorithm>
#include <exception>
#include <utility>

#include "adapters/smtp/authentication/dkim_sign.h"
#include "adapters/smtp/sender/rewriting.h"
#include "base/log.h"

namespace telepost::adapters::smtp::sender {
namespace {

using Kind = net::SmtpVerdict::Kind;
constexpr int kTurns = 20;  // of one message, where the peer takes few recipients at one time

}  // namespace

Courier::Courier(net::Loop& loop, Office& office, ErrandPtr first)
    : loop_(loop), office_(office), lane_(first->lane), calls_for_(std::move(first)), idle_(loop.context().get_executor()) {}

void Courier::start(net::Loop& loop, net::SessionGroup& group, Office& office, ErrandPtr first) {
  const std::shared_ptr<Courier> courier(new Courier(loop, office, std::move(first)));
  group.add(loop, courier);
  boost::asio::co_spawn(loop.context().get_executor(), courier->run(), [courier, &group, &office](std::exception_ptr failure) {
    if (failure) courier->fail();
    courier->line_.reset();
    for (ErrandPtr& errand : office.lanes().leave(courier->lane_)) office.start(std::move(errand));
    group.remove(courier.get());
  });
}

// By an exception: no memory, as a rule. What it had in hand would else keep its lease as long as this process lives.
void Courier::fail() {
  log::error("courier_failed", {{"lane", lane_}});
  if (calls_for_ != nullptr && !office_.lanes().withdraw(lane_, calls_for_)) calls_for_ = nullptr;
  const ErrandPtr given = office_.lanes().take(lane_, *this);
  for (const ErrandPtr& errand : {calls_for_, given, in_hand_}) {
    if (errand == nullptr) continue;
    office_.tell(errand, outcomes_of(*errand, {Kind::deferred, "4.3.0", "an attempt ended in disorder", false, false}, "", policies::Failure::connection));
  }
}

void Courier::drain() {
  draining_ = true;
  idle_.cancel();
}

void Courier::abort() {
  draining_ = aborted_ = true;
  idle_.cancel();
  call_.end();
  if (line_) line_->stream.close();
}

void Courier::wake() {
  loop_.post([self = shared_from_this()] { self->idle_.cancel(); });
}

net::Awaitable<void> Courier::run() {
  while (calls_for_ != nullptr) {
    const bool connected = co_await connect();
    if (!connected) break;
    for (bool said = true; said;) {
      in_hand_ = co_await next();
      if (in_hand_ == nullptr) break;
      said = co_await carry(in_hand_);
      if (!said) {
        calls_for_ = in_hand_;
        office_.lanes().call_again(lane_, calls_for_);
      }
      in_hand_ = nullptr;
    }
  }
  co_await hang_up();
}

// Nothing without a connection: who waits then is served by another courier, or not at all.
net::Awaitable<ErrandPtr> Courier::next() {
  if (draining_ || line_ == nullptr) co_return nullptr;
  ErrandPtr errand = office_.lanes().next(lane_, *this);
  if (errand != nullptr) co_return errand;
  boost::system::error_code ignored;
  idle_.expires_after(office_.dialling().settings.idle_timeout);
  co_await idle_.async_wait(boost::asio::redirect_error(net::kUseAwaitable, ignored));
  co_return office_.lanes().take(lane_, *this);
}

net::Awaitable<void> Courier::hang_up() {
  if (line_ == nullptr) co_return;
  if (line_->client.is_usable()) co_await line_->client.quit();
  line_->stream.close();
  line_.reset();
}

// False: the connection was closed before a word was said, and another one is to be tried.
net::Awaitable<bool> Courier::carry(ErrandPtr errand) {
  const bool said = co_await send(std::move(errand), std::exchange(kept_, true));
  const bool worn = messages_ >= office_.dialling().settings.messages_per_connection || !line_->client.is_usable();
  if (worn || !said) co_await hang_up();
  co_return said;
}

// For calls_for_, which waits in the lane meanwhile.
net::Awaitable<bool> Courier::connect() {
  Dialled dialled;
  if (!aborted_) dialled = co_await dial(loop_, office_.dialling(), *calls_for_, call_);
  const ErrandPtr errand = std::exchange(calls_for_, nullptr);
  if (dialled.line != nullptr) {
    line_ = std::move(dialled.line);
    messages_ = 0;
    kept_ = false;
    for (ErrandPtr& more : office_.lanes().answered(lane_)) office_.start(std::move(more));
    co_return true;
  }
  const bool is_mine = office_.lanes().withdraw(lane_, errand);
  if (aborted_) {
    if (is_mine) office_.put_back(errand);
    co_return false;
  }
  if (is_mine) office_.tell(errand, outcomes_of(*errand, dialled.verdict, dialled.remote, dialled.failure));
  if (dialled.verdict.kind == Kind::failed) co_return false;
  const auto waiting = office_.lanes().failed(lane_, dialled.verdict.diagnostic, office_.clock().steady());
  for (const ErrandPtr& other : waiting) office_.tell(other, outcomes_of(*other, dialled.verdict, dialled.remote, dialled.failure));
  co_return false;
}

// What has to be done to a message for this peer; a verdict where it cannot go there at all.
net::Awaitable<std::optional<net::SmtpVerdict>> Courier::prepare(Letter& letter, net::SmtpEnvelope& envelope,
                                                                 net::SmtpTransport& transport) {
  const net::SmtpExtensions& offered = line_->client.offered();
  envelope.content = letter.traits();
  transport = net::transport_of(envelope.content, offered);
  if (transport == net::SmtpTransport::rewrite) {
    const Result<std::string> text = co_await letter.text(kMostRewritten);
    Result<std::string> plain = text.ok() ? rewrite_for_old_peer(*text) : Result<std::string>(text.error());
    if (!plain.ok()) co_return net::verdict_without_rewriting(envelope.content);
    letter.rewrite(std::move(*plain));
    envelope.content = letter.traits();
    transport = net::transport_of(envelope.content, offered);
    if (transport == net::SmtpTransport::rewrite) co_return net::verdict_without_rewriting(envelope.content);
  }
  const Result<void> has_signature = co_await sign(letter);
  if (!has_signature.ok()) co_return net::SmtpVerdict{Kind::deferred, "4.3.0", "the message cannot be signed", false, false};
  envelope.content = letter.traits();
  co_return net::refusal_of(envelope, offered, line_->client.is_secure());
}

// Last, over the bytes that leave.
net::Awaitable<Result<void>> Courier::sign(Letter& letter) {
  if (office_.keys() == nullptr || office_.keys()->all().empty() || letter.traits().bare_line_end) co_return Result<void>();
  authentication::DkimSigner signer(*office_.keys(), office_.clock().now());
  const std::unique_ptr<net::SmtpContent> content = letter.content();
  for (;;) {
    const Result<std::string> piece = co_await content->next();
    if (!piece.ok()) co_return piece.error();
    if (piece->empty()) break;
    signer.write(*piece);
  }
  Result<std::string> fields = signer.finish();
  if (!fields.ok()) {
    log::error("not_signed", {{"reason", to_string(fields.error())}});
    co_return fields.error();
  }
  letter.prepend(std::move(*fields));
  co_return Result<void>();
}

net::Awaitable<bool> Courier::send(ErrandPtr errand, bool kept) {
  Result<std::unique_ptr<Letter>> letter = co_await Letter::open(office_.store(), *errand);
  if (!letter.ok()) {
    log::error("message_not_read", {{"job", errand->job.id}, {"reason", to_string(letter.error())}});
    office_.tell(errand, outcomes_of(*errand, {Kind::deferred, "4.3.0", "the message cannot be read", false, false}, "",
                                     policies::Failure::connection));
    co_return true;
  }
  net::SmtpEnvelope envelope = envelope_of(*errand);
  net::SmtpTransport transport = net::SmtpTransport::text;
  const std::optional<net::SmtpVerdict> refusal = co_await prepare(**letter, envelope, transport);
  if (refusal) {
    office_.tell(errand, outcomes_of(*errand, *refusal, line_->remote, policies::Failure::peer));
    co_return true;
  }
  std::vector<store::MailOutcome> outcomes(errand->mail.to.size());
  std::vector<std::size_t> open = errand->open;
  bool some_final = false;
  for (int turn = 0; !open.empty() && turn < kTurns; ++turn) {
    const std::unique_ptr<net::SmtpContent> content = (*letter)->content();
    const net::SmtpOutcome outcome = co_await line_->client.send(envelope, transport, *content);
    if (outcome.unanswered && kept && turn == 0 && !aborted_) co_return false;
    std::vector<std::size_t> left;
    std::vector<net::SmtpRecipient> to;
    bool progress = false;
    for (std::size_t i = 0; i < open.size(); ++i) {
      const net::SmtpVerdict& verdict = outcome.to[i];
      const auto failure = verdict.by_peer ? policies::Failure::peer : policies::Failure::connection;
      outcomes[open[i]] = outcome_of(verdict, line_->remote, failure, outcome.reports);
      progress = progress || verdict.kind == Kind::delivered;
      some_final = some_final || verdict.kind != Kind::deferred;
      if (!verdict.again_now) continue;
      left.push_back(open[i]);
      to.push_back(envelope.to[i]);
    }
    // RFC 5321 section 4.5.3.1.10: the others in another transaction, as long as each brings some further.
    if (!progress || !line_->client.is_usable()) break;
    open = std::move(left);
    envelope.to = std::move(to);
  }
  ++messages_;
  if (aborted_ && !some_final) office_.put_back(errand);
  else office_.tell(errand, std::move(outcomes));
  co_return true;
}

}  // namespace telepost::adapters::smtp::sender
