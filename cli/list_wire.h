// A blocking connection of `telepost bench lists`, plain or TLS, read by lines and counts. Nothing of it waits longer than its silence.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace telepost::cli {

enum class WireTls : unsigned char { none, unchecked };  // unchecked: a benchmark's server has a certificate of its own making

inline constexpr std::chrono::seconds kListSilence{60};

class ListWire {
 public:
  // "host:port", "[::1]:port" or a socket's path. Errors: unavailable, invalid, timeout (of TLS).
  static Result<std::unique_ptr<ListWire>> connect(const std::string& target, WireTls tls, std::chrono::milliseconds silence = kListSilence);
  ~ListWire();
  ListWire(const ListWire&) = delete;
  ListWire& operator=(const ListWire&) = delete;

  // Errors of all three: unavailable (the other side went), timeout (it was silent for too long); then the connection is of no use.
  Result<void> send(std::string_view bytes);
  Result<std::string> line();                     // without its line end
  Result<std::string> bytes(std::size_t count);   // exactly so many

 private:
  struct Socket;
  explicit ListWire(std::unique_ptr<Socket> socket);
  Result<void> read_more();
  std::unique_ptr<Socket> socket_;
  std::string in_;
  std::size_t at_ = 0;  // of in_, up to which it was given away
};

}  // namespace telepost::cli
