#include "adapters/net/https_fetch.h"

#include <curl/curl.h>

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "adapters/net/completion.h"
#include "adapters/net/dns_resolver.h"
#include "base/bytes.h"

namespace telepost::adapters::net {
namespace {

constexpr int kPollMillis = 1000;

struct Order {
  std::string host, path, address;
  std::size_t limit_bytes = 0;
  store::Completion<std::string> done;
};

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
    }
    Order order;
    CURL* easy = nullptr;
    curl_slist* resolve = nullptr;
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

  void begin(Order order) {
    auto transfer = std::make_unique<Transfer>();
    transfer->order = std::move(order);
    CURL* const easy = transfer->easy = curl_easy_init();
    const std::string port = std::to_string(options.port);
    const bool v6 = transfer->order.address.find(':') != std::string::npos;
    // "+": it lapses as names do; else curl keeps each one forever.
    const std::string pinned = "+" + transfer->order.host + ":" + port + ":" + (v6 ? "[" + transfer->order.address + "]" : transfer->order.address);
    transfer->resolve = curl_slist_append(nullptr, pinned.c_str());
    curl_easy_setopt(easy, CURLOPT_URL, ("https://" + transfer->order.host + ":" + port + transfer->order.path).c_str());
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
    long status = 0;
    const char* type = nullptr;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(easy, CURLINFO_CONTENT_TYPE, &type);
    const bool text = type != nullptr && starts_with_ignoring_case(type, "text/plain");
    curl_multi_remove_handle(multi, easy);
    if (transfer->too_large) transfer->order.done(Error{Errc::too_large, "the file is larger than it may be"});
    else if (code != CURLE_OK) transfer->order.done(error_from(code));
    else if (status != 200) transfer->order.done(Error{Errc::not_found, "HTTP " + std::to_string(status)});
    else if (!text) transfer->order.done(Error{Errc::invalid, "no text/plain"});
    else transfer->order.done(std::move(transfer->body));
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

Awaitable<Result<std::string>> HttpsFetch::get(std::string host, std::string path, std::size_t limit_bytes) {
  std::string address;
  for (const DnsType type : {DnsType::a, DnsType::aaaa}) {
    Awaitable<Result<SharedDnsAnswer>> asked = parts_->resolver.look_up(host, type);
    const Result<SharedDnsAnswer> answer = co_await std::move(asked);
    if (!answer.ok()) continue;
    for (const DnsRecord& record : (*answer)->records) {
      if (address.empty() && !contains(parts_->options.refuse_networks, record.text)) address = record.text;
    }
    if (!address.empty()) break;
  }
  if (address.empty()) co_return Error{Errc::unavailable, host + " has no address that may be asked"};
  Answer<std::string> answer;
  parts_->submit({std::move(host), std::move(path), std::move(address), limit_bytes, answer.completion()});
  co_return co_await answer.get();
}

}  // namespace telepost::adapters::net
