// A port of the loopback that takes connections and never says a word.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <stdexcept>
#include <string>

namespace telepost::test {

class MuteListener {
 public:
  // backlog: how many connections it holds that nobody accepts; further ones are answered by nobody.
  explicit MuteListener(int backlog = 16) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in here{};
    here.sin_family = AF_INET;
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof here;
    auto* const any = reinterpret_cast<sockaddr*>(&here);
    const bool listens = ::bind(fd_, any, size) == 0 && ::listen(fd_, backlog) == 0 && ::getsockname(fd_, any, &size) == 0;
    if (!listens) throw std::runtime_error("no port for a listener");
    port_ = ntohs(here.sin_port);
  }
  ~MuteListener() { ::close(fd_); }
  MuteListener(const MuteListener&) = delete;
  MuteListener& operator=(const MuteListener&) = delete;

  int fd() const { return fd_; }
  std::uint16_t port() const { return port_; }
  std::string target() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  const int fd_;
  std::uint16_t port_ = 0;
};

}  // namespace telepost::test
