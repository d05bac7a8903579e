#include "tests/support/smtp_sink.h"

#include <boost/asio/co_spawn.hpp>
#include <gtest/gtest.h>

#include <algorithm>

namespace telepost::test {
namespace net = adapters::net;

namespace {

constexpr Duration kPeerPatience = std::chrono::seconds(30);

std::string unstuffed(const std::string& raw) {
  std::string out;
  for (std::size_t at = 0; at < raw.size();) {
    const std::size_t end = raw.find("\r\n", at) + 2;
    std::string line = raw.substr(at, end - at);
    if (line == ".\r\n") break;
    if (line[0] == '.') line.erase(0, 1);
    out += line;
    at = end;
  }
  return out;
}

}  // namespace

class SmtpSink::Session final : public net::Stoppable, public std::enable_shared_from_this<SmtpSink::Session> {
 public:
  Session(SmtpSink& sink, net::Loop& loop, int socket, unsigned number) : sink_(sink), stream_(loop, socket), number_(number) {}
  void drain() override { stream_.close(); }
  void abort() override { stream_.close(); }

  net::Awaitable<void> run() {
    const bool greeted = co_await answer("", "220 " + sink_.options_.name + " ESMTP");
    if (!greeted) co_return;
    for (;;) {
      const std::optional<std::string> line = co_await read_line();
      if (!line) co_return;
      {
        const std::lock_guard lock(sink_.mutex_);
        sink_.commands_.push_back(*line);
      }
      sink_.changed_.notify_all();
      const bool going_on = co_await obey(*line);
      if (!going_on) co_return;
    }
  }

 private:
  net::Awaitable<std::optional<std::string>> read_line() {
    for (;;) {
      const std::string_view buffered = stream_.buffered();
      if (const std::size_t end = buffered.find("\r\n"); end != std::string_view::npos) {
        std::string line(buffered.substr(0, end));
        stream_.consume(end + 2);
        co_return line;
      }
      const Result<void> sent = co_await stream_.flush(kPeerPatience);
      if (!sent.ok()) co_return std::nullopt;
      const Result<void> read = co_await stream_.fill(kPeerPatience);
      if (!read.ok()) co_return std::nullopt;
    }
  }

  // False: the connection is over.
  net::Awaitable<bool> answer(std::string said, std::string usual) {
    const std::optional<std::string> planned = sink_.planned(said, number_);
    const std::string reply = planned ? *planned : usual;
    if (reply == "close") {
      (void)co_await stream_.flush(kPeerPatience);
      stream_.close();
      co_return false;
    }
    if (reply == "silence") {
      const Result<void> heard = co_await stream_.fill(10 * kPeerPatience);
      co_return heard.ok();
    }
    positive_ = reply.starts_with('2') || reply.starts_with('3');
    stream_.out() += reply + "\r\n";
    co_return true;
  }

  net::Awaitable<bool> obey(std::string line) {
    if (line.starts_with("EHLO") || line.starts_with("LHLO")) {
      std::string greeting = "250-" + sink_.options_.name + "\r\n";
      for (const std::string& extension : sink_.options_.extensions) greeting += "250-" + extension + "\r\n";
      if (sink_.options_.identities && stream_.tls() == nullptr) greeting += "250-STARTTLS\r\n";
      message_ = {};
      co_return co_await answer(line, greeting + "250 HELP");
    }
    if (line == "STARTTLS") co_return co_await secure();
    if (line.starts_with("MAIL")) {
      const bool open = co_await answer(line, "250 2.1.0 Ok");
      if (positive_) message_ = {line, {}, "", "", stream_.tls() != nullptr, number_};
      co_return open;
    }
    if (line.starts_with("RCPT")) {
      const bool open = co_await answer(line, "250 2.1.5 Ok");
      if (positive_) message_.rcpt.push_back(line);
      co_return open;
    }
    if (line == "DATA") co_return co_await data();
    if (line.starts_with("BDAT ")) co_return co_await chunk(line);
    if (line == "QUIT") {
      co_await answer(line, "221 2.0.0 Bye");
      (void)co_await stream_.flush(kPeerPatience);
      co_await stream_.finish();
      co_return false;
    }
    if (line == "RSET") message_ = {};
    co_return co_await answer(line, "250 2.0.0 Ok");
  }

  net::Awaitable<bool> secure() {
    const bool open = co_await answer("STARTTLS", "220 2.0.0 Go ahead");
    if (!open || !positive_) co_return open;
    const Result<void> sent = co_await stream_.flush(kPeerPatience);
    if (!sent.ok()) co_return false;
    const Result<void> shaken = co_await stream_.start_tls(*sink_.options_.identities, kPeerPatience);
    co_return shaken.ok();
  }

  net::Awaitable<bool> data() {
    const bool open = co_await answer("DATA", message_.rcpt.empty() ? "554 5.5.1 No valid recipients" : "354 Go ahead");
    if (!open || !positive_) co_return open;
    const Result<void> sent = co_await stream_.flush(kPeerPatience);
    if (!sent.ok()) co_return false;
    for (;;) {
      const std::string_view buffered = stream_.buffered();
      const std::size_t from = message_.raw.size();
      message_.raw += buffered;
      std::size_t end = message_.raw.starts_with(".\r\n") ? 3 : std::string::npos;
      if (const std::size_t found = message_.raw.find("\r\n.\r\n", from > 4 ? from - 4 : 0); end != 3 && found != std::string::npos) end = found + 5;
      if (end != std::string::npos) {
        stream_.consume(end - from);
        message_.raw.resize(end);
        break;
      }
      stream_.consume(buffered.size());
      const Result<void> read = co_await stream_.fill(kPeerPatience);
      if (!read.ok()) co_return false;
    }
    message_.content = unstuffed(message_.raw);
    co_return co_await take();
  }

  net::Awaitable<bool> chunk(std::string line) {
    std::size_t left = std::stoul(line.substr(5));
    const bool last = line.ends_with(" LAST");
    while (left > 0) {
      const std::string_view some = stream_.buffered().substr(0, left);
      message_.content += some;
      left -= some.size();
      stream_.consume(some.size());
      if (left == 0) break;
      const Result<void> read = co_await stream_.fill(kPeerPatience);
      if (!read.ok()) co_return false;
    }
    if (!last) co_return co_await answer(line, "250 2.0.0 Ok");
    co_return co_await take();
  }

  // The end of a message: stored before it is acknowledged, as a server does.
  net::Awaitable<bool> take() {
    const std::size_t replies = sink_.options_.lmtp ? message_.rcpt.size() : 1;
    SinkMessage message = std::move(message_);
    message_ = {};
    bool any = false;
    for (std::size_t i = 0; i < replies; ++i) {
      const std::optional<std::string> planned = sink_.planned(".", number_);
      const std::string reply = planned.value_or("250 2.0.0 Taken");
      any = any || reply.starts_with('2') || reply == "close";
      if (reply == "close") {
        keep(std::move(message));
        (void)co_await stream_.flush(kPeerPatience);
        stream_.close();
        co_return false;
      }
      stream_.out() += reply + "\r\n";
    }
    if (any) keep(std::move(message));
    co_return true;
  }

  void keep(SinkMessage message) {
    {
      const std::lock_guard lock(sink_.mutex_);
      sink_.messages_.push_back(std::move(message));
    }
    sink_.changed_.notify_all();
  }

  SmtpSink& sink_;
  net::LineStream stream_;
  const unsigned number_;
  SinkMessage message_;
  bool positive_ = false;
};

SmtpSink::SmtpSink(Options options) : options_(std::move(options)) {
  auto socket = net::ListeningSocket::open({"127.0.0.1", options_.port, ""}, 0);
  EXPECT_TRUE(socket.ok()) << to_string(socket.error());
  port_ = socket->endpoint().port;
  net::Loop& loop = threads_.first();
  listener_ = std::make_unique<net::Listener>(loop, std::move(*socket), [this, &loop](int fd, net::Peer) {
    unsigned number = 0;
    {
      const std::lock_guard lock(mutex_);
      number = ++connections_;
    }
    changed_.notify_all();
    const auto session = std::make_shared<Session>(*this, loop, fd, number);
    sessions_.add(loop, session);
    boost::asio::co_spawn(loop.context().get_executor(), session->run(), [this, session](std::exception_ptr) {
      session->abort();
      sessions_.remove(session.get());
    });
  });
}

SmtpSink::~SmtpSink() {
  listener_.reset();
  sessions_.abort();
  while (!sessions_.wait(std::chrono::seconds(1))) {}
}

void SmtpSink::answer_with(Answer answer) {
  const std::lock_guard lock(mutex_);
  answer_ = std::move(answer);
}

void SmtpSink::answer_once(const std::string& said, const std::string& reply) {
  const std::lock_guard lock(mutex_);
  once_.emplace_back(said, reply);
}

std::optional<std::string> SmtpSink::planned(const std::string& said, unsigned connection) {
  Answer ask;
  {
    const std::lock_guard lock(mutex_);
    for (auto it = once_.begin(); it != once_.end(); ++it) {
      if (!(it->first.empty() ? said.empty() : said.starts_with(it->first))) continue;
      std::string reply = std::move(it->second);
      once_.erase(it);
      return reply;
    }
    ask = answer_;
  }
  return ask ? ask(said, connection) : std::nullopt;
}

std::vector<SinkMessage> SmtpSink::messages() const {
  const std::lock_guard lock(mutex_);
  return messages_;
}
std::vector<std::string> SmtpSink::commands() const {
  const std::lock_guard lock(mutex_);
  return commands_;
}
unsigned SmtpSink::connections() const {
  const std::lock_guard lock(mutex_);
  return connections_;
}

bool SmtpSink::wait_for(const std::function<bool()>& there) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, kPeerPatience, there);
}
bool SmtpSink::wait_for_messages(std::size_t count) const {
  return wait_for([&] { return messages_.size() >= count; });
}
bool SmtpSink::wait_for_connections(unsigned count) const {
  return wait_for([&] { return connections_ >= count; });
}
bool SmtpSink::wait_for_command(const std::string& beginning, std::size_t count) const {
  return wait_for([&] {
    return static_cast<std::size_t>(std::count_if(commands_.begin(), commands_.end(),
                                                  [&](const std::string& line) { return line.starts_with(beginning); })) >= count;
  });
}

}  // namespace telepost::test
