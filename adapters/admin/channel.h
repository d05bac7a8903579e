// Frames over a connected Unix socket, the same in both directions: one byte of kind, four bytes of length, the payload.
//
//   server: greeting {"telepost":1,"pid":N}
//   client: request  {"verb":"account.show","args":{…}}
//   server: object | bytes | notice | want …   each `want` is answered by one `content`, empty at its end
//   server: status   {"status":"ok"} or {"status":"error","kind":"not_found","detail":"…","exit":67}
#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace telepost::adapters::admin {

enum class FrameKind : char {
  greeting = 'G',
  request = 'Q',
  object = 'O',
  bytes = 'B',
  notice = 'N',
  want = 'W',
  content = 'C',
  status = 'S',
};

struct Frame {
  FrameKind kind;
  std::string payload;
};

inline constexpr std::size_t kMaxFrameBytes = 16u << 20;  // of an object; the other kinds stay far below
inline constexpr std::size_t kMaxRequestBytes = 1u << 20;

// A file descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  ~Descriptor();
  Descriptor(Descriptor&& other) noexcept : fd_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  int release();

 private:
  int fd_;
};

// Blocking, one thread at a time. Errors: cancelled (the other side closed), timeout, too_large, invalid (no such frame), io.
class Channel {
 public:
  explicit Channel(Descriptor socket) : socket_(std::move(socket)) {}
  Result<void> send(FrameKind kind, std::string_view payload);
  // For the next frames: how long one may take to come or to be taken; 0 is for ever.
  void set_timeouts(Duration receive, Duration send);
  Result<Frame> receive(std::size_t limit);
  int fd() const { return socket_.get(); }

 private:
  Result<void> fill(char* bytes, std::size_t size);
  Descriptor socket_;
};

// The address of a Unix socket, also where its path is longer than the 107 bytes that sockaddr_un holds.
class SocketPath {
 public:
  static Result<SocketPath> of(const std::string& path);  // not_found, invalid, denied, io: its folder
  const sockaddr* address() const { return reinterpret_cast<const sockaddr*>(&address_); }
  socklen_t size() const { return sizeof(address_); }

 private:
  SocketPath() = default;
  sockaddr_un address_{};
  Descriptor folder_;  // what /proc/self/fd leads through, while this lives
};

}  // namespace telepost::adapters::admin
