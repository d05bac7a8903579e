#include "tests/support/https_server.h"

#include <boost/asio/co_spawn.hpp>
#include <gtest/gtest.h>

#include "adapters/net/line_stream.h"

namespace telepost::test {
namespace net = adapters::net;

namespace {

constexpr Duration kPatience = std::chrono::seconds(30);

// What stands between the two, or "".
std::string between(const std::string& text, const std::string& before, const std::string& after) {
  const std::size_t begin = text.find(before);
  if (begin == std::string::npos) return "";
  const std::size_t from = begin + before.size();
  return text.substr(from, text.find(after, from) - from);
}

}  // namespace

class HttpsServer::Session final : public net::Stoppable, public std::enable_shared_from_this<HttpsServer::Session> {
 public:
  Session(HttpsServer& server, net::Loop& loop, int socket) : server_(server), stream_(loop, socket) {}
  void drain() override { stream_.close(); }
  void abort() override { stream_.close(); }

  net::Awaitable<void> run() {
    const Result<void> shaken = co_await stream_.start_tls(*server_.identities_, kPatience);
    if (!shaken.ok()) co_return;
    while (stream_.buffered().find("\r\n\r\n") == std::string_view::npos) {
      const Result<void> read = co_await stream_.fill(kPatience);
      if (!read.ok()) co_return;
    }
    stream_.out() += server_.answer(std::string(stream_.buffered()));
    const Result<void> sent = co_await stream_.flush(kPatience);
    if (sent.ok()) co_await stream_.finish();
  }

 private:
  HttpsServer& server_;
  net::LineStream stream_;
};

HttpsServer::HttpsServer(std::shared_ptr<const net::TlsIdentities> identities) : identities_(std::move(identities)) {
  auto socket = net::ListeningSocket::open({"127.0.0.1", 0, ""}, 0);
  EXPECT_TRUE(socket.ok()) << to_string(socket.error());
  port_ = socket->endpoint().port;
  net::Loop& loop = threads_.first();
  listener_ = std::make_unique<net::Listener>(loop, std::move(*socket), [this, &loop](int fd, net::Peer) {
    const auto session = std::make_shared<Session>(*this, loop, fd);
    sessions_.add(loop, session);
    boost::asio::co_spawn(loop.context().get_executor(), session->run(), [this, session](std::exception_ptr) {
      session->abort();
      sessions_.remove(session.get());
    });
  });
}

HttpsServer::~HttpsServer() {
  listener_.reset();
  sessions_.abort();
  while (!sessions_.wait(std::chrono::seconds(1))) {}
}

void HttpsServer::serve(const std::string& host, const std::string& path, File file) {
  const std::lock_guard lock(mutex_);
  files_[host + path] = std::move(file);
}

unsigned HttpsServer::requests(const std::string& host) const {
  const std::lock_guard lock(mutex_);
  const auto found = requests_.find(host);
  return found == requests_.end() ? 0 : found->second;
}

std::string HttpsServer::answer(const std::string& request) {
  const std::string named = between(request, "\r\nHost: ", "\r\n");
  const std::string host = named.substr(0, named.find(':'));
  const std::lock_guard lock(mutex_);
  ++requests_[host];
  const auto found = files_.find(host + between(request, "GET ", " "));
  const File file = found == files_.end() ? File{"", "404 Not Found", ""} : found->second;
  return "HTTP/1.1 " + file.status + "\r\n" + file.more + "Content-Length: " + std::to_string(file.body.size()) +
         "\r\nConnection: close\r\n\r\n" + file.body;
}

}  // namespace telepost::test
