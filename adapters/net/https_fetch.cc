#include "adapters/net/https_fetch.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "adapters/net/completion.h"
#include "adapters/net/dns_resolver.h"
#include "base/bytes.h"

namespace telepost::adapters::net {
namespace {

constexpr int kPollMillis = 1000;
constexpr curl_off_t kMostRetryAfterS = 7 * 24 * 3600;

constexpr std::size_t kMostOfReply = 4096;  // of what nobody reads

struct Fetched {
  HttpsReply reply;
  bool is_text = false;
  std::string body;
};

struct Order {
  HttpsPost request;
  enum class Method : unsigned char { get, post } method = Method::get;
  std::string address;
  std::size_t limit_bytes = 0;
  store::Completion<Fetched> done;
};

bool is_v6(const std::string& host) { return host.find(':') != std::string::npos; }
std::string in_brackets(const std::string& host) { return is_v6(host) ? "[" + host + "]" : host; }

bool is_address(const std::string& host) {
  in6_addr bytes;
  return ::inet_pton(is_v6(host) ? AF_INET6 : AF_INET, host.c_str(), &bytes) == 1;
}

Error error_from(CURLcode code) {
  const std::string why = curl_easy_strerror(code);
  if (code == CURLE_OPERATION_TIMEDOUT) return {Errc::timeout, why};
  if (code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_ISSUER_ERROR) return {Errc::denied, why};
  return {Errc::unavailable, why};
}

}  // namespace

struct HttpsFetch::Parts {
  // One transfer on the thread.
  struct Transfer {
    ~Transfer() {
      curl_easy_cleanup(easy);
      curl_slist_free_all(resolve);
      curl_slist_free_all(fields);
    }
    Order order;
    CURL* easy = nullptr;
    curl_slist *resolve = nullptr, *fields = nullptr;
    const schema::Networks* refused = nullptr;
    std::string body;
    bool too_large = false;
  };

  Parts(Resolver& names, HttpsOptions wanted) : resolver(names), options(std::move(wanted)), multi(curl_multi_init()) {
    thread = std::thread([this] { run(); });
  }
  ~Parts() {
    stop();
    thread.join();
    curl_multi_cleanup(multi);
  }

  void stop() {
    {
      const std::lock_guard lock(mutex);
      stopping = true;
    }
    curl_multi_wakeup(multi);
  }

  void submit(Order order) {
    std::unique_lock lock(mutex);
    if (stopping) {
      lock.unlock();
      order.done(Error{Errc::cancelled, "the process stops"});
      return;
    }
    if (orders.size() >= options.most_waiting) {
      lock.unlock();
      order.done(Error{Errc::busy, "too many files are to be fetched"});
      return;
    }
    orders.push_back(std::move(order));
    lock.unlock();
    curl_multi_wakeup(multi);
  }

  static std::size_t receive(char* bytes, std::size_t unit, std::size_t count, void* into) {
    auto& transfer = *static_cast<Transfer*>(into);
    if (transfer.body.size() + unit * count > transfer.order.limit_bytes) {
      transfer.too_large = true;
      return 0;
    }
    transfer.body.append(bytes, unit * count);
    return unit * count;
  }

  // Whatever curl has made of the name.
  static curl_socket_t open_socket(void* of, curlsocktype, curl_sockaddr* to) {
    const auto& transfer = *static_cast<const Transfer*>(of);
    char text[INET6_ADDRSTRLEN] = "";
    const void* const bytes = to->family == AF_INET6 ? static_cast<const void*>(&reinterpret_cast<const sockaddr_in6*>(&to->addr)->sin6_addr)
                                                     : &reinterpret_cast<const sockaddr_in*>(&to->addr)->sin_addr;
    const bool is_known = (to->family == AF_INET || to->family == AF_INET6) && ::inet_ntop(to->family, bytes, text, sizeof text) != nullptr;
    if (!is_known || schema::leads_into(*transfer.refused, text)) return CURL_SOCKET_BAD;
    return ::socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
  }

  static void set_post(Transfer& transfer) {
    const HttpsPost& request = transfer.order.request;
    for (const std::string& field : request.fields) transfer.fields = curl_slist_append(transfer.fields, field.c_str());
    transfer.fields = curl_slist_append(transfer.fields, "Expect:");
    curl_easy_setopt(transfer.easy, CURLOPT_HTTPHEADER, transfer.fields);
    curl_easy_setopt(transfer.easy, CURLOPT_POST, 1L);
    curl_easy_setopt(transfer.easy, CURLOPT_POSTFIELDSIZE, static_cast<long>(request.body.size()));
    curl_easy_setopt(transfer.easy, CURLOPT_POSTFIELDS, request.body.c_str());
  }

  void begin(Order order) {
    auto transfer = std::make_unique<Transfer>();
    transfer->order = std::move(order);
    CURL* const easy = transfer->easy = curl_easy_init();
    const HttpsPost& request = transfer->order.request;
    const std::string port = std::to_string(request.port);
    // "+": it lapses as names do; else curl keeps each one forever.
    const std::string pinned = "+" + request.host + ":" + port + ":" + in_brackets(transfer->order.address);
    if (request.host != transfer->order.address) transfer->resolve = curl_slist_append(nullptr, pinned.c_str());
    transfer->refused = &options.refuse_networks;
    curl_easy_setopt(easy, CURLOPT_URL, ("https://" + in_brackets(request.host) + ":" + port + request.target).c_str());
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, &Parts::open_socket);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, transfer.get());
    if (transfer->order.method == Order::Method::post) set_post(*transfer);
    curl_easy_setopt(easy, CURLOPT_RESOLVE, transfer->resolve);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "https");
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);  // RFC 8461 section 3.3: no redirects
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
    if (!options.authorities.empty()) curl_easy_setopt(easy, CURLOPT_CAINFO, options.authorities.c_str());
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(options.timeout.count()));
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &Parts::receive);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer.get());
    curl_multi_add_handle(multi, easy);
    running.emplace(easy, std::move(transfer));
  }

  void end(CURL* easy, CURLcode code) {
    const auto found = running.find(easy);
    const std::unique_ptr<Transfer> transfer = std::move(found->second);
    running.erase(found);
    Fetched fetched = fetched_by(easy);
    fetched.body = std::move(transfer->body);
    curl_multi_remove_handle(multi, easy);
    const bool is_told = transfer->too_large && transfer->order.method == Order::Method::post;  // its status, before so much else
    if (transfer->too_large && !is_told) transfer->order.done(Error{Errc::too_large, "the file is larger than it may be"});
    else if (code != CURLE_OK && !is_told) transfer->order.done(error_from(code));
    else transfer->order.done(std::move(fetched));
  }

  static Fetched fetched_by(CURL* easy) {
    long status = 0;
    const char* type = nullptr;
    curl_off_t seconds = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(easy, CURLINFO_CONTENT_TYPE, &type);
    curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &seconds);
    Fetched fetched;
    fetched.reply.status = static_cast<unsigned>(status);
    if (seconds > 0) fetched.reply.retry_after = std::chrono::seconds(std::min<curl_off_t>(seconds, kMostRetryAfterS));
    fetched.is_text = type != nullptr && starts_with_ignoring_case(type, "text/plain");
    return fetched;
  }

  void run() {
    for (bool going = true; going;) {
      {
        const std::lock_guard lock(mutex);
        going = !stopping;
        for (; going && !orders.empty() && running.size() < options.at_once; orders.pop_front()) begin(std::move(orders.front()));
      }
      int active = 0;
      curl_multi_perform(multi, &active);
      int left = 0;
      while (const CURLMsg* message = curl_multi_info_read(multi, &left)) {
        if (message->msg == CURLMSG_DONE) end(message->easy_handle, message->data.result);
      }
      if (going) curl_multi_poll(multi, nullptr, 0, kPollMillis, nullptr);
    }
    const Error stopped{Errc::cancelled, "the process stops"};
    for (auto& [easy, transfer] : running) {
      curl_multi_remove_handle(multi, easy);
      transfer->order.done(stopped);
    }
    running.clear();
    std::deque<Order> left;
    {
      const std::lock_guard lock(mutex);
      left.swap(orders);
    }
    for (Order& order : left) order.done(stopped);
  }

  Resolver& resolver;
  const HttpsOptions options;
  CURLM* const multi;
  std::mutex mutex;
  std::deque<Order> orders;  // guarded by mutex, as the next
  bool stopping = false;
  std::map<CURL*, std::unique_ptr<Transfer>> running;  // of the thread
  std::thread thread;
};

HttpsFetch::HttpsFetch(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
HttpsFetch::~HttpsFetch() = default;
void HttpsFetch::stop() { parts_->stop(); }

Result<std::unique_ptr<HttpsFetch>> HttpsFetch::start(Resolver& resolver, HttpsOptions options) {
  static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (ready != CURLE_OK) return {Errc::unavailable, curl_easy_strerror(ready)};
  return std::unique_ptr<HttpsFetch>(new HttpsFetch(std::make_unique<Parts>(resolver, std::move(options))));
}

// An address of the host that may be asked.
Awaitable<Result<std::string>> HttpsFetch::find_address(std::string host) {
  Error none{Errc::denied, host + " has no address that may be asked"};
  if (is_address(host)) {
    if (leads_into(parts_->options.refuse_networks, host)) co_return none;
    co_return host;
  }
  std::optional<Error> failed;  // what cannot be told now may be told later
  for (const DnsType type : {DnsType::a, DnsType::aaaa}) {
    Awaitable<Result<SharedDnsAnswer>> asked = parts_->resolver.look_up(host, type, parts_->options.name_timeout);
    const Result<SharedDnsAnswer> answer = co_await std::move(asked);
    if (!answer.ok()) {
      if (!failed) failed = answer.error();
      continue;
    }
    for (const DnsRecord& record : (*answer)->records) {
      if (!leads_into(parts_->options.refuse_networks, record.text)) co_return record.text;
    }
  }
  co_return failed.value_or(none);
}

Awaitable<Result<std::string>> HttpsFetch::get(std::string host, std::string path, std::size_t limit_bytes) {
  Awaitable<Result<std::string>> asked = find_address(host);
  const Result<std::string> address = co_await std::move(asked);
  if (!address.ok() && address.error().kind == Errc::denied) co_return Error{Errc::unavailable, address.error().detail};
  if (!address.ok()) co_return address.error();
  Answer<Fetched> answer;
  HttpsPost request;
  request.host = std::move(host);
  request.port = parts_->options.port;
  request.target = std::move(path);
  parts_->submit({std::move(request), Order::Method::get, *address, limit_bytes, answer.completion()});
  Result<Fetched> fetched = co_await answer.get();
  if (!fetched.ok()) co_return fetched.error();
  if (fetched->reply.status != 200) co_return Error{Errc::not_found, "HTTP " + std::to_string(fetched->reply.status)};
  if (!fetched->is_text) co_return Error{Errc::invalid, "no text/plain"};
  co_return std::move(fetched->body);
}

Awaitable<Result<HttpsReply>> HttpsFetch::post(HttpsPost request) {
  Awaitable<Result<std::string>> asked = find_address(request.host);
  const Result<std::string> address = co_await std::move(asked);
  if (!address.ok()) co_return address.error();
  Answer<Fetched> answer;
  parts_->submit({std::move(request), Order::Method::post, *address, kMostOfReply, answer.completion()});
  Result<Fetched> fetched = co_await answer.get();
  if (!fetched.ok()) co_return fetched.error();
  co_return fetched->reply;
}

}  // namespace telepost::adapters::net
