#include "adapters/smtp/sender/sender.h"

#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <future>

#include "adapters/net/https_fetch.h"
#include "adapters/net/on_worker.h"
#include "adapters/smtp/sender/courier.h"
#include "adapters/smtp/sender/in_hand.h"
#include "base/log.h"
#include "base/metrics.h"
#include "store/store.h"

namespace telepost::adapters::smtp::sender {
namespace {

constexpr std::size_t kClaimed = 64;                       // by one claim
// Short, for what a killed process had in hand is offered again only then; long against the rounds that renew it.
constexpr Duration kLease = std::chrono::minutes(1);
constexpr Duration kRenewBefore = std::chrono::seconds(40); // of the lease's end
constexpr Duration kRound = std::chrono::seconds(1);       // between claims when nothing wakes us: retries come due unannounced
constexpr Duration kRoundOfLeases = std::chrono::seconds(5);
constexpr std::size_t kInHandPerConnection = 4;
constexpr std::size_t kReportsShare = 4;                   // of what is in hand, one part: the rest is for what subscribers send
constexpr Duration kReportsWait = std::chrono::minutes(1); // of those that find no place

Result<std::string> first_line_of(const std::string& path) {
  std::ifstream in(path);
  std::string line;
  if (!in) return {errno == ENOENT ? Errc::not_found : errno == EACCES ? Errc::denied : Errc::io, path + ": " + std::strerror(errno)};
  std::getline(in, line);
  if (line.ends_with('\r')) line.pop_back();
  return line.empty() ? Result<std::string>(Errc::invalid, path + ": its first line is empty") : Result<std::string>(line);
}

Result<std::map<std::string, std::string>> passwords_of(const schema::RelaySettings& settings) {
  std::map<std::string, std::string> passwords;
  const auto take = [&passwords](const schema::RelayRoute& relay) -> Result<void> {
    if (relay.host.empty()) return {};
    const Result<Host> host = host_from(relay.host);
    if (!host.ok()) return host.error();
    if (relay.user.empty()) return {};
    TELEPOST_ASSIGN(passwords[relay.password_file], first_line_of(relay.password_file));
    return {};
  };
  TELEPOST_TRY(take(settings.smart_host));
  for (const schema::RelayRoute& relay : settings.routes) TELEPOST_TRY(take(relay));
  return passwords;
}

metrics::Counter& recipients_counter() {
  static metrics::Counter counter("telepost_mail_sent_total", "Recipients of mail that leaves, by what an attempt came to.", {"result"});
  return counter;
}

void note(const Errand& errand, const std::vector<store::MailOutcome>& outcomes) {
  for (const std::size_t i : errand.open) {
    const store::MailOutcome& outcome = outcomes[i];
    recipients_counter().with({std::string(name_of(outcome.state))}).add();
    log::info("sent", {{"trace", errand.mail.trace}, {"job", errand.job.id}, {"to", errand.mail.to[i].address},
                       {"result", name_of(outcome.state)}, {"server", outcome.remote}, {"reply", outcome.reply}});
  }
}

}  // namespace

class Sender::Parts final : public Office {
 public:
  Parts(net::IoThreads& threads, store::Store& opened, const Clock& clock, Random& random, const Options& options)
      : threads_(threads), store_(opened), clock_(clock), settings_(opened.configuration().relay),
        lanes_(settings_.max_connections, opened.configuration().queue.concurrency),
        dialling_{settings_, options.resolver, nullptr, nullptr, random, options.hostname, {options.hostname}, {}, options.timeouts, options.port},
        keys_(options.keys), owner_("serve " + std::to_string(::getpid())), timer_(threads.first().context().get_executor()),
        leases_(threads.first().context().get_executor()), last_words_(options.last_words) {}

  Result<void> prepare(const Options& options) {
    TELEPOST_ASSIGN(dialling_.passwords, passwords_of(settings_));
    TELEPOST_ASSIGN(dialling_.authorities, net::TlsAuthorities::open(store_.configuration().tls.authorities));
    if (!settings_.mta_sts || options.resolver == nullptr) return {};
    net::HttpsOptions fetching;
    fetching.authorities = options.authorities;
    fetching.port = options.https_port;
    fetching.refuse_networks = settings_.refuse_networks;
    TELEPOST_ASSIGN(fetch_, net::HttpsFetch::start(*options.resolver, std::move(fetching)));
    sts_.emplace(*options.resolver, *fetch_, clock_);
    dialling_.sts = &*sts_;
    return {};
  }

  void begin() {
    subscription_ = store_.outbox().subscribe([this](schema::Network network) {
      if (network == schema::Network::mail) wake();
    });
    spawn(pump(), ended_.emplace_back());
    spawn(keep_leases(), ended_.emplace_back());
  }

  void stop(Duration drain) {
    if (stopped_.exchange(true)) return;
    store_.outbox().unsubscribe(subscription_);
    threads_.first().post([this] {
      timer_.cancel();
    });
    ended_.front().get_future().wait();
    for (const ErrandPtr& errand : lanes_.close()) put_back(errand);
    couriers_.drain();
    if (!couriers_.wait(drain)) {
      if (fetch_) fetch_->stop();
      couriers_.abort();
      while (!couriers_.wait(std::chrono::seconds(1))) {}
    }
    for (const ErrandPtr& errand : lanes_.close()) put_back(errand);
    if (!in_hand_->wait_until_empty(last_words_)) log::warning("jobs_left_in_hand", {{"jobs", in_hand_->size()}});
    in_hand_->when_room({});
    leases_stopped_ = true;
    threads_.first().post([this] { leases_.cancel(); });
    ended_.back().get_future().wait();
  }

  store::Store& store() override { return store_; }
  const Clock& clock() const override { return clock_; }
  const Dialling& dialling() const override { return dialling_; }
  Lanes& lanes() override { return lanes_; }
  const authentication::SigningKeys* keys() const override { return keys_; }
  void start(ErrandPtr errand) override { Courier::start(threads_.next(), couriers_, *this, std::move(errand)); }

  void tell(const ErrandPtr& errand, std::vector<store::MailOutcome> outcomes) override {
    note(*errand, outcomes);
    write_down(errand, std::move(outcomes));
  }

  void put_back(const ErrandPtr& errand) override {
    const Result<void> taken = store_.run([&store = store_, &clock = clock_, in_hand = in_hand_, errand] {
      const Result<void> done = store.outbox().retry_at(errand->job, clock.now(), "");
      if (!done.ok()) log::info("job_not_put_back", {{"job", errand->job.id}, {"reason", to_string(done.error())}});
      in_hand->remove(errand->job.id);
    });
    if (!taken.ok()) in_hand_->remove(errand->job.id);  // its lease lapses
  }

 private:
  using Timer = boost::asio::steady_timer::rebind_executor<net::Executor>::other;

  void spawn(net::Awaitable<void> work, std::promise<void>& ended) {
    boost::asio::co_spawn(threads_.first().context().get_executor(), std::move(work), [&ended](std::exception_ptr failure) {
      if (failure) log::error("sender_failed");
      ended.set_value();
    });
  }

  // Any thread; often the committer's, so it posts once, however often it is called.
  void wake() {
    if (!woken_.exchange(true)) threads_.first().post([this] { timer_.cancel(); });
  }

  // The store may answer when the sender is long gone, for stop() has limited patience with a disk: what it touches then is its own.
  void write_down(const ErrandPtr& errand, std::vector<store::MailOutcome> outcomes) {
    std::vector<store::MailOutcome> copy = outcomes;
    store_.submission().outcome(errand->job, std::move(outcomes), [in_hand = in_hand_, errand, copy = std::move(copy)](const Result<void>& done) mutable {
      if (done.ok() || done.error().kind == Errc::conflict || done.error().kind == Errc::not_found) {
        if (!done.ok()) log::warning("lease_lost", {{"job", errand->job.id}, {"reason", to_string(done.error())}});
        in_hand->remove(errand->job.id);
        return;
      }
      log::error("outcome_not_written", {{"job", errand->job.id}, {"reason", to_string(done.error())}});
      in_hand->keep(errand, std::move(copy));
    });
  }

  // Claims what may be sent, as long as there is room for it.
  net::Awaitable<void> pump() {
    while (!stopped_) {
      woken_ = false;
      const std::size_t most = most_in_hand();
      in_hand_->when_room([this] { wake(); });
      const std::size_t held = in_hand_->size();
      std::size_t claimed = 0;
      const std::size_t limit = held < most ? std::min(kClaimed, most - held) : 0;
      if (limit == kClaimed) in_hand_->when_room({});
      if (limit > 0) claimed = co_await claim(limit);
      if (stopped_ || woken_ || (limit > 0 && claimed == limit)) continue;
      boost::system::error_code ignored;
      timer_.expires_after(kRound);
      co_await timer_.async_wait(boost::asio::redirect_error(net::kUseAwaitable, ignored));
    }
  }

  net::Awaitable<std::size_t> claim(std::size_t limit) {
    using Jobs = std::vector<store::MailToSend>;
    auto work = [this, limit] {
      store::Outbox::Claim claim;
      claim.limit = limit;
      claim.owner = owner_;
      claim.lease = kLease;
      return store_.submission().claim(claim);
    };
    net::Awaitable<Result<Jobs>> claiming = net::on_worker<Jobs>(store_, std::move(work));
    Result<Jobs> jobs = co_await std::move(claiming);
    if (!jobs.ok()) {
      if (jobs.error().kind != Errc::busy) log::error("outbox_not_read", {{"reason", to_string(jobs.error())}});  // busy: tried again soon
      co_return 0;
    }
    for (store::MailToSend& job : *jobs) accept(std::move(job));
    co_return jobs->size();
  }

  void accept(store::MailToSend mail) {
    const std::uint64_t id = mail.job.id;
    Result<ErrandPtr> errand = errand_of(std::move(mail), settings_);
    if (!errand.ok()) {
      // Nobody can send it: a person has to look at it.
      log::error("job_not_readable", {{"job", id}, {"reason", to_string(errand.error())}});
      (void)store_.run([&store = store_, id] { (void)store.outbox().hold(id); });
      return;
    }
    if ((*errand)->is_report && in_hand_->reports() >= most_in_hand() / kReportsShare) return put_off((*errand)->job);
    in_hand_->add(*errand);
    Lanes::Given given = lanes_.give(*errand, clock_.steady());
    switch (given.how) {
      case Lanes::Given::How::taken: break;
      case Lanes::Given::How::start: start(*errand); break;
      case Lanes::Given::How::paused: {
        const net::SmtpVerdict verdict{net::SmtpVerdict::Kind::deferred, "4.4.1", "not tried, for lately: " + given.reason, false, false};
        tell(*errand, outcomes_of(**errand, verdict, "", policies::Failure::connection));
        break;
      }
    }
  }

  std::size_t most_in_hand() const { return kInHandPerConnection * std::size_t{settings_.max_connections}; }

  // Untried, for a while: behind it in the outbox there may be mail of others, which is to be seen.
  void put_off(const store::Job& job) {
    (void)store_.run([&store = store_, &clock = clock_, job] {
      const Result<void> done = store.outbox().retry_at(job, clock.now() + kReportsWait, "");
      if (!done.ok()) log::info("job_not_put_off", {{"job", job.id}, {"reason", to_string(done.error())}});
    });
  }

  // Leases that would end, and outcomes that the store did not take.
  net::Awaitable<void> keep_leases() {
    while (!leases_stopped_) {
      boost::system::error_code ignored;
      leases_.expires_after(kRoundOfLeases);
      co_await leases_.async_wait(boost::asio::redirect_error(net::kUseAwaitable, ignored));
      for (auto& [errand, outcomes] : in_hand_->take_kept()) write_down(errand, std::move(outcomes));
      const Time until = clock_.now() + kLease;
      for (const ErrandPtr& errand : in_hand_->lapsing(clock_.now() + kRenewBefore)) {
        in_hand_->renewed(errand->job.id, until);  // asked for once, whatever becomes of it
        (void)store_.run([&store = store_, errand] {
          const Result<store::Job> renewed = store.outbox().renew(errand->job, kLease);
          if (!renewed.ok()) log::warning("lease_not_renewed", {{"job", errand->job.id}, {"reason", to_string(renewed.error())}});
        });
      }
    }
  }

  net::IoThreads& threads_;
  store::Store& store_;
  const Clock& clock_;
  const schema::RelaySettings& settings_;
  net::SessionGroup couriers_;
  Lanes lanes_;
  Dialling dialling_;
  std::unique_ptr<net::HttpsFetch> fetch_;
  std::optional<StsPolicies> sts_;
  const authentication::SigningKeys* const keys_;
  const std::string owner_;
  const std::shared_ptr<InHand> in_hand_ = std::make_shared<InHand>();  // shared with what the store still does for us at the end
  Timer timer_, leases_;
  std::deque<std::promise<void>> ended_;
  std::uint64_t subscription_ = 0;
  std::atomic<bool> stopped_{false}, leases_stopped_{false};
  std::atomic<bool> woken_{false};
  const Duration last_words_;
};

Sender::Sender(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Sender::~Sender() { stop(Duration(0)); }

Result<std::unique_ptr<Sender>> Sender::start(net::IoThreads& threads, store::Store& store, const Clock& clock, Random& random,
                                              Options options) {
  auto parts = std::make_unique<Parts>(threads, store, clock, random, options);
  TELEPOST_TRY(parts->prepare(options));
  parts->begin();
  return std::unique_ptr<Sender>(new Sender(std::move(parts)));
}

void Sender::stop(Duration drain) { parts_->stop(drain); }

}  // namespace telepost::adapters::smtp::sender
