#include "tests/dialog/dialog.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>
#include <optional>

#include "base/bytes.h"
#include "tests/dialog/tls_client.h"

namespace telepost::test {
namespace {

constexpr int kPatience = 20'000;   // milliseconds until a silent server is a failure
constexpr int kMoveClockAfter = 50;  // milliseconds of silence before a T: step moves the clock

std::string unescape(std::string_view text) {
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      bytes += text[i];
      continue;
    }
    const char letter = text[++i];
    if (letter == 'x') {
      bytes += from_hex(text.substr(i + 1, 2)).value();
      i += 2;
    } else {
      bytes += letter == 'r' ? '\r' : letter == 'n' ? '\n' : letter == 't' ? '\t' : letter == '0' ? '\0' : letter;
    }
  }
  return bytes;
}

class Connection {
 public:
  explicit Connection(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int on = 1;
    setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    connected_ = ::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  ~Connection() { ::close(socket_); }
  bool connected() const { return connected_; }

  // A server that has closed already is no failure here: what comes back is what counts.
  void send(std::string_view bytes) {
    if (tls_) return (void)tls_->write(bytes);
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  bool start_tls() {
    tls_ = TlsClient::connect(socket_);
    return tls_ != nullptr;
  }
  void shut_down() { ::shutdown(socket_, SHUT_WR); }

  // A line without its CRLF; nothing when the server closed. An empty optional of optional: too little time.
  enum class Got : unsigned char { line, end, nothing };
  Got read_line(std::string& line, int patience) {
    for (;;) {
      const std::size_t end = buffer_.find("\r\n");
      if (end != std::string::npos) {
        line = buffer_.substr(0, end);
        buffer_.erase(0, end + 2);
        return Got::line;
      }
      pollfd waiting{socket_, POLLIN, 0};
      if (!(tls_ && tls_->has_pending()) && ::poll(&waiting, 1, patience) == 0) return Got::nothing;
      char bytes[4096];
      const ssize_t size = tls_ ? tls_->read(bytes, sizeof bytes) : ::recv(socket_, bytes, sizeof bytes, 0);
      if (size <= 0) return Got::end;
      buffer_.append(bytes, static_cast<std::size_t>(size));
    }
  }

 private:
  int socket_;
  std::unique_ptr<TlsClient> tls_;
  bool connected_ = false;
  std::string buffer_;
};

class Player {
 public:
  explicit Player(Stage& stage) : stage_(stage) {}

  std::string perform(const Step& step) {
    if (step.word == "C:") return say(unescape(expand(step.text)) + "\r\n");
    if (step.word == "C+:") return say(unescape(expand(step.text)));
    if (step.word == "repeat") return repeat(step.text);
    if (!outgoing_.empty()) connections_[current_]->send(std::exchange(outgoing_, {}));
    if (step.word == "connect") return connect(step.text);
    if (step.word == "use") return use(step.text);
    if (step.word == "tls") return connections_[current_]->start_tls() ? "" : "the handshake failed";
    if (step.word == "S:") return expect(step.text, {});
    if (step.word == "S+:" || step.word == "S?:" || step.word == "S!:") return expect_reply(step.word[1], step.text);
    if (step.word == "T:") return expect_in_time(step.text);
    if (step.word == "E:") return expect_end();
    if (step.word == "W:") return connections_[current_]->shut_down(), "";
    const Result<void> result = stage_.direct(step);
    return result.ok() ? "" : to_string(result.error());
  }

 private:
  std::string say(std::string bytes) {
    if (connections_.empty()) return "there is no connection yet";
    outgoing_ += bytes;
    return "";
  }

  std::string expand(std::string text) {
    const std::size_t open = text.find('{');
    const std::size_t close = text.find('}', open);
    if (open == std::string::npos || close == std::string::npos) return text;
    return text.replace(open, close - open + 1, stage_.expand(text.substr(open + 1, close - open - 1)));
  }

  std::string repeat(std::string_view text) {
    const std::size_t mark = text.find(" C: ");
    if (mark == std::string_view::npos) return "repeat wants: N C: text";
    const std::string line = unescape(text.substr(mark + 4)) + "\r\n";
    std::string all;
    for (unsigned long n = std::stoul(std::string(text.substr(0, mark))); n > 0; --n) all += line;
    return say(std::move(all));
  }

  std::string connect(const std::string& listener) {
    const Result<std::uint16_t> port = stage_.port_of(listener);
    if (!port.ok()) return to_string(port.error());
    connections_.push_back(std::make_unique<Connection>(*port));
    current_ = connections_.size() - 1;
    return connections_.back()->connected() ? "" : "nobody accepts the connection";
  }

  std::string use(const std::string& number) {
    current_ = std::stoul(number) - 1;
    return current_ < connections_.size() ? "" : "there is no such connection";
  }

  std::string expect(std::string_view pattern, std::optional<std::chrono::milliseconds> step) {
    std::string line;
    for (int waited = 0; waited < kPatience;) {
      const int patience = step ? kMoveClockAfter : kPatience;
      switch (connections_[current_]->read_line(line, patience)) {
        case Connection::Got::line:
          return matches(pattern, line) ? "" : "expected: " + std::string(pattern) + "\n     got: " + line;
        case Connection::Got::end: return "expected: " + std::string(pattern) + "\n     got the end of the connection";
        case Connection::Got::nothing: break;
      }
      waited += patience;
      if (step) stage_.advance(*step);
    }
    return "expected: " + std::string(pattern) + "\n     got nothing";
  }

  // RFC 5321 section 4.2.1: "250-" goes on, "250 " is the last line.
  std::string expect_reply(char which, std::string_view pattern) {
    std::string all;
    std::string line;
    bool matched = false;
    do {
      if (connections_[current_]->read_line(line, kPatience) != Connection::Got::line) return "the reply does not end:\n" + all;
      all += line + "\n";
      matched = which == '+' ? matches(pattern, line) : matched || matches(pattern, line);
    } while (line.size() > 3 && line[3] == '-');
    if (matched == (which != '!')) return "";
    return "expected: " + std::string(pattern) + "\n     got: " + all;
  }

  std::string expect_in_time(const std::string& text) {
    const std::size_t space = text.find("s ");
    return expect(text.substr(space + 2), std::chrono::seconds(std::stol(text.substr(0, space))));
  }

  std::string expect_end() {
    std::string line;
    switch (connections_[current_]->read_line(line, kPatience)) {
      case Connection::Got::end: return "";
      case Connection::Got::line: return "expected the end of the connection\n     got: " + line;
      case Connection::Got::nothing: break;
    }
    return "expected the end of the connection\n     got nothing";
  }

  Stage& stage_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::size_t current_ = 0;
  std::string outgoing_;
};

}  // namespace

bool matches(std::string_view pattern, std::string_view text) {
  const std::size_t star = pattern.find('*');
  if (star == std::string_view::npos) return pattern == text;
  if (text.substr(0, star) != pattern.substr(0, star)) return false;
  for (std::size_t skip = star; skip <= text.size(); ++skip) {
    if (matches(pattern.substr(star + 1), text.substr(skip))) return true;
  }
  return false;
}

Result<std::vector<Step>> read_dialog(const std::string& path) {
  std::ifstream file(path);
  if (!file) return {Errc::not_found, path};
  std::vector<Step> steps;
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    if (line.empty() || line.front() == '#') continue;
    const std::size_t space = line.find(' ');
    steps.push_back({number, line.substr(0, space), space == std::string::npos ? "" : line.substr(space + 1)});
  }
  return steps;
}

std::string play(const std::vector<Step>& steps, Stage& stage) {
  Player player(stage);
  for (const Step& step : steps) {
    const std::string wrong = player.perform(step);
    if (!wrong.empty()) return "line " + std::to_string(step.line) + ": " + step.word + " " + step.text + "\n" + wrong;
  }
  return "";
}

}  // namespace telepost::test
