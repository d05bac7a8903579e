#include "adapters/net/http_client.h"

#include <curl/curl.h>

#include <algorithm>

namespace telepost::adapters::net {
namespace {

Error error_from(CURLcode code) {
  const std::string why = curl_easy_strerror(code);
  if (code == CURLE_OPERATION_TIMEDOUT) return {Errc::timeout, why};
  if (code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_ISSUER_ERROR || code == CURLE_SSL_CACERT_BADFILE) return {Errc::denied, why};
  if (code == CURLE_ABORTED_BY_CALLBACK) return {Errc::cancelled, "the process stops"};
  return {Errc::unavailable, why};
}

}  // namespace

// One request on a handle of its own.
class HttpClient::Transfer {
 public:
  Transfer(HttpClient& client, const ClientRequest& request) : client_(client), request_(request), easy_(static_cast<CURL*>(client.take())) {}
  ~Transfer() {
    curl_slist_free_all(headers_);
    if (easy_ != nullptr) client_.give_back(easy_);
  }
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  Result<HttpAnswer> run() {
    if (easy_ == nullptr) return {Errc::unavailable, "libcurl has no memory"};
    set_up();
    const CURLcode code = curl_easy_perform(easy_);
    if (too_large_) return {Errc::too_large, "the server's answer is larger than it may be"};
    if (code != CURLE_OK) return error_from(code);
    long status = 0;
    curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
    answer_.status = static_cast<int>(status);
    return std::move(answer_);
  }

 private:
  void set_up() {
    for (const std::string& header : request_.headers) headers_ = curl_slist_append(headers_, header.c_str());
    // What libcurl would add by itself, and what is not signed.
    for (const char* none : {"Expect:", "Content-Type:", "Accept:"}) headers_ = curl_slist_append(headers_, none);
    set(CURLOPT_URL, request_.url.c_str());
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_CUSTOMREQUEST, request_.method.c_str());
    if (request_.method != "GET") {
      set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
      set(CURLOPT_POSTFIELDS, request_.body.data() == nullptr ? "" : request_.body.data());
    }
    set(CURLOPT_HTTPHEADER, headers_);
    set(CURLOPT_PATH_AS_IS, 1L);
    set(CURLOPT_PROXY, "");
    set(CURLOPT_FOLLOWLOCATION, 0L);
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
    if (!client_.options_.authorities.empty()) set(CURLOPT_CAINFO, client_.options_.authorities.c_str());
    set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(std::min(client_.options_.connect_timeout, client_.options_.timeout).count()));
    set(CURLOPT_TIMEOUT_MS, static_cast<long>(client_.options_.timeout.count()));
    set(CURLOPT_NOPROGRESS, 0L);
    set(CURLOPT_XFERINFOFUNCTION, &Transfer::progress);
    set(CURLOPT_XFERINFODATA, this);
    set(CURLOPT_WRITEFUNCTION, &Transfer::receive);
    set(CURLOPT_WRITEDATA, this);
  }
  template <typename Value>
  void set(CURLoption option, Value value) {
    curl_easy_setopt(easy_, option, value);
  }

  static int progress(void* transfer, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    return static_cast<Transfer*>(transfer)->client_.stopping_.load() ? 1 : 0;  // not 0 breaks off
  }
  static std::size_t receive(char* bytes, std::size_t unit, std::size_t count, void* into) {
    auto& transfer = *static_cast<Transfer*>(into);
    if (transfer.answer_.body.size() + unit * count > transfer.request_.limit_bytes) {
      transfer.too_large_ = true;
      return 0;
    }
    transfer.answer_.body.append(bytes, unit * count);
    return unit * count;
  }

  HttpClient& client_;
  const ClientRequest& request_;
  CURL* const easy_;
  curl_slist* headers_ = nullptr;
  HttpAnswer answer_;
  bool too_large_ = false;
};

HttpClient::~HttpClient() {
  for (void* easy : idle_) curl_easy_cleanup(static_cast<CURL*>(easy));
}

void* HttpClient::take() {
  const std::lock_guard lock(mutex_);
  if (idle_.empty()) {
    static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
    return ready == CURLE_OK ? curl_easy_init() : nullptr;
  }
  void* const easy = idle_.back();
  idle_.pop_back();
  return easy;
}

// Its options go, its connections stay.
void HttpClient::give_back(void* easy) {
  curl_easy_reset(static_cast<CURL*>(easy));
  const std::lock_guard lock(mutex_);
  idle_.push_back(easy);
}

Result<HttpAnswer> HttpClient::ask(const ClientRequest& request) {
  if (stopping_.load()) return {Errc::cancelled, "the process stops"};
  return Transfer(*this, request).run();
}

}  // namespace telepost::adapters::net
