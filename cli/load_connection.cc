#include "cli/load_connection.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>

#include "base/bytes.h"

namespace telepost::cli {
namespace {

constexpr std::size_t kReadBytes = 16 * 1024;
constexpr std::size_t kLongestReply = 64 * 1024;

Result<int> connect_unix(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) return Error{Errc::invalid, "the socket's path is too long: " + path};
  std::memcpy(address.sun_path, path.data(), path.size());
  int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd >= 0 && ::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) return fd;
  Error error{Errc::unavailable, fmt::format("{}: {}", path, std::strerror(errno))};
  if (fd >= 0) ::close(fd);
  return error;
}

}  // namespace

Result<int> connect_to(const std::string& target) {
  if (target.find('/') != std::string::npos) return connect_unix(target);
  std::size_t colon = target.rfind(':');
  if (colon == std::string::npos) return Error{Errc::invalid, "a target is HOST:PORT or a socket's path, not " + target};
  std::string host = target.substr(0, colon), port = target.substr(colon + 1);
  if (host.size() > 1 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  addrinfo hints{}, *found = nullptr;
  hints.ai_socktype = SOCK_STREAM;
  if (int code = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &found); code != 0) {
    return Error{Errc::unavailable, fmt::format("{}: {}", target, ::gai_strerror(code))};
  }
  int fd = -1, failure = 0;
  for (addrinfo* at = found; at != nullptr && fd < 0; at = at->ai_next) {
    fd = ::socket(at->ai_family, at->ai_socktype | SOCK_CLOEXEC, at->ai_protocol);
    if (fd >= 0 && ::connect(fd, at->ai_addr, at->ai_addrlen) != 0) {
      failure = errno;
      ::close(fd);
      fd = -1;
    }
  }
  ::freeaddrinfo(found);
  if (fd < 0) return Error{Errc::unavailable, fmt::format("{}: {}", target, std::strerror(failure))};
  int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

double own_cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) { return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6; };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

void LatencyHistogram::add(std::chrono::nanoseconds latency) {
  auto value = static_cast<std::uint64_t>(std::max<std::int64_t>(16, latency.count()));
  auto exponent = static_cast<std::size_t>(std::bit_width(value)) - 1;
  ++buckets_[exponent * 16 + ((value >> (exponent - 4)) & 15)];
  ++total_;
  max_ns_ = std::max(max_ns_, value);
}

double LatencyHistogram::quantile_ms(double share) const {
  auto wanted = static_cast<std::uint64_t>(share * static_cast<double>(total_));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < kBuckets; ++i) {
    seen += buckets_[i];
    if (seen > wanted) return static_cast<double>((16 + i % 16) << (i / 16 - 4)) / 1e6;
  }
  return max_ms();
}

bool LoadRun::may_start() const {
  if (options.messages > 0 && started >= options.messages) return false;
  return now - start < std::chrono::seconds(options.seconds);
}

void LoadRun::acknowledge(std::uint64_t deliveries) {
  report.count += deliveries;
  auto window = static_cast<std::size_t>((now - start) / std::chrono::seconds(options.window_seconds));
  if (windows.size() <= window) windows.resize(window + 1);
  windows[window] += deliveries;
}

void LoadRun::error(std::string_view what) {
  if (report.errors++ == 0) report.first_error = what;
}

std::string LoadRun::address(std::size_t index) {
  if (options.recipient == LoadOptions::Recipient::new_account_per_message) {
    return fmt::format("new-{:x}-{:x}@{}", new_account_seed, ++named, options.domain);
  }
  if (!options.addresses.empty()) return options.addresses[index % options.addresses.size()];
  return fmt::format("user{}@{}", index % options.accounts + 1, options.domain);
}

LoadConnection::~LoadConnection() {
  if (fd_ >= 0) ::close(fd_);
}

Result<void> LoadConnection::connect() {
  TELEPOST_ASSIGN(fd_, connect_to(run_.options.target));
  ::fcntl(fd_, F_SETFL, ::fcntl(fd_, F_GETFL) | O_NONBLOCK);
  awaited_ = {Reply::greeting};
  return {};
}

std::string_view LoadConnection::waits_for() const {
  static constexpr std::string_view kNames[] = {"greeting", "LHLO", "AUTH", "RSET", "MAIL", "RCPT", "DATA", "the message"};
  return awaited_.empty() ? "nothing" : kNames[static_cast<std::size_t>(awaited_.front())];
}

LoadConnection::State LoadConnection::on_event() {
  State state = read_replies();
  if (state == State::lost) return state;
  if (flush() == State::lost) return State::lost;
  return done_ ? State::done : State::open;
}

LoadConnection::State LoadConnection::read_replies() {
  for (;;) {
    std::size_t had = in_.size();
    if (had > kLongestReply) return State::lost;
    in_.resize(had + kReadBytes);
    ssize_t got = ::read(fd_, in_.data() + had, kReadBytes);
    in_.resize(had + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno == EAGAIN ? State::open : State::lost;
    if (got == 0) return State::lost;
    std::size_t at = 0;
    for (std::size_t end; (end = in_.find('\n', at)) != std::string::npos; at = end + 1) {
      if (!on_reply(std::string_view(in_).substr(at, end - at))) return State::lost;
    }
    in_.erase(0, at);
    // epoll(7): a short read means that a stream socket is drained, so the edge is used up.
    if (static_cast<std::size_t>(got) < kReadBytes) return State::open;
  }
}

bool LoadConnection::on_reply(std::string_view line) {
  if (line.size() < 3 || awaited_.empty()) return false;
  if (line.size() > 3 && line[3] == '-') return true;
  Reply reply = awaited_.front();
  awaited_.pop_front();
  // These replies let us send; one that comes before what it answers was sent is a broken server.
  bool sends = reply == Reply::greeting || reply == Reply::hello || reply == Reply::data || reply == Reply::message;
  if (sends && !unsent_.empty()) return false;
  bool positive = line[0] == '2' || (reply == Reply::data && line[0] == '3');
  if (!positive) {
    run_.error(line.substr(0, line.find('\r')));
    if (reply == Reply::greeting || reply == Reply::hello || reply == Reply::auth) return false;
  }
  switch (reply) {
    case Reply::greeting:
      awaited_.push_back(Reply::hello);
      send_text(run_.options.protocol == LoadProtocol::lmtp ? "LHLO load.test\r\n" : "EHLO load.test\r\n");
      return true;
    case Reply::mail: failed_ |= !positive; break;
    case Reply::rcpt: accepted_ += positive ? 1 : 0; break;
    case Reply::data: on_data_reply(positive); break;
    case Reply::message:
      if (positive) delivered_ += run_.options.protocol == LoadProtocol::lmtp ? 1 : accepted_;
      break;
    case Reply::hello:
      if (run_.options.user.empty()) break;
      awaited_.push_back(Reply::auth);
      send_text("AUTH PLAIN " + to_base64(std::string(1, '\0') + run_.options.user + std::string(1, '\0') + run_.options.password) + "\r\n");
      return true;
    case Reply::auth:
    case Reply::rset: break;
  }
  if (awaited_.empty()) begin();
  return true;
}

void LoadConnection::on_data_reply(bool positive) {
  if (!positive) {
    failed_ = true;
    return;
  }
  bool one_reply = run_.options.protocol == LoadProtocol::smtp || accepted_ == 0;
  awaited_.insert(awaited_.end(), one_reply ? 1 : accepted_, Reply::message);
  if (accepted_ == 0) {
    send_text(".\r\n");  // RFC 2920 section 3.1: the client that pipelined DATA must end it
    return;
  }
  run_.pool.compose(message_, run_.options.from, recipient_);
  unsent_.insert(unsent_.end(), message_.pieces.begin(), message_.pieces.end());
}

// Closes the books of the transaction that ended and starts the next one, or says goodbye.
void LoadConnection::begin() {
  if (delivered_ > 0) {
    run_.acknowledge(delivered_);
    run_.latency.add(run_.now - began_);
    ++run_.report.messages;
    run_.report.bytes += message_.size_bytes;
    run_.last_reply = run_.now;
  }
  delivered_ = accepted_ = 0;
  if (!run_.may_start()) {
    done_ = true;
    send_text("QUIT\r\n");
    return;
  }
  ++run_.started;
  began_ = run_.now;
  std::string group;
  if (failed_) {
    group = "RSET\r\n";
    awaited_.push_back(Reply::rset);
    failed_ = false;
  }
  group += fmt::format("MAIL FROM:<{}>\r\n", run_.options.from);
  awaited_.push_back(Reply::mail);
  for (std::size_t i = 0; i < run_.options.recipients; ++i) {
    recipient_ = run_.address(index_ + i);
    group += fmt::format("RCPT TO:<{}>\r\n", recipient_);
    awaited_.push_back(Reply::rcpt);
  }
  group += "DATA\r\n";
  awaited_.push_back(Reply::data);
  send_text(std::move(group));
}

// Precondition: everything before was answered and thus sent, as on_reply() checks.
void LoadConnection::send_text(std::string text) {
  text_ = std::move(text);
  unsent_.push_back({text_.data(), text_.size()});
}

LoadConnection::State LoadConnection::flush() {
  while (!unsent_.empty()) {
    ssize_t sent = ::writev(fd_, unsent_.data(), static_cast<int>(unsent_.size()));
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return errno == EAGAIN ? State::open : State::lost;
    auto left = static_cast<std::size_t>(sent);
    auto piece = unsent_.begin();
    while (piece != unsent_.end() && left >= piece->iov_len) left -= (piece++)->iov_len;
    if (piece != unsent_.end()) {
      piece->iov_base = static_cast<char*>(piece->iov_base) + left;
      piece->iov_len -= left;
    }
    unsent_.erase(unsent_.begin(), piece);
  }
  return State::open;
}

}  // namespace telepost::cli
