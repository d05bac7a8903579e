#include "tests/support/dns_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <stdexcept>

namespace telepost::test {
namespace {

constexpr std::uint16_t kA = 1, kCname = 5, kSoa = 6, kPtr = 12, kMx = 15, kTxt = 16, kAaaa = 28;

std::string u16(unsigned value) { return {static_cast<char>(value >> 8), static_cast<char>(value)}; }
std::string u32(std::uint32_t value) { return u16(value >> 16) + u16(value & 0xffff); }

std::string wire_name(std::string_view name) {
  std::string wire;
  while (!name.empty() && name != ".") {
    const std::string_view label = name.substr(0, name.find('.'));
    wire += static_cast<char>(label.size());
    wire += label;
    name.remove_prefix(std::min(name.size(), label.size() + 1));
  }
  return wire + '\0';
}

std::string address(int family, const std::string& text, std::size_t size) {
  std::string bytes(size, '\0');
  if (inet_pton(family, text.c_str(), bytes.data()) != 1) throw std::invalid_argument(text);
  return bytes;
}

std::string record(const std::string& name, std::uint16_t type, std::uint32_t ttl, const std::string& rdata) {
  return wire_name(name) + u16(type) + u16(1) + u32(ttl) + u16(static_cast<unsigned>(rdata.size())) + rdata;
}

struct Question {
  std::string name;
  std::uint16_t type = 0;
  std::size_t end = 0;  // of the question in the message
};

Question read_question(std::string_view message) {
  Question question;
  std::size_t at = 12;
  while (at < message.size() && message[at] != 0) {
    const auto size = static_cast<unsigned char>(message[at]);
    for (const char c : message.substr(at + 1, size)) question.name += static_cast<char>(std::tolower(c));
    question.name += '.';
    at += size + 1u;
  }
  if (!question.name.empty()) question.name.pop_back();
  if (at + 5 > message.size()) return {};
  question.type = static_cast<std::uint16_t>((static_cast<unsigned char>(message[at + 1]) << 8) |
                                             static_cast<unsigned char>(message[at + 2]));
  question.end = at + 5;
  return question;
}

}  // namespace

DnsServer::DnsServer() {
  sockaddr_in here{};
  here.sin_family = AF_INET;
  here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof here;
  auto* const any = reinterpret_cast<sockaddr*>(&here);
  for (int i = 0; i < 20; ++i) {  // the port that UDP got may be taken for TCP
    here.sin_port = 0;
    udp_ = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    tcp_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (::bind(udp_, any, sizeof here) == 0 && ::getsockname(udp_, any, &size) == 0 && ::bind(tcp_, any, sizeof here) == 0) break;
    ::close(udp_);
    ::close(tcp_);
    udp_ = tcp_ = -1;
  }
  if (tcp_ < 0 || ::listen(tcp_, 64) != 0) throw std::runtime_error("no port for a name server");
  port_ = ntohs(here.sin_port);
  wake_ = ::eventfd(0, EFD_CLOEXEC);
  thread_ = std::thread([this] { run(); });
}

DnsServer::~DnsServer() {
  const std::uint64_t one = 1;
  (void)!::write(wake_, &one, sizeof one);
  thread_.join();
  for (const int fd : {udp_, tcp_, wake_}) ::close(fd);
}

schema::DnsSettings DnsServer::settings() const {
  schema::DnsSettings settings;
  settings.servers = {endpoint()};
  settings.timeout = std::chrono::seconds(2);
  return settings;
}

void DnsServer::add(const std::string& name, std::uint16_t type, std::string rdata, std::uint32_t ttl) {
  const std::lock_guard lock(mutex_);
  zone_.emplace(Key{name, type}, Record{ttl, std::move(rdata)});
}
void DnsServer::add_a(const std::string& name, const std::string& text, std::uint32_t ttl) {
  add(name, kA, address(AF_INET, text, 4), ttl);
}
void DnsServer::add_aaaa(const std::string& name, const std::string& text, std::uint32_t ttl) {
  add(name, kAaaa, address(AF_INET6, text, 16), ttl);
}
void DnsServer::add_mx(const std::string& name, std::uint16_t preference, const std::string& host, std::uint32_t ttl) {
  add(name, kMx, u16(preference) + wire_name(host), ttl);
}
void DnsServer::add_ptr(const std::string& name, const std::string& host, std::uint32_t ttl) {
  add(name, kPtr, wire_name(host), ttl);
}
void DnsServer::add_cname(const std::string& name, const std::string& target, std::uint32_t ttl) {
  add(name, kCname, wire_name(target), ttl);
}
void DnsServer::add_txt(const std::string& name, const std::string& text, std::uint32_t ttl) {
  std::string rdata;
  for (std::size_t at = 0; at == 0 || at < text.size(); at += 255) {
    const std::string part = text.substr(at, 255);
    rdata += static_cast<char>(part.size()) + part;
  }
  add(name, kTxt, rdata, ttl);
}
void DnsServer::remove(const std::string& name) {
  const std::lock_guard lock(mutex_);
  std::erase_if(zone_, [&name](const auto& entry) { return entry.first.first == name; });
}
void DnsServer::fail(const std::string& name) {
  const std::lock_guard lock(mutex_);
  failing_.insert(name);
}
void DnsServer::ignore(const std::string& name) {
  const std::lock_guard lock(mutex_);
  ignored_.insert(name);
}

unsigned DnsServer::questions(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  const auto found = questions_.find(name);
  return found == questions_.end() ? 0 : found->second;
}
unsigned DnsServer::questions_by_tcp() const {
  const std::lock_guard lock(mutex_);
  return by_tcp_;
}

void DnsServer::run() {
  for (;;) {
    std::array<pollfd, 3> watched{{{udp_, POLLIN, 0}, {tcp_, POLLIN, 0}, {wake_, POLLIN, 0}}};
    if (::poll(watched.data(), watched.size(), -1) < 0) continue;
    if (watched[2].revents != 0) return;
    if (watched[0].revents != 0) serve_datagram();
    if (watched[1].revents != 0) serve_connection();
  }
}

void DnsServer::serve_datagram() {
  std::array<char, 1500> bytes{};
  sockaddr_in from{};
  socklen_t size = sizeof from;
  const ssize_t got = ::recvfrom(udp_, bytes.data(), bytes.size(), 0, reinterpret_cast<sockaddr*>(&from), &size);
  if (got < 12) return;
  const std::string reply = answer({bytes.data(), static_cast<std::size_t>(got)}, Transport::udp);
  if (!reply.empty()) ::sendto(udp_, reply.data(), reply.size(), 0, reinterpret_cast<sockaddr*>(&from), size);
}

// One question of one peer; it is ours, and hangs up.
void DnsServer::serve_connection() {
  const int fd = ::accept4(tcp_, nullptr, nullptr, SOCK_CLOEXEC);
  if (fd < 0) return;
  const timeval patience{2, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  std::array<unsigned char, 2> length{};
  if (::recv(fd, length.data(), 2, MSG_WAITALL) == 2) {
    std::string question(static_cast<std::size_t>(length[0] << 8 | length[1]), '\0');
    if (::recv(fd, question.data(), question.size(), MSG_WAITALL) == static_cast<ssize_t>(question.size()) && question.size() > 12) {
      const std::string reply = answer(question, Transport::tcp);
      const std::string framed = u16(static_cast<unsigned>(reply.size())) + reply;
      if (!reply.empty()) (void)!::send(fd, framed.data(), framed.size(), MSG_NOSIGNAL);
    }
  }
  ::close(fd);
}

bool DnsServer::exists(const std::string& name) const {
  for (const auto& [key, value] : zone_) {
    if (key.first == name || key.first.ends_with("." + name)) return true;
  }
  return false;
}

std::string DnsServer::records_for(std::string name, std::uint16_t type, std::uint16_t& count) const {
  std::string records;
  for (int aliases = 0; aliases < 20; ++aliases) {
    const auto alias = zone_.find(Key{name, kCname});
    if (alias == zone_.end() || type == kCname) break;
    records += record(name, kCname, alias->second.ttl, alias->second.rdata);
    ++count;
    const std::string question = std::string(12, '\0') + alias->second.rdata + std::string(4, '\0');
    name = read_question(question).name;
  }
  const auto [first, last] = zone_.equal_range(Key{name, type});
  for (auto one = first; one != last; ++one, ++count) records += record(name, type, one->second.ttl, one->second.rdata);
  return records;
}

std::string DnsServer::answer(std::string_view message, Transport transport) {
  const Question question = read_question(message);
  const std::lock_guard lock(mutex_);
  ++questions_[question.name];
  if (transport == Transport::tcp) ++by_tcp_;
  if (ignored_.contains(question.name)) return {};
  std::uint16_t count = 0;
  const bool fails = failing_.contains(question.name);
  const std::string records = fails ? "" : records_for(question.name, question.type, count);
  const unsigned code = fails ? 2 : count == 0 && !exists(question.name) ? 3 : 0;
  const bool has_edns = message.size() > 11 && message[11] != 0;  // one additional record: OPT
  const bool cut = transport == Transport::udp && records.size() > (has_edns ? 1200u : 450u);
  const std::string absence =
      count > 0 || fails ? "" : record("test", kSoa, 60, wire_name("ns.test") + wire_name("root.test") + u32(1) + u32(2) + u32(3) + u32(4) + u32(30));
  const unsigned flags = 0x8180u | (cut ? 0x0200u : 0u) | code;
  return std::string(message.substr(0, 2)) + u16(flags) + u16(1) + u16(cut ? 0 : count) + u16(absence.empty() ? 0 : 1) + u16(0) +
         std::string(message.substr(12, question.end - 12)) + (cut ? "" : records) + absence;
}

}  // namespace telepost::test
