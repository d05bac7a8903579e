// A server of mail that takes what it is given, or answers as a test tells it: SMTP or LMTP on a free loopback port, with what was
// said and stored for the test to look at. What it does with bytes is its own, independent of the code under test.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "adapters/net/io_threads.h"
#include "adapters/net/line_stream.h"
#include "adapters/net/listener.h"
#include "adapters/net/session_group.h"
#include "adapters/net/tls_identities.h"
#include "base/clock.h"

namespace telepost::test {

struct SinkMessage {
  std::string mail;                // the whole MAIL command
  std::vector<std::string> rcpt;   // whole RCPT commands that were accepted
  std::string content;             // unstuffed, or as it came by BDAT
  std::string raw;                 // as it came behind DATA, its end included; "" with BDAT
  bool secure = false;
  unsigned connection = 0;         // from 1
};

class SmtpSink {
 public:
  struct Options {
    bool lmtp = false;
    std::string name = "sink.test";
    std::vector<std::string> extensions = {"PIPELINING", "8BITMIME", "SIZE 50000000", "DSN", "ENHANCEDSTATUSCODES"};
    std::shared_ptr<const adapters::net::TlsIdentities> identities;  // STARTTLS is taken where they are given (and offered)
    std::uint16_t port = 0;
  };
  // What is answered in place of the usual: to "" (the connection), a command, "." (the end of a message). Whole lines without
  // the last CRLF; "close" hangs up without a word, "silence" says none; nothing: the usual. On the sink's thread.
  using Answer = std::function<std::optional<std::string>(const std::string& said, unsigned connection)>;

  explicit SmtpSink(Options options);
  SmtpSink() : SmtpSink(Options{}) {}
  ~SmtpSink();
  void answer_with(Answer answer);
  // Once: the next time that this is said (its beginning), this is answered.
  void answer_once(const std::string& said, const std::string& reply);

  std::uint16_t port() const { return port_; }
  std::string endpoint() const { return "127.0.0.1:" + std::to_string(port_); }
  std::vector<SinkMessage> messages() const;
  std::vector<std::string> commands() const;  // of all connections, as they came; the content aside
  unsigned connections() const;
  // True once that many messages, or connections, came; false after half a minute.
  bool wait_for_messages(std::size_t count) const;
  bool wait_for_connections(unsigned count) const;
  bool wait_for_command(const std::string& beginning, std::size_t count = 1) const;

 private:
  class Session;
  bool wait_for(const std::function<bool()>& there) const;
  std::optional<std::string> planned(const std::string& said, unsigned connection);

  const Options options_;
  SystemClock clock_;
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  Answer answer_;                                               // guarded by mutex_, as the rest
  std::vector<std::pair<std::string, std::string>> once_;
  std::vector<SinkMessage> messages_;
  std::vector<std::string> commands_;
  unsigned connections_ = 0;
  std::uint16_t port_ = 0;
  adapters::net::IoThreads threads_{1, clock_};
  adapters::net::SessionGroup sessions_;
  std::unique_ptr<adapters::net::Listener> listener_;
};

}  // namespace telepost::test
