#include "adapters/jmap/push_sender.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <deque>
#include <future>
#include <map>
#include <set>
#include <utility>

#include "adapters/jmap/id_codec.h"
#include "adapters/jmap/push_pace.h"
#include "adapters/net/dns_resolver.h"
#include "adapters/net/io_threads.h"
#include "adapters/net/on_worker.h"
#include "base/log.h"
#include "base/metrics.h"
#include "store/store.h"

namespace telepost::adapters::jmap {
namespace {

constexpr std::size_t kRoundsAtOnce = 4;     // of the store's workers
constexpr std::size_t kPushesAtOnce = 256;
constexpr std::size_t kConnectionsAtOnce = 64;
constexpr std::size_t kAccountsAtOnce = 500;  // of those that a start looks for
constexpr Duration kPushTimeout = std::chrono::seconds(20);
constexpr Duration kNameTimeout = std::chrono::seconds(3);  // nothing breaks it off, and stop() waits for it
constexpr Duration kBetweenRounds = std::chrono::milliseconds(200);  // of one account
constexpr Duration kAfterFailure = std::chrono::seconds(5);          // of the store, twice as long after each further one
constexpr Duration kMostAfterFailure = std::chrono::hours(1);

using net::Awaitable;

metrics::Counter& pushes() {
  static metrics::Counter counter("telepost_jmap_pushes_total", "Pushes to the services that clients have named", {"result"});
  return counter;
}

}  // namespace

// All of it on one loop. It lives until its last coroutine has ended.
class PushSender::Parts : public std::enable_shared_from_this<PushSender::Parts> {
 public:
  Parts(net::Loop& home, store::Store& store, PushFeed& feed, PushDesk& desk, const Clock& clock)
      : home_(home), store_(store), feed_(feed), desk_(desk), clock_(clock), timer_(home.context().get_executor()),
        pause_(home.context().get_executor()) {}

  Result<void> prepare(Options options) {
    net::HttpsOptions posting;
    posting.authorities = std::move(options.authorities);
    posting.timeout = kPushTimeout;
    posting.name_timeout = kNameTimeout;
    posting.at_once = kConnectionsAtOnce;
    posting.most_waiting = kPushesAtOnce;
    posting.refuse_networks = std::move(options.refuse_networks);
    TELEPOST_ASSIGN(fetch_, net::HttpsFetch::start(*options.resolver, std::move(posting)));
    return {};
  }

  void begin() {
    desk_.when_changed([weak = weak_from_this()](schema::AccountId account) { hear_on(weak, account); });
    spawn(find_accounts());
    boost::asio::co_spawn(home_.context().get_executor(), pump(), [self = shared_from_this()](std::exception_ptr failure) {
      if (failure) log::error("push_failed");
      self->ended_.set_value();
    });
  }

  void stop() {
    if (!fetch_) return;
    home_.post([self = shared_from_this()] {
      self->stopping_ = true;
      self->timer_.cancel();
      self->pause_.cancel();
    });
    fetch_->stop();
    ended_.get_future().wait();
    fetch_.reset();
  }

 private:
  using Timer = boost::asio::steady_timer::rebind_executor<net::Executor>::other;

  struct Target {
    bool is_busy = false;          // a push is under way
    bool was_passed_over = false;  // meanwhile, by a round
    PushPace pace;
  };
  struct Watched {
    std::unique_ptr<PushFeed::Subscription> feed;
    bool is_ready = false;    // stands in ready_
    bool is_looking = false;  // its round is under way
    SteadyTime next_round{};
    unsigned failures = 0;    // of rounds, in a row
    SteadyTime retry{};       // after the last of them
    void forget_failures() {
      failures = 0;
      retry = {};
    }
    std::map<std::uint64_t, Target> targets;  // by subscription
  };

  // Any thread, also the committer's.
  static void hear_on(const std::weak_ptr<Parts>& weak, schema::AccountId account) {
    if (const auto self = weak.lock()) {
      self->home_.post([weak, account] {
        if (const auto here = weak.lock()) here->hear(account);
      });
    }
  }

  void hear(schema::AccountId account) {
    if (stopping_) return;
    Watched& watched = accounts_[account];
    if (!watched.feed) watched.feed = feed_.watch(account, [weak = weak_from_this(), account] { hear_on(weak, account); });
    if (watched.is_ready) return;
    watched.is_ready = true;
    const SteadyTime now = clock_.steady();
    if (watched.next_round <= now) ready_.push_back(account);
    else later_.emplace(watched.next_round, account);
    timer_.cancel();
  }

  void look_at(schema::AccountId account, SteadyTime when) { visits_.emplace(when, account); }

  void spawn(Awaitable<void> work) {
    ++running_;
    boost::asio::co_spawn(home_.context().get_executor(), std::move(work), [self = shared_from_this()](std::exception_ptr failure) {
      if (failure) log::error("push_failed");
      --self->running_;
      self->timer_.cancel();
    });
  }

  Awaitable<void> pump() {
    while (!stopping_ || running_ > 0) {
      const SteadyTime now = clock_.steady();
      for (; !visits_.empty() && visits_.begin()->first <= now; visits_.erase(visits_.begin())) hear(visits_.begin()->second);
      for (; !later_.empty() && later_.begin()->first <= now; later_.erase(later_.begin())) ready_.push_back(later_.begin()->second);
      while (!stopping_ && !ready_.empty() && rounds_ < kRoundsAtOnce && pushes_ < kPushesAtOnce) {
        const schema::AccountId account = ready_.front();
        ready_.pop_front();
        begin_round(account);
      }
      timer_.expires_after(until_next(now));
      boost::system::error_code ignored;
      co_await timer_.async_wait(boost::asio::redirect_error(net::kUseAwaitable, ignored));
    }
    accounts_.clear();
  }

  SteadyTime::duration until_next(SteadyTime now) const {
    SteadyTime next = now + std::chrono::hours(1);
    if (!visits_.empty()) next = std::min(next, visits_.begin()->first);
    if (!later_.empty()) next = std::min(next, later_.begin()->first);
    return std::max(next - now, SteadyTime::duration(0));
  }

  void begin_round(schema::AccountId account) {
    const auto found = accounts_.find(account);
    if (found == accounts_.end()) return;
    Watched& watched = found->second;
    if (watched.is_looking) {  // it stays ready, for the round behind this one
      later_.emplace(clock_.steady() + kBetweenRounds, account);
      return;
    }
    watched.is_ready = false;
    watched.is_looking = true;
    watched.next_round = clock_.steady() + kBetweenRounds;
    watched.feed->take();
    ++rounds_;
    spawn(round(account));
  }

  // Those that cannot be pushed to now; each is looked at again when it can.
  std::set<std::uint64_t> pass_over(schema::AccountId account) {
    const SteadyTime now = clock_.steady();
    std::set<std::uint64_t> busy;
    for (auto& [number, target] : accounts_[account].targets) {
      if (!target.is_busy && target.pace.next() <= now) continue;
      busy.insert(number);
      if (target.is_busy) target.was_passed_over = true;
      else look_at(account, target.pace.next());
    }
    return busy;
  }

  Awaitable<void> round(schema::AccountId account) {
    std::set<std::uint64_t> busy = pass_over(account);
    auto work = [&desk = desk_, account, busy = std::move(busy)] { return desk.round(account, busy); };
    Awaitable<Result<PushRound>> asked = net::on_worker<PushRound>(store_, std::move(work));
    Result<PushRound> found = co_await std::move(asked);
    --rounds_;
    Watched& watched = accounts_[account];
    watched.is_looking = false;
    if (!found.ok()) log::warning("push_not_read", {{"account", to_id(account)}, {"reason", to_string(found.error())}});
    if (!found.ok() || !found->is_whole) retry(account, watched);
    else watched.forget_failures();
    if (!found.ok()) co_return;
    std::erase_if(watched.targets, [&](const auto& entry) { return !entry.second.is_busy && !found->subscriptions.contains(entry.first); });
    for (PushMessage& message : found->messages) push(account, std::move(message));
    if (found->subscriptions.empty() && watched.targets.empty() && !watched.is_ready) accounts_.erase(account);
  }

  // One that is to come already is enough, however many rounds fail before it.
  void retry(schema::AccountId account, Watched& watched) {
    const SteadyTime now = clock_.steady();
    if (watched.retry > now) return;
    constexpr unsigned kMostDoublings = 10;
    const Duration wait = kAfterFailure * (1u << std::min(watched.failures++, kMostDoublings));
    watched.retry = now + std::min(wait, kMostAfterFailure);
    look_at(account, watched.retry);
  }

  void push(schema::AccountId account, PushMessage message) {
    if (stopping_) return;
    accounts_[account].targets[message.subscription].is_busy = true;
    ++pushes_;
    spawn(deliver(account, std::make_shared<const PushMessage>(std::move(message))));
  }

  Awaitable<void> deliver(schema::AccountId account, std::shared_ptr<const PushMessage> message) {
    Awaitable<Result<net::HttpsReply>> posted = fetch_->post(message->post);
    const Result<net::HttpsReply> reply = co_await std::move(posted);
    --pushes_;
    Target& target = accounts_[account].targets[message->subscription];
    if (stopping_) co_return;
    const auto status = reply.ok() ? std::optional(reply->status) : std::nullopt;
    const auto outcome = target.pace.note(status, reply.ok() ? reply->retry_after : std::nullopt, clock_.steady());
    tell(account, *message, reply, outcome);
    bool is_noted = false;
    if (outcome != PushPace::Outcome::failed) {
      auto work = [&desk = desk_, account, message, outcome]() -> Result<bool> {
        TELEPOST_TRY(outcome == PushPace::Outcome::taken ? desk.taken(account, *message) : desk.subscriptions().remove(account, message->subscription));
        return true;
      };
      Awaitable<Result<bool>> noting = net::on_worker<bool>(store_, std::move(work));
      const Result<bool> noted = co_await std::move(noting);
      is_noted = noted.ok();
      // It is pushed again, which does no harm.
      if (!noted.ok() && noted.error().kind != Errc::not_found) log::warning("push_not_noted", {{"account", to_id(account)}, {"reason", to_string(noted.error())}});
    }
    Target& then = accounts_[account].targets[message->subscription];
    then.is_busy = false;
    const bool was_passed_over = std::exchange(then.was_passed_over, false);
    // What was taken is all there was, unless a round came by meanwhile.
    if (outcome != PushPace::Outcome::taken || !is_noted || was_passed_over) look_at(account, then.pace.next());
  }

  static void tell(schema::AccountId account, const PushMessage& message, const Result<net::HttpsReply>& reply, PushPace::Outcome outcome) {
    const std::string what = reply.ok() ? std::to_string(reply->status) : std::string(name_of(reply.error().kind));
    pushes().with({outcome == PushPace::Outcome::taken ? "taken" : outcome == PushPace::Outcome::failed ? "failed" : "ended"}).add();
    if (outcome == PushPace::Outcome::taken) return;
    log::info(outcome == PushPace::Outcome::failed ? "push_not_taken" : "push_ended",
              {{"account", to_id(account)}, {"subscription", message.subscription}, {"reason", what}});
  }

  // Those of an earlier process: what changed since is pushed.
  Awaitable<void> find_accounts() {
    std::optional<schema::AccountId> last;
    while (!stopping_) {
      auto work = [&desk = desk_, last] { return desk.subscriptions().accounts(last, kAccountsAtOnce); };
      Awaitable<Result<std::vector<schema::AccountId>>> asked = net::on_worker<std::vector<schema::AccountId>>(store_, std::move(work));
      const Result<std::vector<schema::AccountId>> some = co_await std::move(asked);
      if (!some.ok()) {
        log::warning("push_not_read", {{"reason", to_string(some.error())}});
        co_await rest(kAfterFailure);
        continue;
      }
      for (const schema::AccountId account : *some) hear(account);
      if (some->size() < kAccountsAtOnce) co_return;
      last = some->back();
    }
  }

  Awaitable<void> rest(Duration time) {
    if (stopping_) co_return;
    pause_.expires_after(time);
    boost::system::error_code ignored;
    co_await pause_.async_wait(boost::asio::redirect_error(net::kUseAwaitable, ignored));
  }

  net::Loop& home_;
  store::Store& store_;
  PushFeed& feed_;
  PushDesk& desk_;
  const Clock& clock_;
  std::unique_ptr<net::HttpsFetch> fetch_;
  std::promise<void> ended_;
  // Of the loop.
  Timer timer_, pause_;
  bool stopping_ = false;
  std::size_t running_ = 0, rounds_ = 0, pushes_ = 0;
  std::map<schema::AccountId, Watched> accounts_;
  std::deque<schema::AccountId> ready_;
  std::multimap<SteadyTime, schema::AccountId> later_;   // ready ones whose last round was just now
  std::set<std::pair<SteadyTime, schema::AccountId>> visits_;  // whose subscriptions may be pushed to again then
};

PushSender::PushSender(std::shared_ptr<Parts> parts) : parts_(std::move(parts)) {}

PushSender::~PushSender() { stop(); }

Result<std::unique_ptr<PushSender>> PushSender::start(net::IoThreads& threads, store::Store& store, PushFeed& feed, PushDesk& desk, const Clock& clock,
                                                      Options options) {
  auto parts = std::make_shared<Parts>(threads.first(), store, feed, desk, clock);
  TELEPOST_TRY(parts->prepare(std::move(options)));
  parts->begin();
  return std::unique_ptr<PushSender>(new PushSender(std::move(parts)));
}

void PushSender::stop() { parts_->stop(); }

}  // namespace telepost::adapters::jmap
