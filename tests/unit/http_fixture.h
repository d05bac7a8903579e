// An HTTP server with a few routes (http_stage.h), and peers that speak in bytes.
#pragma once

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <future>
#include <string>
#include <utility>

#include "adapters/net/http_server.h"
#include "adapters/net/io_threads.h"
#include "tests/support/manual_clock.h"
#include "tests/support/output_of.h"
#include "tests/unit/http_stage.h"

namespace telepost::adapters::net {

// A connection of a client.
class HttpPeer {
 public:
  explicit HttpPeer(const schema::Endpoint& to) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(to.port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    const timeval patience{20, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }
  HttpPeer(const HttpPeer&) = delete;
  HttpPeer& operator=(const HttpPeer&) = delete;
  ~HttpPeer() { ::close(fd_); }
  bool is_connected() const { return connected_; }
  void say(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;  // the server may have heard enough
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  // What comes until that text has come, or the connection's end.
  std::string hear_until(std::string_view text) {
    std::string heard;
    do {
      const std::size_t known = heard.size();
      heard += std::exchange(read_, {});
      const std::size_t at = heard.find(text, known - std::min(known, text.size()));  // what was known ends no text by itself
      if (at == std::string::npos) continue;
      read_ = heard.substr(at + text.size());
      heard.resize(at + text.size());
      break;
    } while (read_more());
    return heard;
  }
  std::string hear_all() {
    std::string heard;
    do {
      heard += std::exchange(read_, {});
    } while (read_more());
    return heard;
  }
  std::string ask(std::string_view bytes) {
    say(bytes);
    return hear_all();
  }

 private:
  // False at the connection's end.
  bool read_more() {
    char bytes[65536];
    const ssize_t size = ::recv(fd_, bytes, sizeof bytes, 0);
    if (size > 0) read_.assign(bytes, static_cast<std::size_t>(size));
    return size > 0;
  }

  int fd_;
  bool connected_ = false;
  std::string read_;  // behind what was asked for; holds no memory while it is empty, which tests measure
};

class Http : public testing::Test {
 protected:
  void start(HttpServerOptions options = {}) {
    options.name = "test";
    if (options.listen.empty() && options.listen_tls.empty()) options.listen = {{"127.0.0.1", 0, ""}};
    auto made = HttpServer::start(threads_, std::move(options), clock_, [this](HttpExchange& exchange) { return route(exchange, stage_); });
    ASSERT_TRUE(made.ok()) << to_string(made.error());
    server_ = std::move(*made);
  }
  const schema::Endpoint& endpoint() const { return server_->endpoints().front(); }
  static std::string get(std::string_view target, std::string_view fields = "Connection: close\r\n") {
    return "GET " + std::string(target) + " HTTP/1.1\r\nHost: a.test\r\n" + std::string(fields) + "\r\n";
  }
  std::string ask(std::string_view bytes) const { return HttpPeer(endpoint()).ask(bytes); }
  static std::string body_of(const std::string& reply) {
    const std::size_t end = reply.find("\r\n\r\n");
    return end == std::string::npos ? "" : reply.substr(end + 4);
  }
  static bool has(const std::string& reply, std::string_view text) { return reply.find(text) != std::string::npos; }
  // Lets time pass until it is there.
  template <typename T>
  T pass_until(std::future<T> there, Duration step = std::chrono::milliseconds(100)) {
    while (there.wait_for(std::chrono::milliseconds(2)) != std::future_status::ready) clock_.advance(step);
    return there.get();
  }

  test::ManualClock clock_{std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now())};
  IoThreads threads_{2, clock_};
  Stage stage_;
  std::unique_ptr<HttpServer> server_;
};

}  // namespace telepost::adapters::net
