#include "adapters/net/dns_resolver.h"

#include <ares.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <future>
#include <map>
#include <utility>
#include <vector>

#include "adapters/net/completion.h"
#include "adapters/net/dns_cache.h"
#include "adapters/net/io_threads.h"

namespace telepost::adapters::net {
namespace {

constexpr std::chrono::milliseconds kTick{50};  // how often c-ares and the waiters look for what is late
constexpr int kTries = 3;                       // each at every server, with a timeout that doubles
constexpr int kDatagramBytes = 1232;            // what passes every path in one piece; larger answers come over TCP

using Key = std::pair<DnsType, std::string>;

// How many the system names.
Result<std::size_t> count_system_servers() {
  ares_channel probe = nullptr;
  if (const int status = ares_init(&probe); status != ARES_SUCCESS) return {Errc::unavailable, std::string("name servers: ") + ares_strerror(status)};
  ares_addr_port_node* servers = nullptr;
  const int status = ares_get_servers_ports(probe, &servers);
  std::size_t count = 0;
  for (const ares_addr_port_node* server = servers; server != nullptr; server = server->next) ++count;
  if (servers != nullptr) ares_free_data(servers);
  ares_destroy(probe);
  if (status != ARES_SUCCESS) return {Errc::unavailable, std::string("name servers: ") + ares_strerror(status)};
  return count;
}

// c-ares takes back all questions or none, so a question has its place until the last try at the last server is late. All tries
// together (1, 2, 4 … times the first) last no longer than anybody waits, else places would stay taken for nobody.
int first_try_millis(Duration timeout, std::size_t servers) {
  const auto tries = static_cast<std::int64_t>(std::max<std::size_t>(servers, 1)) * ((1 << kTries) - 1);
  return static_cast<int>(std::clamp<std::int64_t>(timeout.count() / tries, 50, 5000));
}

Error error_from(int status) {
  switch (status) {
    case ARES_ETIMEOUT: return {Errc::timeout, "no name server answered in time"};
    case ARES_EBADNAME: return {Errc::invalid, "that is no domain name"};
    case ARES_ECANCELLED:
    case ARES_EDESTRUCTION: return {Errc::cancelled, "the resolver stops"};
    default: return {Errc::unavailable, std::string("the name servers do not tell: ") + ares_strerror(status)};
  }
}

// One socket of c-ares, which opens and closes it.
struct Watch {
  Watch(boost::asio::io_context& context, int fd) : descriptor(context, fd) {}
  boost::asio::posix::stream_descriptor descriptor;
  bool wants_read = false, wants_write = false;
  bool is_reading = false, is_writing = false;  // a wait is pending
  bool is_closed = false;
};

}  // namespace

// All but `cache` and post() on the home loop.
struct Resolver::Parts : std::enable_shared_from_this<Resolver::Parts> {
  struct Waiter {
    SteadyTime end;
    store::Completion<SharedDnsAnswer> done;
  };
  struct Question {
    Parts* parts;
    Key key;
    DnsAsker asker;  // whose place it has
    std::vector<Waiter> waiters;
  };

  Parts(Loop& loop, const schema::DnsSettings& dns, const Clock& time)
      : home(loop), settings(dns), clock(time), cache(dns.cache, time), timer(loop.context()) {}

  Result<void> open();
  void ask(Key key, Waiter waiter, DnsAsker asker);
  bool take_place(const DnsAsker& asker);
  void give_place(const DnsAsker& asker);
  static void on_answer(void* question, int status, int timeouts, unsigned char* bytes, int size);
  void finish(Question* question, const Result<SharedDnsAnswer>& result);
  static void on_socket(void* parts, ares_socket_t fd, int wants_read, int wants_write);
  void wait(const std::shared_ptr<Watch>& watch, ares_socket_t fd);
  void on_ready(const std::shared_ptr<Watch>& watch, ares_socket_t fd, bool to_read);
  void tick();
  void close();

  Loop& home;
  const schema::DnsSettings settings;
  const Clock& clock;
  DnsCache cache;
  boost::asio::steady_timer timer;
  ares_channel channel = nullptr;
  std::map<Key, std::unique_ptr<Question>> questions;
  std::size_t arriving = 0;                        // questions of mail that arrives
  std::map<std::string, std::size_t> by_network;   // the same, of each network; no zeros
  std::map<ares_socket_t, std::shared_ptr<Watch>> watches;
  bool is_ticking = false;
};

Result<void> Resolver::Parts::open() {
  static const int library = ares_library_init(ARES_LIB_INIT_ALL);
  std::size_t count = settings.servers.size();
  if (library == ARES_SUCCESS && count == 0) {
    TELEPOST_ASSIGN(count, count_system_servers());
  }
  ares_options options{};
  char lookups[] = "b";
  options.flags = ARES_FLAG_EDNS;
  options.ednspsz = kDatagramBytes;
  options.timeout = first_try_millis(settings.timeout, count);
  options.tries = kTries;
  options.lookups = lookups;
  options.sock_state_cb = &Parts::on_socket;
  options.sock_state_cb_data = this;
  constexpr int kGiven = ARES_OPT_FLAGS | ARES_OPT_EDNSPSZ | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS |
                         ARES_OPT_SOCK_STATE_CB;
  int status = library != ARES_SUCCESS ? library : ares_init_options(&channel, &options, kGiven);
  std::string servers;
  for (const schema::Endpoint& server : settings.servers) servers += (servers.empty() ? "" : ",") + to_string(server);
  if (status == ARES_SUCCESS && !servers.empty()) status = ares_set_servers_ports_csv(channel, servers.c_str());
  if (status != ARES_SUCCESS) return {Errc::unavailable, std::string("name servers: ") + ares_strerror(status)};
  return {};
}

bool Resolver::Parts::take_place(const DnsAsker& asker) {
  if (questions.size() >= kMostDnsQuestions) return false;
  if (asker.purpose == DnsAsker::Purpose::sending) return true;
  if (arriving >= kMostDnsQuestionsArriving) return false;
  const auto [own, is_first] = by_network.try_emplace(asker.network, 0);
  if (own->second >= kMostDnsQuestionsOfNetwork) return false;
  ++own->second;
  ++arriving;
  return true;
}

void Resolver::Parts::give_place(const DnsAsker& asker) {
  if (asker.purpose == DnsAsker::Purpose::sending) return;
  --arriving;
  const auto own = by_network.find(asker.network);
  if (--own->second == 0) by_network.erase(own);
}

void Resolver::Parts::ask(Key key, Waiter waiter, DnsAsker asker) {
  if (channel == nullptr) return waiter.done(error_from(ARES_EDESTRUCTION));
  if (const auto asked = questions.find(key); asked != questions.end()) {
    asked->second->waiters.push_back(std::move(waiter));
    return;
  }
  if (SharedDnsAnswer kept = cache.find(key.second, key.first)) return waiter.done(std::move(kept));
  if (!take_place(asker)) return waiter.done(Error{Errc::busy, "too many questions wait for name servers"});
  auto made = std::make_unique<Question>(Question{this, key, std::move(asker), {}});
  made->waiters.push_back(std::move(waiter));
  Question* const question = made.get();
  questions.emplace(key, std::move(made));
  if (!is_ticking) tick();
  ares_query(channel, key.second.c_str(), 1, static_cast<int>(key.first), &Parts::on_answer, question);
}

void Resolver::Parts::on_answer(void* argument, int status, int, unsigned char* bytes, int size) {
  Question* const question = static_cast<Question*>(argument);
  Parts& parts = *question->parts;
  const auto& [type, name] = question->key;
  const bool is_answer = status == ARES_SUCCESS || status == ARES_ENODATA || status == ARES_ENOTFOUND;
  if (!is_answer) return parts.finish(question, error_from(status));
  if (bytes == nullptr) {  // names that no server is asked about (.onion, RFC 7686)
    return parts.finish(question, std::make_shared<const DnsAnswer>(DnsAnswer{DnsAnswer::Kind::no_such_name, {}, name, {}}));
  }
  Result<DnsAnswer> answer = parse_dns_answer({reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size)}, name, type);
  if (!answer.ok()) return parts.finish(question, answer.error());
  const auto shared = std::make_shared<const DnsAnswer>(*std::move(answer));
  parts.cache.keep(name, type, shared);
  parts.finish(question, shared);
}

void Resolver::Parts::finish(Question* question, const Result<SharedDnsAnswer>& result) {
  const auto node = questions.extract(question->key);
  give_place(question->asker);
  for (Waiter& waiter : node.mapped()->waiters) waiter.done(result);
}

void Resolver::Parts::on_socket(void* argument, ares_socket_t fd, int wants_read, int wants_write) {
  Parts& parts = *static_cast<Parts*>(argument);
  const auto found = parts.watches.find(fd);
  if (wants_read == 0 && wants_write == 0) {
    if (found == parts.watches.end()) return;
    found->second->is_closed = true;
    found->second->descriptor.release();  // c-ares closes it behind this call
    parts.watches.erase(found);
    return;
  }
  const auto watch = found != parts.watches.end()
                         ? found->second
                         : parts.watches.emplace(fd, std::make_shared<Watch>(parts.home.context(), fd)).first->second;
  watch->wants_read = wants_read != 0;
  watch->wants_write = wants_write != 0;
  parts.wait(watch, fd);
}

void Resolver::Parts::wait(const std::shared_ptr<Watch>& watch, ares_socket_t fd) {
  using boost::asio::posix::descriptor_base;
  const auto ready = [self = shared_from_this(), watch, fd](bool to_read) {
    return [self, watch, fd, to_read](const boost::system::error_code&) { self->on_ready(watch, fd, to_read); };
  };
  if (watch->wants_read && !std::exchange(watch->is_reading, watch->is_reading || watch->wants_read)) {
    watch->descriptor.async_wait(descriptor_base::wait_read, ready(true));
  }
  if (watch->wants_write && !std::exchange(watch->is_writing, watch->is_writing || watch->wants_write)) {
    watch->descriptor.async_wait(descriptor_base::wait_write, ready(false));
  }
}

void Resolver::Parts::on_ready(const std::shared_ptr<Watch>& watch, ares_socket_t fd, bool to_read) {
  (to_read ? watch->is_reading : watch->is_writing) = false;
  if (watch->is_closed || channel == nullptr) return;
  const bool wanted = to_read ? watch->wants_read : watch->wants_write;
  if (wanted) ares_process_fd(channel, to_read ? fd : ARES_SOCKET_BAD, to_read ? ARES_SOCKET_BAD : fd);
  if (!watch->is_closed && channel != nullptr) wait(watch, fd);
}

// Runs while somebody waits.
void Resolver::Parts::tick() {
  is_ticking = true;
  timer.expires_after(kTick);
  timer.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
    self->is_ticking = false;
    if (error || self->channel == nullptr) return;
    ares_process_fd(self->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    const SteadyTime now = self->clock.steady();
    for (auto& [key, question] : self->questions) {
      auto& waiters = question->waiters;
      const auto late = std::stable_partition(waiters.begin(), waiters.end(), [now](const Waiter& w) { return w.end > now; });
      for (auto waiter = late; waiter != waiters.end(); ++waiter) waiter->done(error_from(ARES_ETIMEOUT));
      waiters.erase(late, waiters.end());
    }
    if (!self->questions.empty()) self->tick();
  });
}

void Resolver::Parts::close() {
  timer.cancel();
  if (channel != nullptr) ares_destroy(std::exchange(channel, nullptr));  // answers every question, and closes every socket
}

Resolver::Resolver(std::shared_ptr<Parts> parts) : parts_(std::move(parts)) {}

Result<std::unique_ptr<Resolver>> Resolver::open(Loop& home, const schema::DnsSettings& settings, const Clock& clock) {
  const auto parts = std::make_shared<Parts>(home, settings, clock);
  TELEPOST_TRY(parts->open());
  return std::unique_ptr<Resolver>(new Resolver(parts));
}

Resolver::~Resolver() {
  std::promise<void> closed;
  std::future<void> done = closed.get_future();
  parts_->home.post([parts = parts_, &closed] {
    parts->close();
    closed.set_value();
  });
  done.wait();
}

Awaitable<Result<SharedDnsAnswer>> Resolver::look_up(std::string name, DnsType type) {
  return look_up(std::move(name), type, parts_->settings.timeout);
}

Awaitable<Result<SharedDnsAnswer>> Resolver::look_up(std::string name, DnsType type, Duration timeout) {
  return look_up(std::move(name), type, timeout, DnsAsker());
}

Awaitable<Result<SharedDnsAnswer>> Resolver::look_up(std::string name, DnsType type, Duration timeout, DnsAsker asker) {
  const std::shared_ptr<Parts> parts = parts_;
  const std::optional<std::string> asked = dns_name(name);
  if (!asked) co_return Error{Errc::invalid, "'" + name.substr(0, 64) + "' is no domain name"};
  SharedDnsAnswer kept = parts->cache.find(*asked, type);
  if (kept) co_return kept;
  const SteadyTime end = parts->clock.steady() + std::min(timeout, parts->settings.timeout);
  Answer<SharedDnsAnswer> answer;
  Parts::Waiter waiter{end, answer.completion()};
  parts->home.post([parts, key = Key(type, *asked), waiter = std::move(waiter), asker = std::move(asker)] {
    parts->ask(key, waiter, asker);
  });
  co_return co_await answer.get();
}

}  // namespace telepost::adapters::net
