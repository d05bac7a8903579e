// Asks HTTP servers that the configuration names, with libcurl: certificates verified, no redirects, no cookies, no proxy, bounded in
// size and time. Blocks: for threads that may. Connections are kept and used again.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace telepost::adapters::net {

struct ClientRequest {
  std::string method;                // "GET", "PUT", …
  std::string url;                   // as it goes out: encoded
  std::vector<std::string> headers;  // "Name: value"
  std::string_view body = {};
  std::uint64_t limit_bytes = 1u << 20;  // of the answer's body
};

struct HttpAnswer {
  int status = 0;
  std::string body;
};

struct HttpClientOptions {
  std::string authorities;  // a PEM file; "" takes the system's
  Duration timeout = std::chrono::seconds(30);          // of a whole request
  Duration connect_timeout = std::chrono::seconds(5);
};

class HttpClient {
 public:
  explicit HttpClient(HttpClientOptions options) : options_(std::move(options)) {}
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // Whatever status the server gives is an answer. Errors: unavailable, timeout, denied (the certificate), too_large, cancelled.
  // Any thread.
  Result<HttpAnswer> ask(const ClientRequest& request);
  // Requests under way and later ones give cancelled within a second.
  void stop() { stopping_.store(true); }

 private:
  class Transfer;
  void* take();
  void give_back(void* easy);

  const HttpClientOptions options_;
  std::atomic<bool> stopping_{false};
  std::mutex mutex_;
  std::vector<void*> idle_;  // guarded by mutex_: handles with their connections
};

}  // namespace telepost::adapters::net
